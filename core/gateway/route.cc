#include "core/gateway/route.h"

#include <optional>

#include "core/base/bytes.h"
#include "core/gateway/routes/routes.h"

namespace mg {
namespace {

constexpr auto kNowhere = TenantFrom::kNowhere;
constexpr auto kHost = TenantFrom::kHost;
constexpr auto kToken = TenantFrom::kSandboxToken;
constexpr auto kMember = Credential::kMember;
constexpr auto kOperator = Credential::kOperator;
constexpr auto kNone = Credential::kNone;
constexpr auto kKey = Credential::kKey;
constexpr unsigned kRegistry = kDb | kKv;
constexpr std::size_t kCap = kOwnBodyCapBytes;

#define ADMIN(method, path, bindings, cap, answer)                                           \
  Route {                                                                                    \
    "admin", Where::kOperatorHost, method, "/api/admin" path, kNowhere, kOperator, bindings, \
        false, false, true, cap, answer                                                      \
  }

// First match wins. Columns: name, where, methods, path, tenant from, credential, bindings, address
// limit, model quota, failure budget, body cap, answer.
const Route kRoutes[] = {
    {"health", Where::kAnyHost, "GET", "/sandbox-health", kNowhere, kNone, kNoBinding, false, false,
     false, 0, AnswerHealth},

    {"model", Where::kInternal, "POST", "/internal/model/v1/chat/completions", kToken, kNone,
     kRegistry, false, true, false, kCap, AnswerChat},
    {"model_list", Where::kInternal, "GET", "/internal/model/v1/models", kToken, kNone, kRegistry,
     false, true, false, 0, AnswerModelList},

    ADMIN("GET", "/tenants", kDb, 0, AdminListTenants),
    ADMIN("POST", "/tenants", kDb, kCap, AdminCreateTenant),
    ADMIN("GET", "/tenants/{slug}", kDb, 0, AdminGetTenant),
    ADMIN("PATCH", "/tenants/{slug}", kDb, kCap, AdminPatchTenant),
    ADMIN("DELETE", "/tenants/{slug}", kDb, kCap, AdminDeleteTenant),
    ADMIN("PUT", "/tenants/{slug}/domains/{host}", kDb, kCap, AdminPutDomain),
    ADMIN("DELETE", "/tenants/{slug}/domains/{host}", kDb, kCap, AdminDeleteDomain),
    ADMIN("GET", "/tenants/{slug}/members", kDb, 0, AdminListMembers),
    ADMIN("PUT", "/tenants/{slug}/members/{subject}", kDb, kCap, AdminPutMember),
    ADMIN("DELETE", "/tenants/{slug}/members/{subject}", kDb, kCap, AdminDeleteMember),
    ADMIN("GET", "/tenants/{slug}/keys", kDb, 0, AdminListKeys),
    ADMIN("POST", "/tenants/{slug}/keys", kDb, kCap, AdminCreateKey),
    ADMIN("DELETE", "/tenants/{slug}/keys/{id}", kDb, kCap, AdminRevokeKey),
    ADMIN("GET", "/tenants/{slug}/routing", kDb, 0, AdminRouting),
    ADMIN("GET", "/tenants/{slug}/sandbox", kDb, 0, AdminSandbox),
    ADMIN("GET", "/tenants/{slug}/sandbox/logs", kDb, 0, AdminSandboxLogs),
    ADMIN("POST", "/tenants/{slug}/sandbox/{action}", kDb, kCap, AdminSandboxAction),
    ADMIN("GET", "/usage", kDb, 0, AdminUsage),
    ADMIN("GET", "/models", kNoBinding, 0, AdminModels),
    ADMIN("PUT", "/models", kDb, kCap, AdminPutModels),
    ADMIN("GET", "/audit", kDb, 0, AdminAudit),

    {"status", Where::kTenantHost, "GET", "/api/status", kHost, kNone, kRegistry, true, false, true,
     0, AnswerStatus},
    {"model", Where::kTenantHost, "POST", "/v1/chat/completions", kHost, kKey, kRegistry, false,
     true, true, kCap, AnswerChat},
    {"model_list", Where::kTenantHost, "GET", "/v1/models", kHost, kKey, kRegistry, false, true,
     true, 0, AnswerModelList},
    {"agent", Where::kTenantHost, "*", "/*", kHost, kMember, kRegistry | kBucket, false, false,
     true, 0, AnswerAgent},
};
#undef ADMIN

// Paths of the gateway's own that no agent may ever see, and so never reach the catch-all.
bool ReservedOnTenantHost(std::string_view path) {
  for (std::string_view prefix :
       {"/_admin", "/api/admin", "/debug", "/internal", "/v1", "/cdn-cgi"}) {
    if (path.substr(0, prefix.size()) == prefix &&
        (path.size() == prefix.size() || path[prefix.size()] == '/')) {
      return true;
    }
  }
  return false;
}

bool Applies(const Route& route, Where where) {
  return route.where == where || route.where == Where::kAnyHost;
}

// The server sends the answer to a HEAD without its body.
bool AllowsMethod(std::string_view methods, std::string_view method) {
  if (methods == "*") return true;
  for (std::string_view candidate : Split(methods, ' '))
    if (candidate == method || (candidate == "GET" && method == "HEAD")) return true;
  return false;
}

// The captures of `path` under `pattern`, segment by segment, each decoded after splitting.
std::optional<std::vector<std::pair<std::string_view, std::string>>> MatchPath(
    std::string_view pattern, std::string_view path) {
  std::vector<std::pair<std::string_view, std::string>> captures;
  while (!pattern.empty()) {
    if (pattern == "/*") return captures;
    if (path.empty()) return std::nullopt;
    const std::size_t pattern_end = std::min(pattern.find('/', 1), pattern.size());
    const std::size_t path_end = std::min(path.find('/', 1), path.size());
    const std::string_view expected = pattern.substr(0, pattern_end);
    const std::string_view actual = path.substr(0, path_end);
    if (expected.size() > 2 && expected[1] == '{') {
      auto decoded = PercentDecode(actual.substr(1));
      if (!decoded || decoded->empty()) return std::nullopt;
      captures.emplace_back(expected.substr(2, expected.size() - 3), std::move(*decoded));
    } else if (expected != actual) {
      return std::nullopt;
    }
    pattern.remove_prefix(pattern_end);
    path.remove_prefix(path_end);
  }
  if (!path.empty()) return std::nullopt;
  return captures;
}

}  // namespace

RouteMatch MatchRoute(Where where, std::string_view method, std::string_view path) {
  RouteMatch match;
  for (const Route& route : kRoutes) {
    if (!Applies(route, where)) continue;
    const bool catch_all = route.path == "/*";
    if (catch_all && (match.path_known || ReservedOnTenantHost(path))) continue;
    auto captures = MatchPath(route.path, path);
    if (!captures) continue;
    if (AllowsMethod(route.methods, method)) {
      match.route = &route;
      match.captures = std::move(*captures);
      return match;
    }
    match.path_known = true;
    for (std::string_view allowed : Split(route.methods, ' ')) {
      if (!match.allowed_methods.empty()) match.allowed_methods += ", ";
      match.allowed_methods += allowed == "GET" ? "GET, HEAD" : allowed;
    }
  }
  return match;
}

bool IsModelPath(std::string_view path) {
  return path.substr(0, 4) == "/v1/" || path.substr(0, 19) == "/internal/model/v1/";
}

}  // namespace mg
