// Access in front of an application: who passes, with what, and what the others get
// (wire/access-edge-sandbox.md 1.3, 1.7 to 1.10).
#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/access/core.h"
#include "fakes/access/pages.h"

namespace mg::fake {
namespace {

constexpr std::string_view kAssertion = "cf-access-jwt-assertion";
constexpr std::string_view kTokenHeader = "cf-access-token";
constexpr std::string_view kClientId = "cf-access-client-id";
constexpr std::string_view kClientSecret = "cf-access-client-secret";
constexpr std::string_view kEmailHeader = "cf-access-authenticated-user-email";
constexpr std::string_view kIdentityPrefix = "cf-access-authenticated-";
constexpr std::string_view kMetadataRequest = "cf-access-metadata-request";
constexpr std::size_t kAppSessionBytes = 16;
constexpr std::int64_t kAppSessionSeconds = 24 * 3600;

constexpr const char* kMalformedToken = "service_token_malformed";

// What a client sent to be a service.
struct ServiceHeaders {
  bool any = false;
  std::string client_id, secret;
  const char* why = "";  // what is wrong with the headers themselves
};

// The single header is an object of both, and may not come with the other two.
ServiceHeaders FromOneHeader(const Headers& headers, const AccessApplication& application) {
  ServiceHeaders sent;
  const std::string& name = application.read_service_tokens_from_header;
  if (name.empty() || headers.Get(name).substr(0, 1) != "{") return sent;
  sent.any = true;
  const auto json = ParseJson(headers.Get(name), {.refuse_duplicate_keys = true});
  if (!json || headers.Count(name) > 1) {
    sent.why = kMalformedToken;
    return sent;
  }
  sent.client_id = StringAt(*json, kClientId);
  sent.secret = StringAt(*json, kClientSecret);
  return sent;
}

ServiceHeaders ReadServiceHeaders(const Headers& headers, const AccessApplication& application) {
  ServiceHeaders sent = FromOneHeader(headers, application);
  const std::size_t ids = headers.Count(kClientId), secrets = headers.Count(kClientSecret);
  if (ids + secrets == 0) {
    if (sent.any && sent.why[0] == '\0' && (sent.client_id.empty() || sent.secret.empty()))
      sent.why = "service_token_incomplete";
    return sent;
  }
  if (sent.any) {
    sent.why = "service_token_both_styles";
    return sent;
  }
  sent.any = true;
  sent.client_id = headers.Get(kClientId);
  sent.secret = headers.Get(kClientSecret);
  if (ids > 1 || secrets > 1) {
    sent.why = "service_token_duplicated";
  } else if (sent.client_id.empty() || sent.secret.empty()) {
    sent.why = "service_token_incomplete";
  }
  return sent;
}

bool IsPreflight(const Request& request) {
  return request.method == "OPTIONS" && request.headers.Has("origin") &&
         request.headers.Has("access-control-request-method");
}

bool IsUpgrade(const Request& request) {
  return EqualsIgnoreCase(request.headers.Get("upgrade"), "websocket");
}

bool IsBrowser(const Request& request) {
  return request.headers.Get("accept").find("text/html") != std::string_view::npos;
}

std::string BindingOf(std::string_view token) {
  return Sha256Hex("binding of " + std::string(token));
}

// One request at one application.
class Gate {
 public:
  Gate(AccessCore& core, Request& request, const std::string& address, CallNote& note,
       AccessPassage& passage, AccessApplications::Kept application, std::string host)
      : core_(core),
        request_(request),
        note_(note),
        passage_(passage),
        application_(std::move(application)),
        host_(std::move(host)),
        knobs_(core.tokens.knobs()) {
    nobody_.address = address;
  }

  std::optional<Response> Decide();

 private:
  using Answer = std::optional<Response>;  // nullopt: the request passes

