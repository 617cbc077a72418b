// One call's way through a dynamic route: from model to model, until one answers or the route ends
// (wire/ai-gateway.md 3.5).
//
// Thread-safety: none; one call's. Time: the Runtime's wall clock. Chance: Random.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/ai/control_knobs.h"
#include "fakes/ai/route_graph.h"
#include "fakes/ai/windows.h"

namespace mg::fake {

class AiRouteWalk {
 public:
  // `scope`: of the route's counters. `metadata`: an object, or null.
  AiRouteWalk(std::shared_ptr<const AiRouteGraph> graph, std::string scope,
              std::shared_ptr<const Json> metadata, AiWindows& windows, Runtime& runtime,
              Random& random);

  // The next model to ask; null: the route has ended, with the last answer that was good.
  const AiRouteNode* Next();
  // How the model that Next gave did: `answered` means that it began to answer.
  void Report(bool answered);

  // Afterwards: adds what the answer cost to the budgets that the call passed.
  void Book(std::int64_t picodollars, const AiQuirks& quirks);

 private:
  int PastRate(const AiRouteNode& node);
  int PastShares(const AiRouteNode& node);

  std::shared_ptr<const AiRouteGraph> graph_;
  const std::string scope_;
  std::shared_ptr<const Json> metadata_;
  AiWindows& windows_;
  Runtime& runtime_;
  Random& random_;
  int at_;
  std::vector<std::pair<std::string, AiWindow>> budgets_;
};

}  // namespace mg::fake
