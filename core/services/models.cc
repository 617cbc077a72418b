#include "core/services/models.h"

#include <utility>

#include "core/base/json.h"
#include "core/clients/chat_body.h"
#include "core/services/model_map.h"
#include "core/services/models_call.h"

namespace mg {
namespace {

constexpr Nanos kBetweenChunks = std::chrono::seconds(30);  // AIG-6

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

Models::Planned Models::PlannedOf(ModelRoute route) const {
  if (!override_primary_.empty()) {
    route.primary = std::string(WithoutProvider(override_primary_));
    if (route.fallback == route.primary) {
      route.fallback.clear();
      route.fallback_first_byte_ms = 0;
    }
  }
  auto plan = PlanOf(route, strategy_);
  return Planned{std::move(route), std::move(plan)};
}

std::shared_ptr<const Models::Routes> Models::RoutesOf(const ModelMap& map,
                                                       const std::string& map_json) const {
  return std::make_shared<const Routes>(
      Routes{map, map_json, PlannedOf(map.free), PlannedOf(map.premium)});
}

std::shared_ptr<const Models::Routes> Models::routes() const {
  const Lock lock(mutex_);
  return routes_;
}

Models::Models(const Settings& settings, AiGatewayClient& client, Runtime& runtime, Random& random,
               Log& log)
    : strategy_(settings.ai_gateway.strategy),
      stream_limits_{kBetweenChunks, std::chrono::seconds(settings.models.stream_max_seconds)},
      settings_map_(settings.models),
      override_primary_(settings.models.override_primary),
      routes_(RoutesOf(settings_map_, "")),
      client_(client),
      runtime_(runtime),
      random_(random),
      log_(log) {
  if (!override_primary_.empty())
    log_.Write(LogLevel::kWarn, "model_override",
               {{"model", routes_->free.route.primary},
                {"warning", "CF_AI_GATEWAY_MODEL overrides the primary model of every tier"}});
}

void Models::UseMap(const std::string& map_json) {
  if (map_json == routes()->map_json) return;
  ModelMap map = settings_map_;
  if (!map_json.empty()) {
    const auto json = ParseJson(map_json);
    const auto problem = json ? ReadModelMap(*json, map) : MapProblem{"", json.error().message};
    if (problem) {
      log_.Write(LogLevel::kError, "model_map_refused", {{"cause", problem->message}});
      return;
    }
  }
  auto changed = RoutesOf(map, map_json);
  {
    const Lock lock(mutex_);
    routes_.swap(changed);
  }
  log_.Write(LogLevel::kInfo, "model_map_changed",
             {{"source", std::string(map_json.empty() ? "settings" : "operators")}});
}

Models::MapView Models::Map() const {
  const auto current = routes();
  return MapView{current->map, override_primary_, !current->map_json.empty()};
}

ModelAnswer Models::Complete(const Tenant& tenant, std::string_view workload,
                             std::string_view chat_json, CancelToken& caller_gone) {
  const auto current = routes();
  const Planned& planned = current->For(tenant.tier);
  const auto chat = ReadChatBody(chat_json);
  if (!chat) return Concluded(ModelAnswer::Outcome::kFailed, 502, chat.error().message);
  if (!MayName(planned.route, *chat))
    return Concluded(ModelAnswer::Outcome::kModelNotFound, 404, "not a model of this route");
  ModelCall call({client_, runtime_, random_, log_}, {strategy_, planned.plan, stream_limits_},
                 {tenant.sandbox_id, *chat, MetadataJson(tenant, workload)}, caller_gone);
  return call.Run();
}

RoutingView Models::Routing(const Tenant& tenant) const {
  return RoutingView{routes()->For(tenant.tier).route, MetadataJson(tenant, ""),
                     AiStrategyName(strategy_)};
}

std::vector<std::string> Models::Names(const Tenant& tenant) const {
  const auto current = routes();
  const ModelRoute& route = current->For(tenant.tier).route;
  std::vector<std::string> names{route.primary};
  if (!route.fallback.empty()) names.push_back(route.fallback);
  return names;
}

}  // namespace mg
