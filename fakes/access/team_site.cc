// The team's own host: keys, the login page, the team's session (wire/access-edge-sandbox.md 1.2,
// 1.7, 1.11).
#include <chrono>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/access/core.h"
#include "fakes/access/pages.h"

namespace mg::fake {
namespace {

constexpr std::string_view kLogin = "login/";
constexpr std::size_t kMaxFormBytes = 16 * 1024;
constexpr std::size_t kMaxEmailBytes = 320;
constexpr std::size_t kSessionBytes = 16;
constexpr std::int64_t kSessionCookieSeconds = 4 * 3600;
constexpr std::chrono::seconds kFormDeadline{10};

std::optional<std::string> EmailOf(std::string_view typed) {
  const std::string email = AsciiLower(TrimSpace(typed));
  const std::size_t at = email.find('@');
  const bool shaped = at != std::string::npos && at > 0 && at + 1 < email.size() &&
                      email.find('@', at + 1) == std::string::npos;
  if (!shaped || email.size() > kMaxEmailBytes || !IsValidUtf8(email)) return std::nullopt;
  for (const char c : email) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return std::nullopt;
  }
  return email;
}

Response NotFound(CallNote& note) {
  note.operation = "access.unknown";
  return MessagePage(404, "Not found", "The team site has no such page.");
}

// Where a login leads: read from the address of the login page.
struct Destination {
  AccessApplications::Kept application;
  std::string host;  // with port
  std::string path;
  std::string app_session_sha256;  // empty: no edge sent this login
};

struct Session {  // of the team's domain
  std::string email;
  std::string nonce;
};

class TeamSite {
 public:
  TeamSite(AccessCore& core, Request& request) : core_(core), request_(request) {}

  Response Login(std::string_view encoded_host);
  Response GetIdentity();
  Response SignOut();

 private:
  std::optional<Response> ReadDestination(std::string_view encoded_host, Destination& to);
  std::optional<Response> ReadMeta(Destination& to);
  bool MayLogIn(const AccessApplication& application, std::string_view authority) const;
  std::optional<Session> OpenSession();
  Response Choose(const Destination& to);
  Response SendBack(const Destination& to, const Session& session);