  std::optional<Answer> AsService();
  Answer AsHolder();
  Answer Admitted(const AccessPolicy& policy, const AccessPrincipal& who, const std::string& token);
  void PassOn(const AccessPrincipal& who, const std::string& token);
  Response Challenge(const char* check);
  Response RedirectToLogin(const char* check);
  Response Deny(const char* check, const AccessPrincipal& who, const AccessPolicy* policy);
  Response Unauthorized(const char* check);
  const char* WhyNot(const AccessClaims& claims) const;
  std::string Metadata() const;
  std::string Meta(const std::string& app_session) const;
  void Record(const char* verdict, const char* check, const AccessPrincipal& who,
              const AccessPolicy* policy, int status);

  AccessCore& core_;
  Request& request_;
  CallNote& note_;
  AccessPassage& passage_;
  const AccessApplications::Kept application_;
  const std::string host_;  // with port
  const AccessKnobs knobs_;
  AccessPrincipal nobody_;
  bool service_token_invalid_ = false;
};

void Gate::Record(const char* verdict, const char* check, const AccessPrincipal& who,
                  const AccessPolicy* policy, int status) {
  AccessVerdict entry;
  entry.at_ms = core_.runtime.Wall().ms;
  entry.method = request_.method;
  entry.host = host_;
  entry.path = std::string(request_.Path());
  entry.application = application_->name;
  entry.audience = application_->audience;
  entry.principal = who.name();
  entry.address = who.address;
  entry.verdict = verdict;
  entry.check = check;
  entry.policy = policy == nullptr ? "" : policy->id;
  entry.status = status;
  core_.verdicts.Add(std::move(entry));
  if (status == 0) return;
  note_.operation = "access.gate";
  note_.subject = check;
}

std::optional<Response> Gate::Decide() {
  const AccessPolicy* open =
      FirstMatch(application_->policies, nobody_, {AccessPolicy::Decision::kBypass});
  if (open != nullptr) {  // straight to the application, whatever the client claims
    Record("bypass", "policy", nobody_, open, 0);
    return std::nullopt;
  }
  if (knobs_.worker_attached && IsUpgrade(request_)) return Deny("upgrade", nobody_, nullptr);
  if (IsPreflight(request_) && !CookieValue(request_.headers, kAuthorizationCookie)) {
    if (!application_->options_preflight_bypass) return Deny("preflight", nobody_, nullptr);
    Record("bypass", "preflight", nobody_, nullptr, 0);
    return std::nullopt;
  }
  if (auto answered = AsService()) return std::move(*answered);
  return AsHolder();
}

// nullopt: no service asks, or one that has to log in like everybody else.
std::optional<Gate::Answer> Gate::AsService() {
  const ServiceHeaders sent = ReadServiceHeaders(request_.headers, *application_);
  if (!sent.any) return std::nullopt;
  ServiceTokens::Check check{std::nullopt, sent.why};
  if (sent.why[0] == '\0')
    check = core_.services.Verify(sent.client_id, sent.secret, core_.runtime.Wall().ms);
  if (!check.token) {
    if (knobs_.strict_service_tokens) return Answer(Unauthorized(check.why));
    service_token_invalid_ = true;
    return Answer(RedirectToLogin(check.why));
  }
  AccessPrincipal who = nobody_;
  who.common_name = check.token->client_id;
  who.service_token_id = check.token->id;
  const Admission admission = Admit(*application_, who);
  if (!admission.admitted) {
    if (knobs_.strict_service_tokens)
      return Answer(Deny("service_token_no_policy", who, admission.policy));
    return std::nullopt;
  }
  SessionToken token;
  token.audience = application_->audience;
  token.common_name = who.common_name;
  token.policy_id = admission.policy->id;
  token.lifetime_seconds = LifetimeOf(*application_, admission.policy);
  const std::string made = core_.tokens.Make(token);
  if (!knobs_.strict_service_tokens) {
    passage_.cookies.push_back(SetCookieText(
        kAuthorizationCookie, made,
        core_.AppCookie(*application_, core_.tokens.NowSeconds() + token.lifetime_seconds)));
  }
  return Admitted(*admission.policy, who, made);
}

const char* Gate::WhyNot(const AccessClaims& claims) const {
  if (claims.type != "app") return "wrong_type";
  if (claims.audience != application_->audience) return "wrong_audience";
  const bool withdrawn = claims.issued_at < application_->revoked_before_s ||
                         core_.revocations.Has(claims, core_.tokens.NowMs());
  return withdrawn ? "revoked" : nullptr;
}

// With the cookie of a login, or the token that `cloudflared access curl` sends.
Gate::Answer Gate::AsHolder() {
  const auto cookie = CookieValue(request_.headers, kAuthorizationCookie);
  std::string token = cookie.value_or("");
  if (token.empty()) token = std::string(request_.headers.Get(kTokenHeader));
  if (token.empty()) return Challenge("no_token");
  const bool bound = !application_->binding_cookie || !cookie ||
                     CookieValue(request_.headers, kBindingCookie) == BindingOf(token);
  if (!bound) return Challenge("binding_cookie");
  const auto claims = core_.tokens.Read(token);
  if (!claims) {
    // The check's words are literals of AccessTokens: found again to keep them so.
    for (const char* word :
         {"expired", "unknown_key", "bad_signature", "wrong_issuer", "malformed"})
      if (claims.error().message == word) return Challenge(word);
    return Challenge("malformed");
  }
  if (const char* why = WhyNot(*claims)) return Challenge(why);
  const AccessPrincipal who = core_.PrincipalOf(*claims, nobody_.address);
  if (!who.is_known()) return Challenge("no_principal");
  const Admission admission = Admit(*application_, who);
  if (!admission.admitted)
    return Deny(admission.policy == nullptr ? "no_policy" : "policy", who, admission.policy);
  return Admitted(*admission.policy, who, token);
}

Gate::Answer Gate::Admitted(const AccessPolicy& policy, const AccessPrincipal& who,
                            const std::string& token) {
  const bool bypass = policy.decision == AccessPolicy::Decision::kBypass;
  Record(bypass ? "bypass" : "allow", "policy", who, &policy, 0);
  if (!bypass) PassOn(who, token);
  return std::nullopt;
}

// Whatever the client said about itself is replaced.
void Gate::PassOn(const AccessPrincipal& who, const std::string& token) {
  Headers& headers = request_.headers;
  RemoveIdentityHeaders(headers);
  for (const std::string_view name : {kAssertion, kTokenHeader, kClientId, kClientSecret})
    headers.Remove(name);
  if (FromOneHeader(headers, *application_).any)
    headers.Remove(application_->read_service_tokens_from_header);
  RemoveCookies(headers, {kBindingCookie, kAppSessionCookie});
  if (knobs_.header_only) RemoveCookies(headers, {kAuthorizationCookie});
  if (!knobs_.cookie_only) headers.Set(kAssertion, token);
  if (knobs_.email_header && !who.email.empty()) headers.Set(kEmailHeader, who.email);
}

Response Gate::Deny(const char* check, const AccessPrincipal& who, const AccessPolicy* policy) {
  Record("deny", check, who, policy, 403);
  return DenyPage();
}

Response Gate::Unauthorized(const char* check) {
  Record("unauthorized", check, nobody_, nullptr, 401);
  Response response = TextResponse(401, "Unauthorized\n");
  response.headers.Set("cache-control", "no-store");
  return response;
}

Response Gate::Challenge(const char* check) {
  if (EqualsIgnoreCase(request_.headers.Get("x-requested-with"), "XMLHttpRequest"))
    return Unauthorized(check);
  if (!knobs_.managed_oauth || IsBrowser(request_)) return RedirectToLogin(check);
  Response response = Unauthorized(check);
  response.headers.Set("www-authenticate", "Bearer resource_metadata=\"" + core_.Scheme() + host_ +
                                               "/.well-known/oauth-authorization-server\"");
  return response;
}

std::string Gate::Meta(const std::string& app_session) const {
  const std::int64_t now = core_.tokens.NowSeconds();
  return core_.tokens.MakeOf(Json{
      {"type", "meta"},
      {"aud", application_->audience},
      {"hostname", host_},
      {"redirect_url", request_.target},
      {"auth_status", service_token_invalid_ ? "SERVICE_TOKEN_INVALID" : "NONE"},
      {"service_token_status", false},
      {"is_warp", false},
      {"is_gateway", false},
      {"app_session_hash", Sha256Hex(app_session)},
      {"iss", core_.site.team_url},
      {"iat", now},
      {"nbf", now},
      {"exp", now + kAppSessionSeconds},
  });
}

// For who asks what application this is: `cloudflared access` does.
std::string Gate::Metadata() const {
  const std::string& team = core_.site.team_url;
  const std::size_t scheme = team.find("://");
  const std::int64_t now = core_.tokens.NowSeconds();
  return core_.tokens.MakeOf(
      Json{{"type", "match"},
           {"hostname", host_},
           {"auth_domain", scheme == std::string::npos ? team : team.substr(scheme + 3)},
           {"aud", application_->audience},
           {"app_hostname", host_},
           {"iat", now},
           {"exp", now + kAppSessionSeconds}});
}

Response Gate::RedirectToLogin(const char* check) {
  Record("login", check, nobody_, nullptr, 302);
  const std::string app_session = HexEncode(core_.random.Bytes(kAppSessionBytes));
  const std::string& target = request_.target;
  Response response;
  response.status = 302;
  response.headers.Set("location", core_.site.team_url + "/cdn-cgi/access/login/" + host_ +
                                       "?kid=" + PercentEncode(application_->audience) +
                                       "&meta=" + Meta(app_session) +
                                       "&redirect_url=" + PercentEncode(target));
  CookieFlags flags = core_.TeamCookie(core_.tokens.NowSeconds() + kAppSessionSeconds);
  response.headers.Add("set-cookie", SetCookieText(kAppSessionCookie, app_session, flags));
  // UNCONFIRMED parameters.
  response.headers.Set("www-authenticate",
                       "Cloudflare-Access realm=\"" + application_->audience + "\"");
  response.headers.Set("cache-control", "no-store");
  if (EqualsIgnoreCase(request_.headers.Get(kMetadataRequest), "true"))
    response.headers.Set("cf-access-metadata", Metadata());
  return response;
}

// --- the reserved paths of an application's host ------------------------------------------------

Response Authorized(AccessCore& core, const Request& request) {
  const auto login = core.logins.Redeem(
      QueryValue(request.Query(), "nonce").value_or(""),
      QueryValue(request.Query(), "state").value_or(""), request.headers.Get("host"),
      CookieValue(request.headers, kAppSessionCookie).value_or(""));
  const auto application = login ? core.applications.Get(login->audience) : nullptr;
  if (!application)
    return MessagePage(400, "Invalid login session", "Open the page again to sign in.");
  SessionToken token;
  token.audience = login->audience;
  token.email = login->email;
  token.nonce = login->identity_nonce;
  token.policy_id = login->policy_id;
  token.lifetime_seconds = login->lifetime_seconds;
  const std::string made = core.tokens.Make(token);
  const CookieFlags flags =
      core.AppCookie(*application, core.tokens.NowSeconds() + token.lifetime_seconds);
  Response response;
  response.status = 302;
  const bool whole = core.tokens.knobs().preserve_query;
  response.headers.Set("location",
                       whole ? login->path : login->path.substr(0, login->path.find('?')));
  response.headers.Add("set-cookie", SetCookieText(kAuthorizationCookie, made, flags));
  if (application->binding_cookie)
    response.headers.Add("set-cookie", SetCookieText(kBindingCookie, BindingOf(made), flags));
  response.headers.Set("cache-control", "no-store");
  return response;
}

Response SignedOut(AccessCore& core, const Request& request) {
  const auto claims =
      core.tokens.Read(CookieValue(request.headers, kAuthorizationCookie).value_or(""));
  if (claims) core.revocations.Session(claims->nonce, core.tokens.NowMs());
  Response response = MessagePage(200, "Signed out", "You are signed out of this application.");
  const auto application = claims ? core.applications.Get(claims->audience) : nullptr;
  const CookieFlags flags = application ? core.AppCookie(*application) : core.TeamCookie();
  for (const std::string_view name : {kAuthorizationCookie, kBindingCookie})
    response.headers.Add("set-cookie", ClearCookieText(name, flags));
  return response;
}

Response Identity(AccessCore& core, const Request& request) {
  std::string identity =
      core.IdentityJson(CookieValue(request.headers, kAuthorizationCookie).value_or(""));
  if (identity.empty()) return JsonResponse(kNoIdentityStatus, R"({"err":"no app token set"})");
  return JsonResponse(200, std::move(identity));
}

// A tenant's own domain is behind the application of the other tenants, unless one names it.
AccessApplications::Kept ApplicationOf(AccessCore& core, const std::string& host,
                                       std::string_view path) {
  const std::string_view name = NameOfAuthority(host);
  auto application = core.applications.For(name, path);
  const bool registered =
      !application && core.site.is_registered_domain && core.site.is_registered_domain(name);
  return registered ? core.applications.For("custom." + core.site.app_domain, path) : application;
}

}  // namespace

void RemoveIdentityHeaders(Headers& headers) {
  std::vector<std::string> claims;
  for (const Headers::Line& line : headers.lines()) {
    if (EqualsIgnoreCase(std::string_view(line.name).substr(0, kIdentityPrefix.size()),
                         kIdentityPrefix)) {
      claims.push_back(line.name);
    }
  }
  for (const std::string& name : claims) headers.Remove(name);
}

// They never reach the application.
Response AnswerReserved(AccessCore& core, const Request& request, CallNote& note) {
  const std::string_view name = request.Path().substr(kAccessPrefix.size());
  const bool known =
      name == "authorized" || name == "logout" || name == "get-identity" || name == "certs";
  note.operation = "access." + (known ? std::string(name) : "unknown");
  if (!known) return MessagePage(404, "Not found", "Access has no such page.");
  if (!IsRead(request)) return WrongMethod("GET, HEAD");
  if (name == "authorized") return Authorized(core, request);
  if (name == "logout") return SignedOut(core, request);
  if (name == "get-identity") return Identity(core, request);
  return JsonResponse(200, core.tokens.CertsJson());
}

std::optional<Response> EnforceAccess(AccessCore& core, Request& request,
                                      const std::string& address, CallNote& note,
                                      AccessPassage& passage) {
  const auto host = NormalAuthority(request.headers.Get("host"));
  auto application = host ? ApplicationOf(core, *host, request.Path()) : nullptr;
  if (!application) return std::nullopt;  // nobody's: untouched
  Gate gate(core, request, address, note, passage, std::move(application), *host);
  return gate.Decide();
}

// Leaves one assertion or none; who has no good one is for the gateway to refuse.
void TranslateCredentials(AccessCore& core, Request& request, AccessPassage& passage) {
  Headers& headers = request.headers;
  RemoveIdentityHeaders(headers);
  const auto check = core.services.Verify(headers.Get(kClientId), headers.Get(kClientSecret),
                                          core.runtime.Wall().ms);
  std::string assertion;
  if (check.token) {
    Mint mint;
    mint.common_name = check.token->client_id;
    assertion = core.tokens.Make(mint);
    passage.cookies.push_back(SetCookieText(kAuthorizationCookie, assertion, core.TeamCookie()));
  }
  if (assertion.empty()) assertion = CookieValue(headers, kAuthorizationCookie).value_or("");
  if (assertion.empty()) assertion = std::string(headers.Get(kTokenHeader));
  if (assertion.empty()) assertion = std::string(headers.Get(kAssertion));
  for (const std::string_view name : {kAssertion, kTokenHeader, kClientId, kClientSecret})
    headers.Remove(name);
  if (!assertion.empty()) headers.Set(kAssertion, assertion);
}

}  // namespace mg::fake
