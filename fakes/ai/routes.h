// Dynamic routes with their versions and deployments, kept with the state (wire/ai-gateway.md 3.5).
//
// Thread-safety: all members. A route that was handed out never changes.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/ai/documents.h"
#include "fakes/ai/gateways.h"
#include "fakes/ai/route_graph.h"

namespace mg::fake {

struct AiRouteVersion {
  std::string id, created_at;
  std::shared_ptr<const Json> elements;  // as they were given
};

struct AiDeployment {
  std::string id, version_id, created_at;
};

struct AiRoute {
  std::string id, gateway_id, name, created_at, modified_at;
  std::vector<AiRouteVersion> versions;       // oldest first; at least one
  std::vector<AiDeployment> deployments;      // oldest first; the last one counts
  std::shared_ptr<const AiRouteGraph> graph;  // of the deployed version

  const AiRouteVersion* Version(std::string_view version_id) const;  // null: none
  const AiRouteVersion& Deployed() const;
};

class AiRoutes {
 public:
  using Route = std::shared_ptr<const AiRoute>;

  AiRoutes(AiDocuments& documents, Runtime& runtime, Random& random);

  Route Find(std::string_view gateway, std::string_view id) const;  // null: none
  Route FindByName(std::string_view gateway, std::string_view name) const;
  std::vector<Route> List(std::string_view gateway) const;  // oldest first

  // All fill `kept` when they return kYes. `elements` make a graph (ReadRouteGraph). A new route is
  // deployed; a new version is not.
  AiKept Create(std::string_view gateway, std::string_view name, const Json& elements, Route& kept);
  AiKept Rename(std::string_view gateway, std::string_view id, std::string_view name, Route& kept);
  AiKept AddVersion(std::string_view gateway, std::string_view id, const Json& elements,
                    Route& kept);
  // kMissing also when there is no such version.
  AiKept Deploy(std::string_view gateway, std::string_view id, std::string_view version_id,
                Route& kept);
  AiKept Delete(std::string_view gateway, std::string_view id, Route& gone);
  void Forget(std::string_view gateway);  // all of its routes
  void Reset();                           // after the documents were

 private:
  using Change = std::function<AiKept(AiRoute&)>;

  void Load();
  Route* Place(std::string_view gateway, std::string_view id);
  bool NameIsTaken(const AiRoute& route) const;
  AiKept Update(std::string_view gateway, std::string_view id, Route& kept, const Change& change);
  bool Keep(AiRoute& route);
  AiRouteVersion NewVersion(const Json& elements) const;
  AiDeployment NewDeployment(const AiRouteVersion& version) const;
  std::string NewId() const;
  std::string Now() const;

  AiDocuments& documents_;
  Runtime& runtime_;
  Random& random_;
  mutable Mutex mutex_;
  std::vector<Route> routes_;
};

}  // namespace mg::fake