  AccessCore& core_;
  Request& request_;
};

bool TeamSite::MayLogIn(const AccessApplication& application, std::string_view authority) const {
  const std::string_view name = NameOfAuthority(authority);
  if (application.audience == core_.credentials.access_aud && core_.logins.IsOurs(name))
    return true;
  for (const std::string& domain : application.domains)
    if (MatchOfDomain(domain.substr(0, domain.find('/')), name, "/") >= 0) return true;
  return false;
}

// The edge's redirect brings `meta`, which names the browser that may come back.
std::optional<Response> TeamSite::ReadMeta(Destination& to) {
  const auto meta = QueryValue(request_.Query(), "meta");
  if (!meta) return std::nullopt;
  const auto claims = core_.tokens.ReadClaims(*meta);
  const bool good = claims && StringAt(*claims, "type") == "meta" &&
                    StringAt(*claims, "aud") == to.application->audience &&
                    StringAt(*claims, "hostname") == to.host;
  if (!good) return MessagePage(400, "Invalid login session", "Open the application again.");
  to.app_session_sha256 = StringAt(*claims, "app_session_hash");
  return std::nullopt;
}

std::optional<Response> TeamSite::ReadDestination(std::string_view encoded_host, Destination& to) {
  const auto typed_host = PercentDecode(encoded_host);
  const auto host = typed_host ? NormalAuthority(*typed_host) : std::nullopt;
  // `kid` in this address is the application's audience tag, not a key id.
  to.application = core_.applications.Get(QueryValue(request_.Query(), "kid").value_or(""));
  if (!host || !to.application || !MayLogIn(*to.application, *host)) {
    return MessagePage(400, "Unknown application",
                       "No application of this team has this host and this kid.");
  }
  to.host = *host;
  to.path = QueryValue(request_.Query(), "redirect_url").value_or("/");
  if (!IsSafeReturnPath(to.path)) {
    return MessagePage(400, "Bad address", "redirect_url must be a path on the application.");
  }
  return ReadMeta(to);
}

std::optional<Session> TeamSite::OpenSession() {
  const auto claims =
      core_.tokens.Read(CookieValue(request_.headers, kAuthorizationCookie).value_or(""));
  if (!claims || claims->type != "org" || claims->email.empty()) return std::nullopt;
  if (core_.revocations.Has(*claims, core_.tokens.NowMs())) return std::nullopt;
  return Session{claims->email, claims->nonce};
}

Response TeamSite::Login(std::string_view encoded_host) {
  Destination to;
  if (auto refused = ReadDestination(encoded_host, to)) return std::move(*refused);
  if (IsRead(request_)) {
    if (const auto session = OpenSession()) return SendBack(to, *session);
    Response page = LoginPage(to.host, core_.site.identities);
    page.headers.Add(
        "set-cookie",
        SetCookieText(kSessionCookie, HexEncode(core_.random.Bytes(kSessionBytes)),
                      core_.TeamCookie(core_.tokens.NowSeconds() + kSessionCookieSeconds)));
    return page;
  }
  if (request_.method != "POST") return WrongMethod("GET, HEAD, POST");
  return Choose(to);
}

Response TeamSite::Choose(const Destination& to) {
  const Status read = request_.body.Buffer(kMaxFormBytes, core_.runtime.Now() + kFormDeadline);
  if (!read) return MessagePage(400, "Bad form", "The form could not be read.");
  const auto email = EmailOf(QueryValue(request_.body.bytes(), "email").value_or(""));
  if (!email) return MessagePage(400, "Bad email", "Type an address like name@example.com.");
  const Session session{*email, core_.tokens.NewNonce()};
  Response response = SendBack(to, session);
  if (response.status != 302) return response;
  SessionToken token;
  token.type = "org";
  token.audience = Sha256Hex(core_.site.team_url);
  token.email = session.email;
  token.nonce = session.nonce;
  token.lifetime_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(core_.tokens.knobs().session_duration)
          .count();
  response.headers.Add("set-cookie", SetCookieText(kAuthorizationCookie, core_.tokens.Make(token),
                                                   core_.TeamCookie(core_.tokens.NowSeconds() +
                                                                    token.lifetime_seconds)));
  return response;
}

Response TeamSite::SendBack(const Destination& to, const Session& session) {
  AccessPrincipal principal;
  principal.email = session.email;
  const Admission admission = Admit(*to.application, principal);
  if (!admission.admitted) return DenyPage();
  AccessLogins::Pending login;
  login.email = session.email;
  login.identity_nonce = session.nonce;
  login.audience = to.application->audience;
  login.host = to.host;
  login.path = to.path;
  login.app_session_sha256 = to.app_session_sha256;
  login.policy_id = admission.policy->id;
  login.lifetime_seconds = LifetimeOf(*to.application, admission.policy);
  login = core_.logins.Begin(std::move(login));
  Response response;
  response.status = 302;
  response.headers.Set("location", core_.Scheme() + login.host +
                                       "/cdn-cgi/access/authorized?nonce=" + login.nonce +
                                       "&state=" + login.state);
  response.headers.Set("cache-control", "no-store");
  return response;
}

Response TeamSite::GetIdentity() {
  std::string identity =
      core_.IdentityJson(CookieValue(request_.headers, kAuthorizationCookie).value_or(""));
  if (identity.empty()) return JsonResponse(kNoIdentityStatus, R"({"err":"no app token set"})");
  return JsonResponse(200, std::move(identity));
}

Response TeamSite::SignOut() {
  const auto claims =
      core_.tokens.Read(CookieValue(request_.headers, kAuthorizationCookie).value_or(""));
  if (claims) core_.revocations.Session(claims->nonce, core_.tokens.NowMs());
  Response response = MessagePage(200, "Signed out", "You are signed out of this team.");
  response.headers.Set("set-cookie", ClearCookieText(kAuthorizationCookie, core_.TeamCookie()));
  return response;
}

}  // namespace

Response AnswerTeamSite(AccessCore& core, Request& request, CallNote& note) {
  std::string_view path = request.Path();
  if (path.substr(0, kAccessPrefix.size()) != kAccessPrefix) return NotFound(note);
  path.remove_prefix(kAccessPrefix.size());
  TeamSite site(core, request);
  if (path.substr(0, kLogin.size()) == kLogin) {
    note.operation = "access.login";
    if (auto faulted = note.Begin()) return std::move(*faulted);
    return site.Login(path.substr(kLogin.size()));
  }
  if (path == "cli" || path == "callback") {  // cloudflared's login, an identity provider's return
    note.operation = "access." + std::string(path);
    Response gap = MessagePage(501, "Not implemented", "The Access fake does not do this.");
    gap.headers.Set(kGapHeader, note.operation);
    return gap;
  }
  if (path != "certs" && path != "logout" && path != "get-identity") return NotFound(note);
  note.operation = "access." + std::string(path);
  if (!IsRead(request)) return WrongMethod("GET, HEAD");
  if (auto faulted = note.Begin()) return std::move(*faulted);
  if (path == "get-identity") return site.GetIdentity();
  if (path == "logout") return site.SignOut();
  Response certs = JsonResponse(200, core.tokens.CertsJson());
  certs.headers.Set("cache-control", "public, max-age=3600");  // UNCONFIRMED
  return certs;
}

}  // namespace mg::fake
