#include <utility>

#include "core/base/json.h"
#include "fakes/ai/managed.h"
#include "fakes/ai/route_graph.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

constexpr std::string_view kWhat = "Route";
constexpr std::size_t kMostNameBytes = 64;

Json DeploymentJson(const AiDeployment& deployment) {
  return Json{{"deployment_id", deployment.id},
              {"version_id", deployment.version_id},
              {"created_at", deployment.created_at}};
}

Json VersionJson(const AiRoute& route, const AiRouteVersion& version) {
  const bool active = route.deployments.back().version_id == version.id;
  return Json{{"version_id", version.id},
              {"active", active ? "true" : "false"},  // texts, in the API
              {"data", DumpJson(*version.elements)},
              {"is_valid", true},
              {"created_at", version.created_at}};
}

// A route with one of its versions: create, get, versions.
Json RouteJson(const AiManaged& call, const AiRoute& route, const AiRouteVersion& version) {
  return Json{{"id", route.id},
              {"account_tag", call.account_id},
              {"gateway_id", route.gateway_id},
              {"name", route.name},
              {"created_at", route.created_at},
              {"modified_at", route.modified_at},
              {"elements", *version.elements},
              {"version", VersionJson(route, version)},
              {"deployment", DeploymentJson(route.deployments.back())}};
}
Json RouteJson(const AiManaged& call, const AiRoute& route) {
  return RouteJson(call, route, route.Deployed());
}

// Lists of routes stand in `data`, beside no `result`.
Response Listed(const AiManaged& call, const char* name, const std::vector<Json>& all) {
  V4Page paging;
  if (auto wrong = ReadPaging(call.request.Query(), paging)) return std::move(*wrong);
  Json items = Json::array();
  const auto first = static_cast<std::size_t>((paging.page - 1) * paging.per_page);
  const auto most = static_cast<std::size_t>(paging.per_page);
  for (std::size_t i = first; i < all.size() && items.size() < most; ++i) items.push_back(all[i]);
  Json data{{"page", paging.page},
            {"per_page", paging.per_page},
            {"order_by", "created_at"},
            {"order_by_direction", "asc"}};
  data[name] = std::move(items);
  return JsonResponse(200, DumpJson(Json{{"success", true}, {"data", std::move(data)}}));
}

// The body's `elements`, or what is wrong with them.
std::optional<Response> ReadElements(const Json& body, Json& elements) {
  std::vector<AiFieldProblem> problems;
  const Json* given = Find(body, "elements");
  if (given == nullptr) return FieldProblem({"elements"}, "Required");
  if (ReadRouteGraph(*given, problems) == nullptr) return FieldProblems(problems);
  elements = *given;
  return std::nullopt;
}

std::optional<Response> ReadName(const Json& body, std::string& name) {
  name = StringAt(body, "name");
  if (name.empty()) return FieldProblem({"name"}, "Required");
  if (name.size() > kMostNameBytes)
    return FieldProblem({"name"}, "String length must be less than or equal to 64");
  return std::nullopt;
}

Response Create(AiManaged& call, const AiGatewayConfig& gateway) {
  Json body, elements;
  std::string name;
  if (auto wrong = ReadBody(call, body)) return std::move(*wrong);
  if (auto wrong = ReadName(body, name)) return std::move(*wrong);
  if (auto wrong = ReadElements(body, elements)) return std::move(*wrong);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  AiRoutes::Route route;
  const AiKept done = call.control.routes.Create(gateway.id, name, elements, route);
  return done == AiKept::kYes ? AiResult(RouteJson(call, *route)) : AiNotKept(done, kWhat);
}

Response Rename(AiManaged& call, const AiRoute& before) {
  Json body;
  std::string name;
  if (auto wrong = ReadBody(call, body)) return std::move(*wrong);
  if (auto wrong = ReadName(body, name)) return std::move(*wrong);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  AiRoutes::Route route;
  const AiKept done = call.control.routes.Rename(before.gateway_id, before.id, name, route);
  if (done != AiKept::kYes) return AiNotKept(done, kWhat);
  return JsonResponse(200, DumpJson(Json{{"success", true}, {"route", RouteJson(call, *route)}}));
}

