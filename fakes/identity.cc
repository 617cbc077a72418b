#include "fakes/identity.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/api_auth.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

constexpr const char* kTokenId = "f1e2d3c4b5a697887766554433221100";
constexpr const char* kUserId = "7c5dae5552338874e5053f2534d2767a";
constexpr const char* kMembershipId = "4536bcfad5faccb111b47003c79917fa";
constexpr const char* kAccountName = "Local";
constexpr std::int64_t kPerPage = 20;
constexpr std::int64_t kMaxPerPage = 1000;
constexpr std::size_t kRootSegments = 2;  // client / v4

Json AccountOf(const Credentials& credentials) {
  return {{"id", credentials.account_id}, {"name", kAccountName}, {"type", "standard"}};
}

Response OnlyPage(const Request& request, Json item) {
  return V4Paged(ReadPage(request.Query(), kPerPage, kMaxPerPage), Json::array({std::move(item)}));
}

Response Token(const Credentials&, const Request&) {
  const Json message = {{"code", 10000}, {"message", "This API Token is valid and active"}};
  return JsonResponse(200, DumpJson(Json{{"result", {{"id", kTokenId}, {"status", "active"}}},
                                         {"success", true},
                                         {"errors", Json::array()},
                                         {"messages", Json::array({message})}}));
}

Response User(const Credentials&, const Request&) {
  return V4Result(DumpJson(Json{{"id", kUserId}, {"email", kUserEmail}}));
}

Response Accounts(const Credentials& credentials, const Request& request) {
  return OnlyPage(request, AccountOf(credentials));
}

Response Account(const Credentials& credentials, const Request&) {
  return V4Result(DumpJson(AccountOf(credentials)));
}

Response Memberships(const Credentials& credentials, const Request& request) {
  return OnlyPage(request, Json{{"id", kMembershipId},
                                {"account", AccountOf(credentials)},
                                {"roles", Json::array({"Administrator"})},
                                {"status", "accepted"}});
}

Response NoAnalytics(const Credentials&, const Request&) {
  const Json account = {{"d1AnalyticsAdaptiveGroups", Json::array()},
                        {"d1QueriesAdaptiveGroups", Json::array()},
                        {"d1StorageAdaptiveGroups", Json::array()},
                        {"r2StorageAdaptiveGroups", Json::array()}};
  const Json viewer = {{"accounts", Json::array({account})}};
  return JsonResponse(200, DumpJson(Json{{"data", {{"viewer", viewer}}}, {"errors", nullptr}}));
}

using Action = Response (*)(const Credentials&, const Request&);

constexpr Route<Action> kRoutes[] = {
    {{"GET", "user/tokens/verify", "api.identity", ""}, &Token},
    {{"GET", "user", "api.identity", ""}, &User},
    {{"GET", "accounts", "api.identity", ""}, &Accounts},
    {{"GET", "accounts/{}", "api.identity", ""}, &Account},
    {{"GET", "accounts/{}/tokens/verify", "api.identity", ""}, &Token},
    {{"GET", "memberships", "api.identity", ""}, &Memberships},
    {{"POST", "graphql", "api.graphql", "every analytics query finds nothing"}, &NoAnalytics},
};

}  // namespace

std::optional<Response> AnswerIdentity(const Credentials& credentials, const Request& request,
                                       CallNote& note) {
  auto segments = PathSegments(request.Path());
  if (!segments || segments->size() <= kRootSegments) return std::nullopt;
  segments->erase(segments->begin(), segments->begin() + kRootSegments);
  std::vector<std::string> arguments;
  bool path_known = false;
  const auto* route = FindRoute(kRoutes, request.method, *segments, arguments, path_known);
  if (route == nullptr) {
    return path_known ? std::optional<Response>(V4MethodNotAllowed()) : std::nullopt;
  }
  if (!arguments.empty() && !EqualsIgnoreCase(arguments[0], credentials.account_id)) {
    return std::nullopt;
  }
  note.operation = route->operation.name;
  if (auto faulted = note.Begin()) return std::move(*faulted);
  return route->action(credentials, request);
}

FakeOperations IdentityOperations() {
  return OperationsOf("API", "/client/v4", kRoutes);
}

}  // namespace mg::fake
