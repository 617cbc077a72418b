#include "core/base/json.h"
#include "core/gateway/routes/admin_support.h"
#include "core/gateway/routes/routes.h"
#include "core/services/model_map.h"

namespace mg {
namespace {

Json ToJson(const Models::MapView& view) {
  Json body = ModelMapToJson(view.map);
  body["override"] = view.override_primary.empty() ? Json(nullptr) : Json(view.override_primary);
  body["source"] = view.of_operators ? "operators" : "settings";
  return body;
}

}  // namespace

// AIG-11
Response AdminRouting(Exchange& exchange, Services& services) {
  auto tenant = PathTenant(exchange, services);
  if (!tenant) return AdminError(exchange, services, tenant.error());
  const RoutingView view = services.models.Routing(*tenant);
  Json body = ModelRouteToJson(view.route);
  body["tenant"] = tenant->slug;
  body["tier"] = TierName(tenant->tier);
  body["strategy"] = view.strategy;
  auto metadata = ParseJson(view.metadata_json);
  body["metadata"] = metadata ? *metadata : Json(nullptr);
  return AdminItem(200, body);
}

Response AdminModels(Exchange&, Services& services) {
  return AdminItem(200, ToJson(services.models.Map()));
}

// This gateway follows at once, every other with its next poll of the registry.
Response AdminPutModels(Exchange& exchange, Services& services) {
  ModelMap map;
  if (const auto problem = ReadModelMap(*exchange.json, map))
    return Refuse(exchange, Refusal::kInvalidInput, problem->message);
  const std::string map_json = DumpJson(ModelMapToJson(map));
  const Status put =
      services.registry->PutModelMap(map_json, Actor(exchange), exchange.caller_gone);
  if (!put) return AdminError(exchange, services, put.error());
  services.models.UseMap(map_json);
  return AdminItem(200, ToJson(services.models.Map()));
}

}  // namespace mg
