// Which step is asked next: of a universal request the next of its list, of a dynamic route the
// next model on its way.
//
// Thread-safety: none; one call's.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json_fwd.h"
#include "fakes/ai/call.h"
#include "fakes/ai/control.h"
#include "fakes/ai/route_walk.h"
#include "fakes/faults.h"
#include "fakes/service.h"

namespace mg::fake {

class AiStepSource {
 public:
  AiStepSource(std::vector<ResolvedStep> steps, const AiGatewayConfig* gateway, AiControl& control,
               Faults& faults, Runtime& runtime, Random& random)
      : steps_(std::move(steps)),
        gateway_(gateway),
        control_(control),
        faults_(faults),
        runtime_(runtime),
        random_(random) {}

  std::shared_ptr<const ResolvedStep> Next(const CallNote& note);  // null: there is none
  void Report(bool answered);                                      // how the last one did

 private:
  std::shared_ptr<const ResolvedStep> Begin(ResolvedStep step, const CallNote& note);
  std::shared_ptr<const ResolvedStep> OnWalk();

  std::vector<ResolvedStep> steps_;
  std::size_t at_ = 0;
  const AiGatewayConfig* gateway_;  // null: Workers AI without one, and so without routes
  AiControl& control_;
  Faults& faults_;
  Runtime& runtime_;
  Random& random_;
  std::shared_ptr<AiRouteWalk> walk_;  // of the step that is a route
  ResolvedStep on_route_;              // that step
};

}  // namespace mg::fake
