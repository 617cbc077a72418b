#include "core/services/models.h"

#include <utility>

#include "core/base/json.h"
#include "core/clients/chat_body.h"
#include "core/services/models_call.h"

namespace mg {
namespace {

constexpr std::string_view kProviderPrefix = "workers-ai/";

std::string_view WithoutProvider(std::string_view model) {
  if (model.substr(0, kProviderPrefix.size()) == kProviderPrefix)
    model.remove_prefix(kProviderPrefix.size());
  return model;
}

// AIG-12: absent, null, "auto", or a model of the route.
bool MayName(const ModelRoute& route, const ChatBody& chat) {
  if (!chat.model_json) return true;
  const auto named = ParseJson(*chat.model_json);
  if (!named) return false;
  if (named->is_null()) return true;
  if (!named->is_string()) return false;
  const std::string text = named->get<std::string>();
  const std::string_view model = WithoutProvider(text);
  if (model.empty()) return false;
  return text == "auto" || model == route.primary || model == route.fallback;
}

ModelAnswer Concluded(ModelAnswer::Outcome outcome, int status, std::string cause) {
  ModelAnswer answer;
  answer.outcome = outcome;
  answer.status = status;
  answer.cause = std::move(cause);
  return answer;
}

}  // namespace

Models::Planned Models::PlannedOf(ModelRoute route, const std::string& override_primary,
                                  AiStrategy strategy) {
  if (!override_primary.empty()) {
    route.primary = std::string(WithoutProvider(override_primary));
    if (route.fallback == route.primary) {
      route.fallback.clear();
      route.fallback_first_byte_ms = 0;
    }
  }
  auto plan = PlanOf(route, strategy);
  return Planned{std::move(route), std::move(plan)};
}

Models::Models(const Settings& settings, AiGatewayClient& client, Runtime& runtime, Random& random,
               Log& log)
    : strategy_(settings.ai_gateway.strategy),
      free_(PlannedOf(settings.models.free, settings.models.override_primary, strategy_)),
      premium_(PlannedOf(settings.models.premium, settings.models.override_primary, strategy_)),
      client_(client),
      runtime_(runtime),
      random_(random),
      log_(log) {
  if (!settings.models.override_primary.empty())
    log_.Write(LogLevel::kWarn, "model_override",
               {{"model", free_.route.primary},
                {"warning", "CF_AI_GATEWAY_MODEL overrides the primary model of every tier"}});
}

const Models::Planned& Models::PlannedFor(Tier tier) const {
  return tier == Tier::kFree ? free_ : premium_;
}

ModelAnswer Models::Complete(const Tenant& tenant, std::string_view workload,
                             std::string_view chat_json, CancelToken& caller_gone) {
  const Planned& planned = PlannedFor(tenant.tier);
  const auto chat = ReadChatBody(chat_json);
  if (!chat) return Concluded(ModelAnswer::Outcome::kFailed, 502, chat.error().message);
  if (!MayName(planned.route, *chat))
    return Concluded(ModelAnswer::Outcome::kModelNotFound, 404, "not a model of this route");
  ModelCall call({client_, runtime_, random_, log_}, strategy_, planned.plan, tenant.sandbox_id,
                 chat_json, MetadataJson(tenant, workload), caller_gone);
  return call.Run();
}

RoutingView Models::Routing(const Tenant& tenant) const {
  return RoutingView{PlannedFor(tenant.tier).route, MetadataJson(tenant, ""),
                     strategy_ == AiStrategy::kDirect ? "direct" : "universal"};
}

std::vector<std::string> Models::Names(const Tenant& tenant) const {
  const ModelRoute& route = PlannedFor(tenant.tier).route;
  std::vector<std::string> names{route.primary};
  if (!route.fallback.empty()) names.push_back(route.fallback);
  return names;
}

}  // namespace mg
