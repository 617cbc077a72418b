#include "fakes/ai/routes.h"

#include <algorithm>
#include <utility>

#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/utc.h"
#include "fakes/ai/control_knobs.h"

namespace mg::fake {
namespace {

constexpr std::string_view kScope = "routes";

Json DocumentOf(const AiRoute& route) {
  Json versions = Json::array();
  for (const AiRouteVersion& version : route.versions)
    versions.push_back({{"version_id", version.id},
                        {"created_at", version.created_at},
                        {"elements", *version.elements}});
  Json deployments = Json::array();
  for (const AiDeployment& deployment : route.deployments)
    deployments.push_back({{"deployment_id", deployment.id},
                           {"version_id", deployment.version_id},
                           {"created_at", deployment.created_at}});
  return Json{{"id", route.id},
              {"gateway_id", route.gateway_id},
              {"name", route.name},
              {"created_at", route.created_at},
              {"modified_at", route.modified_at},
              {"versions", std::move(versions)},
              {"deployments", std::move(deployments)}};
}

// Null when it is not what DocumentOf makes.
std::shared_ptr<AiRoute> RouteOf(const Json& document) {
  auto route = std::make_shared<AiRoute>();
  route->id = StringAt(document, "id");
  route->gateway_id = StringAt(document, "gateway_id");
  route->name = StringAt(document, "name");
  route->created_at = StringAt(document, "created_at");
  route->modified_at = StringAt(document, "modified_at");
  const Json* versions = Find(document, "versions");
  const Json* deployments = Find(document, "deployments");
  if (versions == nullptr || deployments == nullptr) return nullptr;
  for (const Json& one : *versions) {
    const Json* elements = Find(one, "elements");
    if (elements == nullptr) return nullptr;
    route->versions.push_back({StringAt(one, "version_id"), StringAt(one, "created_at"),
                               std::make_shared<const Json>(*elements)});
  }
  for (const Json& one : *deployments)
    route->deployments.push_back(
        {StringAt(one, "deployment_id"), StringAt(one, "version_id"), StringAt(one, "created_at")});
  if (route->deployments.empty()) return nullptr;
  return route->Version(route->deployments.back().version_id) == nullptr ? nullptr : route;
}

// False when the deployed version is no graph, which a kept one always is.
bool Compile(AiRoute& route) {
  std::vector<AiFieldProblem> problems;
  route.graph = ReadRouteGraph(*route.Deployed().elements, problems);
  return route.graph != nullptr;
}

}  // namespace

const AiRouteVersion* AiRoute::Version(std::string_view version_id) const {
  for (const AiRouteVersion& version : versions)
    if (version.id == version_id) return &version;
  return nullptr;
}

const AiRouteVersion& AiRoute::Deployed() const {
  return *Version(deployments.back().version_id);
}

AiRoutes::AiRoutes(AiDocuments& documents, Runtime& runtime, Random& random)
    : documents_(documents), runtime_(runtime), random_(random) {
  Load();
}

void AiRoutes::Load() {
  for (const std::string& text : documents_.Load(kScope)) {
    const auto document = ParseJson(text);
    auto route = document ? RouteOf(*document) : nullptr;
    if (route != nullptr && Compile(*route)) routes_.push_back(std::move(route));
  }
}

std::string AiRoutes::NewId() const {
  return UuidFromBytes(random_.Bytes(16));
}
std::string AiRoutes::Now() const {
  return UtcText(runtime_.Wall().ms);
}
AiRouteVersion AiRoutes::NewVersion(const Json& elements) const {
  return {NewId(), Now(), std::make_shared<const Json>(elements)};
}
AiDeployment AiRoutes::NewDeployment(const AiRouteVersion& version) const {
  return {NewId(), version.id, Now()};
}

AiRoutes::Route AiRoutes::Find(std::string_view gateway, std::string_view id) const {
  Lock lock(mutex_);
  for (const Route& route : routes_)
    if (route->gateway_id == gateway && route->id == id) return route;
  return nullptr;
}

AiRoutes::Route AiRoutes::FindByName(std::string_view gateway, std::string_view name) const {
  Lock lock(mutex_);
  for (const Route& route : routes_)
    if (route->gateway_id == gateway && route->name == name) return route;
  return nullptr;
}

std::vector<AiRoutes::Route> AiRoutes::List(std::string_view gateway) const {
  std::vector<Route> list;
  Lock lock(mutex_);
  for (const Route& route : routes_)
    if (route->gateway_id == gateway) list.push_back(route);
  return list;
}

AiRoutes::Route* AiRoutes::Place(std::string_view gateway, std::string_view id) {
  const auto found = std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) {
    return route->gateway_id == gateway && route->id == id;
  });
  return found == routes_.end() ? nullptr : &*found;
}

