#include "fakes/ai/step_source.h"

#include <utility>

#include "core/base/json.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/settings.h"

namespace mg::fake {
namespace {

constexpr const char* kEndpoint = "v1/chat/completions";

// A step that answers with this error, and no other step after it.
std::shared_ptr<const ResolvedStep> Ended(ResolvedStep step, AiError error) {
  step.target.error = std::move(error);
  step.ends_call = true;
  return std::make_shared<const ResolvedStep>(std::move(step));
}

}  // namespace

std::shared_ptr<const ResolvedStep> AiStepSource::Next(const CallNote& note) {
  for (;;) {
    if (walk_ != nullptr) {
      if (auto step = OnWalk()) return step;
      walk_ = nullptr;
    }
    if (at_ == steps_.size()) return nullptr;
    ResolvedStep step = std::move(steps_[at_++]);
    if (step.target.route.empty()) return std::make_shared<const ResolvedStep>(std::move(step));
    if (auto ended = Begin(std::move(step), note)) return ended;
  }
}

void AiStepSource::Report(bool answered) {
  if (walk_ != nullptr) walk_->Report(answered);
}

// Null: the route is being walked. A route that a fault breaks fails before it asks a model, and
// takes none of its fallbacks, as has been seen.
std::shared_ptr<const ResolvedStep> AiStepSource::Begin(ResolvedStep step, const CallNote& note) {
  const AiRoutes::Route route =
      gateway_ == nullptr ? nullptr : control_.routes.FindByName(gateway_->id, step.target.route);
  if (route == nullptr)
    return Ended(std::move(step), KnownAiError(2008, "Invalid provider: no such dynamic route"));
  const std::string& metadata_json = step.step.settings.metadata_json;
  if (!note.probe) {
    const auto rule =
        faults_.Next({"ai.route", TenantOf(metadata_json), "", step.target.route, -1, {}});
    if (rule)
      return Ended(std::move(step), rule->status == 0 ? KnownAiError(2005)
                                                      : ProviderError(rule->status, rule->code));
  }
  auto metadata = ParseJson(metadata_json);
  walk_ = std::make_shared<AiRouteWalk>(
      route->graph, gateway_->id + "\x1froute\x1f" + route->id,
      std::make_shared<const Json>(metadata ? std::move(*metadata) : Json()),
      control_.limits.windows(), runtime_, random_);
  on_route_ = std::move(step);
  return nullptr;
}

// The next model of the route as a step; null at its end.
std::shared_ptr<const ResolvedStep> AiStepSource::OnWalk() {
  const AiRouteNode* node = walk_->Next();
  if (node == nullptr) return nullptr;
  ResolvedStep step = on_route_;
  step.walk = walk_;
  step.target.provider = node->provider;
  step.target.model = node->model;
  // Nodes of custom providers have been seen to fail without a call and without a fallback.
  if (node->provider.compare(0, 7, "custom-") == 0)
    return Ended(std::move(step), KnownAiError(2005));
  Json query = *on_route_.step.query;
  query["model"] = node->model;
  step.step.provider = node->provider;
  step.step.endpoint = kEndpoint;
  step.target = ResolveTarget(node->provider, kEndpoint, query, false);
  step.step.query_text = DumpJson(query);
  step.step.query = std::make_shared<const Json>(std::move(query));
  step.step.settings.tries = node->tries;
  if (node->timeout_ms > 0) step.step.settings.time_limit_ms = node->timeout_ms;
  return std::make_shared<const ResolvedStep>(std::move(step));
}

}  // namespace mg::fake
