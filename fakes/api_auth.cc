#include "fakes/api_auth.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

// UNCONFIRMED: which code it is without credentials, and the status of a malformed header.
constexpr std::int64_t kNoCredentialsCode = 10001;
constexpr int kMalformedStatus = 400;

constexpr std::int64_t kBadAuthorization = 6111;
constexpr std::int64_t kBadEmail = 6102;

Response MalformedHeader(std::int64_t code, std::string_view header) {
  const Json chain =
      Json::array({{{"code", code}, {"message", "Invalid format for " + std::string(header)}}});
  const Json errors = Json::array(
      {{{"code", 6003}, {"message", "Invalid request headers"}, {"error_chain", chain}}});
  return JsonResponse(kMalformedStatus, DumpJson(Json{{"result", nullptr},
                                                      {"success", false},
                                                      {"errors", errors},
                                                      {"messages", Json::array()}}));
}

Response Unknown(std::string_view route) {
  if (route == "user/tokens/verify") return V4Error(401, 1000, "Invalid API Token");
  if (route == "memberships" || route == "user") {
    return V4Error(400, 9106, "Authentication failed");
  }
  return V4Error(403, 10000, "Authentication error");
}

}  // namespace

std::optional<Response> RefuseApiCredentials(const Credentials& credentials, const Headers& headers,
                                             std::string_view route) {
  if (!headers.Has("authorization")) {
    if (!headers.Has("x-auth-key") && !headers.Has("x-auth-email")) {
      return V4Error(400, kNoCredentialsCode, "Unable to authenticate request");
    }
    const std::string_view email = headers.Get("x-auth-email");
    if (email.find('@') == std::string_view::npos) {
      return MalformedHeader(kBadEmail, "X-Auth-Email header");
    }
    const bool ours = ConstantTimeEqual(headers.Get("x-auth-key"), credentials.api_token) &&
                      EqualsIgnoreCase(email, kUserEmail);
    return ours ? std::nullopt : std::optional<Response>(Unknown(route));
  }
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view header = headers.Get("authorization");
  const std::string_view token = TrimSpace(header.substr(std::min(kScheme.size(), header.size())));
  if (!EqualsIgnoreCase(header.substr(0, kScheme.size()), kScheme) || token.empty()) {
    return MalformedHeader(kBadAuthorization, "Authorization header");
  }
  if (ConstantTimeEqual(token, credentials.api_token)) return std::nullopt;
  return Unknown(route);
}

}  // namespace mg::fake
