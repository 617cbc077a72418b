// The operations of a fake in one table: it answers by it, and `moltgate gaps` prints from it what
// the fake does not do.
//
// Thread-safety: constant data.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mg::fake {

struct Operation {
  const char* method;
  const char* path;  // below the fake's own root: "", "{}", "{}/values/{}"; {} is one segment
  const char* name;  // "kv.get"
  const char* gap;   // what is missing; "" when nothing is
};

// What a fake does with a call of that operation; `action` null: it refuses it as a gap.
template <class Action>
struct Route {
  Operation operation;
  Action action;
};

// The segments that stand for {} in `pattern`, in order; false when the path is another.
bool MatchPath(std::string_view pattern, const std::vector<std::string>& segments,
               std::vector<std::string>& arguments);

// The route of this call, or null; `path_known` when another method would have one.
template <class Action, std::size_t kCount>
const Route<Action>* FindRoute(const Route<Action> (&routes)[kCount], std::string_view method,
                               const std::vector<std::string>& segments,
                               std::vector<std::string>& arguments, bool& path_known) {
  path_known = false;
  for (const Route<Action>& route : routes) {
    std::vector<std::string> found;
    if (!MatchPath(route.operation.path, segments, found)) continue;
    path_known = true;
    if (method != route.operation.method) continue;
    arguments = std::move(found);
    return &route;
  }
  return nullptr;
}

// Of all operations of a fake, for who lists them.
struct FakeOperations {
  const char* fake;  // "KV"
  const char* root;  // "/client/v4/accounts/{account}/storage/kv/namespaces"
  std::vector<Operation> operations;
  std::vector<const char*> refused;  // names of those that are refused as a whole
};

template <class Action, std::size_t kCount>
FakeOperations OperationsOf(const char* fake, const char* root,
                            const Route<Action> (&routes)[kCount]) {
  FakeOperations of{fake, root, {}, {}};
  for (const Route<Action>& route : routes) {
    of.operations.push_back(route.operation);
    if (route.action == nullptr) of.refused.push_back(route.operation.name);
  }
  return of;
}

}  // namespace mg::fake
