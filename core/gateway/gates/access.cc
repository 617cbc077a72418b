#include <algorithm>

#include "core/base/bytes.h"
#include "core/gateway/gates/gates.h"
#include "core/gateway/gates/origin.h"
#include "core/gateway/refusal.h"

namespace mg {
namespace {

constexpr std::int64_t kKeysRetryAfterSeconds = 30;
constexpr std::string_view kDevIdentity = "dev@localhost";

bool NeedsIdentity(const Route& route) {
  return route.credential == Credential::kMember || route.credential == Credential::kOperator;
}

std::string TokenOf(const Request& request) {
  const std::string_view assertion = request.headers.Get("cf-access-jwt-assertion");
  if (!assertion.empty()) return std::string(assertion);
  return CookieValue(request.headers, "CF_Authorization").value_or("");
}

Response RedirectToLogin(const Exchange& exchange, const AccessSettings& access) {
  const std::string_view audience =
      access.audiences.empty() ? std::string_view() : access.audiences.front();
  Response response;
  response.status = 302;
  response.headers.Set("location", access.team_url + "/cdn-cgi/access/login/" +
                                       std::string(exchange.request.headers.Get("host")) +
                                       "?kid=" + PercentEncode(audience) +
                                       "&redirect_url=" + PercentEncode(exchange.request.target));
  response.headers.Set("referrer-policy", "no-referrer");
  response.headers.Set("cache-control", "no-store");
  return response;
}

bool IsOperator(const Settings& settings, const std::string& subject) {
  return std::find(settings.operators.begin(), settings.operators.end(), subject) !=
         settings.operators.end();
}

}  // namespace

std::optional<Response> AccessGate(Exchange& exchange, Services& services) {
  if (!NeedsIdentity(*exchange.route)) return std::nullopt;
  const Settings& settings = services.settings;
  if (FromAnotherOrigin(exchange.request)) return Refuse(exchange, Refusal::kWrongOrigin);
  if (settings.dev_mode || settings.e2e_test_mode) {  // ACC-5
    exchange.identity = Identity{std::string(kDevIdentity), false};
    exchange.is_operator = true;
    return std::nullopt;
  }
  const std::string token = TokenOf(exchange.request);
  if (token.empty()) {
    if (exchange.from_browser) return RedirectToLogin(exchange, settings.access);
    return Refuse(exchange, Refusal::kAccessRefused);
  }
  TokenCheck check = services.access.Verify(token, exchange.caller_gone);
  if (check.outcome == TokenCheck::Outcome::kKeysUnavailable) {
    return RefuseWithRetryAfter(exchange, Refusal::kAccessUnavailable, kKeysRetryAfterSeconds);
  }
  if (check.outcome == TokenCheck::Outcome::kRefused) {
    services.log.Write(LogLevel::kWarn, "access_refused",
                       {{"request_id", exchange.request_id}, {"reason", check.reason}});
    return Refuse(exchange, Refusal::kAccessRefused);
  }
  exchange.is_operator = IsOperator(settings, check.identity.subject);
  exchange.identity = std::move(check.identity);
  return std::nullopt;
}

std::optional<Response> MemberGate(Exchange& exchange, Services& services) {
  if (!NeedsIdentity(*exchange.route) || exchange.is_operator) return std::nullopt;
  if (exchange.route->credential == Credential::kOperator)
    return Refuse(exchange, Refusal::kNotMember);
  switch (services.members.Check(exchange.tenant->id, exchange.identity->subject,
                                 exchange.caller_gone)) {
    case Membership::kMember:
      return std::nullopt;
    case Membership::kUnavailable:
      return RefuseWithRetryAfter(exchange, Refusal::kRegistryUnavailable, kKeysRetryAfterSeconds);
    case Membership::kStranger:
      break;
  }
  return Refuse(exchange, Refusal::kNotMember);
}

}  // namespace mg
