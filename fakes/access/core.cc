#include "fakes/access/core.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "fakes/access/pages.h"

namespace mg::fake {
namespace {

// Tokens already issued are refused 20 to 30 s after a logout; the team's own session at once.
constexpr std::int64_t kRevocationLagMs = 20'000;
constexpr std::int64_t kImmediateSeconds = 60;  // of a session of "0s"; UNCONFIRMED
constexpr std::size_t kUuidBytes = 16;

constexpr const char* kDeniedText = "That account does not have access.";

std::string SeededId(std::string_view audience, std::string_view what) {
  return UuidFromBytes(Sha256(std::string(audience).append(what)).substr(0, kUuidBytes));
}

AccessPolicy SeededPolicy(const std::string& audience, const char* name,
                          AccessPolicy::Decision decision, AccessRule::Kind rule,
                          std::int64_t precedence) {
  AccessPolicy policy;
  policy.id = SeededId(audience, name);
  policy.name = name;
  policy.decision = decision;
  policy.precedence = precedence;
  policy.include = {{rule, ""}};
  return policy;
}

// Every tenant and the operators: the gateway decides who is a member.
AccessApplication SeededApplication(const std::string& audience, const AccessSite& site) {
  AccessApplication application;
  application.id = SeededId(audience, "application");
  application.audience = audience;
  application.name = "moltgate";
  application.domains = {"*." + site.app_domain, site.app_domain, site.operator_host};
  application.policies = {
      SeededPolicy(audience, "Service tokens", AccessPolicy::Decision::kNonIdentity,
                   AccessRule::Kind::kAnyServiceToken, 1),
      SeededPolicy(audience, "Everyone who signs in", AccessPolicy::Decision::kAllow,
                   AccessRule::Kind::kEveryone, 2)};
  return application;
}

// What is used with an API key, or by anybody (INTERFACES.md, Hosts and listeners).
AccessApplication SeededBypass(const std::string& audience, const AccessSite& site) {
  AccessApplication application;
  application.audience = Sha256Hex(audience + "bypass");
  application.id = SeededId(application.audience, "application");
  application.name = "moltgate in the open";
  for (const char* path : {"/v1", "/api/status", "/sandbox-health", "/_admin/assets"})
    application.domains.push_back("*." + site.app_domain + path);
  application.domains.push_back(site.app_domain + "/sandbox-health");
  // The operators' host is an application of its own, whose name would win over the wildcard.
  for (const char* path : {"/sandbox-health", "/_admin/assets"})
    application.domains.push_back(site.operator_host + path);
  application.policies = {SeededPolicy(application.audience, "Everyone",
                                       AccessPolicy::Decision::kBypass, AccessRule::Kind::kEveryone,
                                       1)};
  return application;
}

void Remember(std::deque<std::pair<std::string, std::int64_t>>& list, std::size_t most,
              std::string who, std::int64_t at_ms) {
  if (list.size() == most) list.pop_front();
  list.emplace_back(std::move(who), at_ms);
}

}  // namespace

void Revocations::Session(std::string nonce, std::int64_t at_ms) {
  const Lock lock(mutex_);
  if (!nonce.empty()) Remember(sessions_, kMost, std::move(nonce), at_ms);
}

void Revocations::Person(std::string email, std::int64_t at_ms) {
  const Lock lock(mutex_);
  Remember(people_, kMost, std::move(email), at_ms);
}

bool Revocations::Has(const AccessClaims& claims, std::int64_t now_ms) const {
  const std::int64_t lag_ms = claims.type == "org" ? 0 : kRevocationLagMs;
  const Lock lock(mutex_);
  for (const auto& [nonce, at_ms] : sessions_)
    if (nonce == claims.nonce && now_ms >= at_ms + lag_ms) return true;
  for (const auto& [email, at_ms] : people_) {
    const bool before = claims.issued_at * 1000 <= at_ms;
    if (email == claims.email && before && now_ms >= at_ms + lag_ms) return true;
  }
  return false;
}

void Revocations::Clear() {
  const Lock lock(mutex_);
  sessions_.clear();
  people_.clear();
}

AccessCore::AccessCore(const Credentials& given, AccessSite of, Runtime& clock, Random& chance)
    : credentials(given),
      site(std::move(of)),
      runtime(clock),
      random(chance),
      tokens(site.team_url, given.access_aud, clock, chance),
      services(chance),
      logins(site, clock, chance) {
  Seed();
}

void AccessCore::Seed() {
  const std::int64_t now_ms = runtime.Wall().ms;
  std::vector<AccessApplication> seeded = {SeededApplication(credentials.access_aud, site),
                                           SeededBypass(credentials.access_aud, site)};
  for (AccessApplication& application : seeded) {
    application.created_ms = application.updated_ms = now_ms;
    for (AccessPolicy& policy : application.policies)
      policy.created_ms = policy.updated_ms = now_ms;
  }
  applications.Reset(std::move(seeded));
  services.Reset(credentials.access_client_id, credentials.access_client_secret, now_ms);
  logins.Clear();
  verdicts.Clear();
  revocations.Clear();
  tokens.Reset();
}

CookieFlags AccessCore::TeamCookie(std::int64_t expires_at_s) const {
  CookieFlags flags;
  flags.secure = https;
  flags.expires_at_s = expires_at_s;
  return flags;
}

CookieFlags AccessCore::AppCookie(const AccessApplication& application,
                                  std::int64_t expires_at_s) const {
  CookieFlags flags = TeamCookie(expires_at_s);
  flags.http_only = application.http_only_cookie;
  flags.same_site = application.same_site;
  if (application.path_cookie && !application.domains.empty()) {
    const std::string& domain = application.domains.front();
    const std::size_t slash = domain.find('/');
    if (slash != std::string::npos) flags.path = domain.substr(slash);
  }
  return flags;
}

AccessPrincipal AccessCore::PrincipalOf(const AccessClaims& claims,
                                        const std::string& address) const {
  AccessPrincipal principal;
  principal.email = claims.email;
  principal.common_name = claims.email.empty() ? claims.common_name : "";
  principal.country = claims.country;
  principal.address = address;
  if (principal.is_service()) {
    const auto token = services.OfClient(principal.common_name);
    if (token) principal.service_token_id = token->id;
  }
  return principal;
}

std::string AccessCore::IdentityJson(std::string_view token) {
  const auto claims = tokens.Read(token);
  if (!claims || revocations.Has(*claims, tokens.NowMs())) return "";
  const bool service = claims->email.empty();
  Json identity = {{"account_id", credentials.account_id},
                   {"auth_status", "NONE"},
                   {"iat", claims->issued_at},
                   {"is_warp", false},
                   {"is_gateway", false},
                   {"service_token_status", service},
                   {"device_sessions", Json::object()},
                   {"devicePosture", Json::object()},
                   {"version", 2}};
  if (service) {
    identity["common_name"] = claims->common_name;
    const auto kept = services.OfClient(claims->common_name);
    if (kept) identity["service_token_id"] = kept->id;
    return DumpJson(identity);
  }
  const std::string& email = claims->email;
  identity["id"] = claims->subject;
  identity["user_uuid"] = claims->subject;
  identity["email"] = email;
  identity["name"] = email.substr(0, email.find('@'));
  identity["idp"] = {{"id", ""}, {"type", "onetimepin"}};
  identity["geo"] = {{"country", claims->country}};
  identity["groups"] = Json::array();
  return DumpJson(identity);
}

Admission Admit(const AccessApplication& application, const AccessPrincipal& principal) {
  using Decision = AccessPolicy::Decision;
  const AccessPolicy* first =
      FirstMatch(application.policies, principal, {Decision::kBypass, Decision::kNonIdentity});
  if (first == nullptr && !principal.is_service())
    first = FirstMatch(application.policies, principal, {Decision::kAllow, Decision::kDeny});
  return {first != nullptr && first->decision != Decision::kDeny, first};
}

std::int64_t LifetimeOf(const AccessApplication& application, const AccessPolicy* policy) {
  const std::int64_t seconds = policy != nullptr && policy->session_seconds >= 0
                                   ? policy->session_seconds
                                   : application.session_seconds;
  return std::max(seconds, kImmediateSeconds);
}

Response DenyPage() {
  Response page = MessagePage(403, "Forbidden", kDeniedText);
  page.headers.Set("cf-access-error", "1");  // UNCONFIRMED
  return page;
}

bool IsRead(const Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

Response WrongMethod(std::string_view allowed) {
  Response response = MessagePage(405, "Method not allowed", "This page answers other methods.");
  response.headers.Set("allow", allowed);
  return response;
}

}  // namespace mg::fake