bool AiRoutes::NameIsTaken(const AiRoute& route) const {
  return std::any_of(routes_.begin(), routes_.end(), [&](const Route& other) {
    return other->gateway_id == route.gateway_id && other->name == route.name &&
           other->id != route.id;
  });
}

bool AiRoutes::Keep(AiRoute& route) {
  route.modified_at = Now();
  return Compile(route) && documents_.Put(kScope, route.id, DumpJson(DocumentOf(route)));
}

AiKept AiRoutes::Create(std::string_view gateway, std::string_view name, const Json& elements,
                        Route& kept) {
  auto route = std::make_shared<AiRoute>();
  route->id = NewId();
  route->gateway_id = gateway;
  route->name = name;
  route->created_at = Now();
  route->versions = {NewVersion(elements)};
  route->deployments = {NewDeployment(route->versions.back())};
  Lock lock(mutex_);
  if (NameIsTaken(*route)) return AiKept::kExists;
  const auto of_gateway = std::count_if(routes_.begin(), routes_.end(), [&](const Route& other) {
    return other->gateway_id == gateway;
  });
  if (static_cast<std::size_t>(of_gateway) >= kMaxRoutes) return AiKept::kFull;
  if (!Keep(*route)) return AiKept::kFailed;
  routes_.push_back(kept = std::move(route));
  return AiKept::kYes;
}

AiKept AiRoutes::Update(std::string_view gateway, std::string_view id, Route& kept,
                        const Change& change) {
  Lock lock(mutex_);
  Route* place = Place(gateway, id);
  if (place == nullptr) return AiKept::kMissing;
  auto changed = std::make_shared<AiRoute>(**place);
  if (const AiKept done = change(*changed); done != AiKept::kYes) return done;
  if (!Keep(*changed)) return AiKept::kFailed;
  *place = kept = std::move(changed);
  return AiKept::kYes;
}

AiKept AiRoutes::Rename(std::string_view gateway, std::string_view id, std::string_view name,
                        Route& kept) {
  return Update(gateway, id, kept, [&](AiRoute& route) {
    route.name = name;
    return NameIsTaken(route) ? AiKept::kExists : AiKept::kYes;
  });
}

AiKept AiRoutes::AddVersion(std::string_view gateway, std::string_view id, const Json& elements,
                            Route& kept) {
  return Update(gateway, id, kept, [&](AiRoute& route) {
    if (route.versions.size() >= kMaxRouteVersions) return AiKept::kFull;
    route.versions.push_back(NewVersion(elements));
    return AiKept::kYes;
  });
}

AiKept AiRoutes::Deploy(std::string_view gateway, std::string_view id, std::string_view version_id,
                        Route& kept) {
  return Update(gateway, id, kept, [&](AiRoute& route) {
    const AiRouteVersion* version = route.Version(version_id);
    if (version == nullptr) return AiKept::kMissing;
    route.deployments.push_back(NewDeployment(*version));
    if (route.deployments.size() > kMaxRouteVersions)
      route.deployments.erase(route.deployments.begin());
    return AiKept::kYes;
  });
}

AiKept AiRoutes::Delete(std::string_view gateway, std::string_view id, Route& gone) {
  Lock lock(mutex_);
  Route* place = Place(gateway, id);
  if (place == nullptr) return AiKept::kMissing;
  if (!documents_.Delete(kScope, id)) return AiKept::kFailed;
  gone = std::move(*place);
  routes_.erase(routes_.begin() + (place - routes_.data()));
  return AiKept::kYes;
}

void AiRoutes::Forget(std::string_view gateway) {
  for (const Route& route : List(gateway)) {
    Route gone;
    static_cast<void>(Delete(gateway, route->id, gone));
  }
}

void AiRoutes::Reset() {
  Lock lock(mutex_);
  routes_.clear();
  Load();
}

}  // namespace mg::fake
