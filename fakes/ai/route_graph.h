// A dynamic route's graph, checked and ready to be walked. Both published schemas are read: the
// documentation's (`condition`, `rate_limit` with `interval` and `technique`) and the API's
// (`conditions`, `rate` with `window`) (wire/ai-gateway.md 3.5).
//
// Thread-safety: immutable. Bounded: kMaxRouteElements.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json_fwd.h"
#include "fakes/ai/fields.h"

namespace mg::fake {

struct AiRouteNode {
  enum class Type { kStart, kConditional, kPercentage, kRate, kModel, kEnd };
  // Places of other nodes; kNone: the route ends there.
  static constexpr int kNone = -1;

  Type type = Type::kEnd;
  std::string id;
  int yes = kNone;  // next, true, success
  int no = kNone;   // false, fallback

  std::shared_ptr<const Json> condition;  // kConditional

  // kPercentage: hundredths of a percent, in the order of their keys. `yes`: the rest.
  std::vector<std::pair<std::int64_t, int>> shares;

  // kRate
  std::string metadata_key;  // "user_id"
  bool counts_cost = false;  // picodollars; else requests
  std::int64_t limit = 0;
  std::int64_t window_seconds = 0;
  bool sliding = false;

  // kModel
  std::string provider, model;
  std::int64_t timeout_ms = 0;  // 0: none
  std::int64_t tries = 1;
};

struct AiRouteGraph {
  std::vector<AiRouteNode> nodes;
  int start = AiRouteNode::kNone;
};

// The graph of `elements`, which is a body's member of that name; null with `problems` filled when
// it is no graph that can be walked: an unknown type, an edge to nowhere, a circle, no start.
std::shared_ptr<const AiRouteGraph> ReadRouteGraph(const Json& elements,
                                                   std::vector<AiFieldProblem>& problems);

}  // namespace mg::fake
