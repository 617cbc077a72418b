#include "fakes/kv/kv.h"

#include <filesystem>
#include <utility>

#include "fakes/kv/calls.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

// client / v4 / accounts / {a} / storage / kv / namespaces, or .../ workers / namespaces
constexpr std::size_t kServiceSegment = 4;
constexpr std::size_t kRootSegments = 7;
constexpr std::size_t kOldRootSegments = 6;

using kv::Calls;
using Action = Response (Calls::*)(kv::Call& call);

constexpr Route<Action> kRoutes[] = {
    {{"GET", "", "kv.namespaces", ""}, &Calls::ListNamespaces},
    {{"POST", "", "kv.namespace_create", "jurisdictions are refused"}, &Calls::CreateNamespace},
    {{"GET", "{}", "kv.namespace", ""}, &Calls::GetNamespace},
    {{"PUT", "{}", "kv.namespace_rename", ""}, &Calls::RenameNamespace},
    {{"DELETE", "{}", "kv.namespace_delete", ""}, &Calls::DeleteNamespace},
    {{"GET", "{}/values/{}", "kv.get", ""}, &Calls::Get},
    {{"PUT", "{}/values/{}", "kv.put", ""}, &Calls::Put},
    {{"DELETE", "{}/values/{}", "kv.delete", ""}, &Calls::Delete},
    {{"GET", "{}/metadata/{}", "kv.metadata", ""}, &Calls::Metadata},
    {{"GET", "{}/keys", "kv.list", ""}, &Calls::Keys},
    {{"PUT", "{}/bulk", "kv.bulk_put", ""}, &Calls::BulkPut},
    {{"DELETE", "{}/bulk", "kv.bulk_delete", ""}, &Calls::BulkDelete},
    {{"POST", "{}/bulk/delete", "kv.bulk_delete", ""}, &Calls::BulkDelete},
    {{"POST", "{}/bulk/get", "kv.bulk_get", ""}, &Calls::BulkGet},
};

std::string StorePath(const std::string& folder) {
  if (folder.empty()) return "";
  std::filesystem::create_directories(folder);
  return folder + "/kv.sqlite";
}

}  // namespace

class Kv::Impl {
 public:
  Impl(const Credentials& credentials, const std::string& folder, Runtime& runtime)
      : calls(credentials, StorePath(folder), runtime) {}

  Response Handle(Request& request, CallNote& note);

  Calls calls;
};

Response Kv::Impl::Handle(Request& request, CallNote& note) {
  const std::string path(request.Path());
  auto segments = PathSegments(path);
  if (!segments || segments->size() < kOldRootSegments) return kv::Typed(V4NoRoute(path));
  const bool old = (*segments)[kServiceSegment] == "workers";
  const std::size_t root = old ? kOldRootSegments : kRootSegments;
  if (segments->size() < root) return kv::Typed(V4NoRoute(path));
  segments->erase(segments->begin(), segments->begin() + static_cast<std::ptrdiff_t>(root));
  std::vector<std::string> arguments;
  bool path_known = false;
  const auto* route = FindRoute(kRoutes, request.method, *segments, arguments, path_known);
  if (route == nullptr) return kv::Typed(path_known ? V4MethodNotAllowed() : V4NoRoute(path));
  note.operation = route->operation.name;
  kv::Call call{request, note, std::move(arguments)};
  return (calls.*route->action)(call);
}

Kv::Kv(const Credentials& credentials, const std::string& folder, Runtime& runtime)
    : impl_(std::make_unique<Impl>(credentials, folder, runtime)) {}

Kv::~Kv() = default;

Response Kv::Handle(Request& request, CallNote& note, CancelToken&) {
  return impl_->Handle(request, note);
}

void Kv::Reset() {
  impl_->calls.Reset();
}

void Kv::SetKnobs(const KvKnobs& knobs) {
  impl_->calls.SetKnobs(knobs);
}

FakeOperations KvOperations() {
  return OperationsOf("KV", "/client/v4/accounts/{}/storage/kv/namespaces", kRoutes);
}

}  // namespace mg::fake