Response AddVersion(AiManaged& call, const AiRoute& before) {
  Json body, elements;
  if (auto wrong = ReadBody(call, body)) return std::move(*wrong);
  if (auto wrong = ReadElements(body, elements)) return std::move(*wrong);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  AiRoutes::Route route;
  const AiKept done = call.control.routes.AddVersion(before.gateway_id, before.id, elements, route);
  if (done != AiKept::kYes) return AiNotKept(done, "Version");
  return AiResult(VersionJson(*route, route->versions.back()));
}

Response Deploy(AiManaged& call, const AiRoute& before) {
  Json body;
  if (auto wrong = ReadBody(call, body)) return std::move(*wrong);
  const std::string version_id = StringAt(body, "version_id");
  if (version_id.empty()) return FieldProblem({"version_id"}, "Required");
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  AiRoutes::Route route;
  const AiKept done = call.control.routes.Deploy(before.gateway_id, before.id, version_id, route);
  if (done != AiKept::kYes) return AiNotKept(done, "Version");
  return AiResult(DeploymentJson(route->deployments.back()));
}

Response Delete(AiManaged& call, const AiRoute& route) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  AiRoutes::Route gone;
  const AiKept done = call.control.routes.Delete(route.gateway_id, route.id, gone);
  return done == AiKept::kYes ? AiResult(RouteJson(call, *gone)) : AiNotKept(done, kWhat);
}

Response OneVersion(const AiManaged& call, const AiRoute& route) {
  const AiRouteVersion* version = route.Version(call.path[5]);
  if (version == nullptr) return AiNotFound("Version");
  Json shown = RouteJson(call, route, *version);
  shown.update(shown["version"]);
  shown.erase("version");
  shown.erase("deployment");
  return AiResult(shown);
}

Response Versions(const AiManaged& call, const AiRoute& route) {
  std::vector<Json> versions;
  for (const AiRouteVersion& version : route.versions)
    versions.push_back(VersionJson(route, version));
  return Listed(call, "versions", versions);
}

Response Deployments(const AiManaged& call, const AiRoute& route) {
  std::vector<Json> deployments;
  for (const AiDeployment& deployment : route.deployments)
    deployments.push_back(DeploymentJson(deployment));
  return Listed(call, "deployments", deployments);
}

Response List(AiManaged& call, const AiGatewayConfig& gateway) {
  std::vector<Json> routes;
  for (const AiRoutes::Route& route : call.control.routes.List(gateway.id))
    routes.push_back(RouteJson(call, *route));
  return Listed(call, "routes", routes);
}

Response Read(AiManaged& call, const AiRoute& route) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string_view part = call.path.size() > 4 ? std::string_view(call.path[4]) : "";
  if (part.empty()) return AiResult(RouteJson(call, route));
  if (part == "versions" && call.path.size() == 6) return OneVersion(call, route);
  if (part == "versions") return Versions(call, route);
  if (part == "deployments" && call.path.size() == 5) return Deployments(call, route);
  return V4NoRoute(call.request.Path());
}

}  // namespace

Response ManageRoutes(AiManaged& call, const AiGatewayConfig& gateway) {
  call.note.operation = "ai.routes";
  if (call.Is("POST", 3)) return Create(call, gateway);
  if (call.Is("GET", 3)) {
    if (auto faulted = call.note.Begin()) return std::move(*faulted);
    return List(call, gateway);
  }
  if (call.path.size() < 4 || call.path.size() > 6) return V4NoRoute(call.request.Path());
  const AiRoutes::Route route = call.control.routes.Find(gateway.id, call.path[3]);
  if (route == nullptr) return AiNotFound(kWhat);
  if (call.method() == "GET") return Read(call, *route);
  if (call.Is("PATCH", 4)) return Rename(call, *route);
  if (call.Is("DELETE", 4)) return Delete(call, *route);
  if (call.Is("POST", 5) && call.path[4] == "versions") return AddVersion(call, *route);
  if (call.Is("POST", 5) && call.path[4] == "deployments") return Deploy(call, *route);
  return V4NoRoute(call.request.Path());
}

}  // namespace mg::fake
