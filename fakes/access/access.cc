#include "fakes/access/access.h"

#include <chrono>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "fakes/access/logins.h"
#include "fakes/access/pages.h"
#include "fakes/access/tokens.h"

namespace mg::fake {
namespace {

constexpr std::string_view kPrefix = "/cdn-cgi/access/";
constexpr std::string_view kLogin = "login/";
constexpr std::string_view kCookie = "CF_Authorization";
constexpr std::size_t kMaxFormBytes = 16 * 1024;
constexpr std::size_t kMaxEmailBytes = 320;
constexpr std::chrono::seconds kFormDeadline{10};
constexpr int kNoIdentityStatus = 401;  // UNCONFIRMED

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

bool IsRead(const Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

Response NotFound(CallNote& note) {
  note.operation = "access.unknown";
  return MessagePage(404, "Not found", "The team site has no such page.");
}

Response WrongMethod(std::string_view allowed) {
  Response response = MessagePage(405, "Method not allowed", "This page answers other methods.");
  response.headers.Set("allow", allowed);
  return response;
}

}  // namespace

class Access::Impl {
 public:
  Impl(const Credentials& credentials, AccessSite site, Runtime& runtime, Random& random)
      : credentials_(credentials),
        site_(std::move(site)),
        runtime_(runtime),
        tokens_(site_.team_url, credentials.access_aud, credentials.account_id, runtime, random),
        logins_(site_, runtime, random) {}

  Response Handle(Request& request, CallNote& note);

  const Credentials& credentials() const { return credentials_; }
  const AccessTokens& tokens() const { return tokens_; }
  AccessLogins& logins() { return logins_; }

 private:
  Response Login(Request& request, std::string_view encoded_host);
  Response Choose(Request& request, std::string host, std::string path);
  Response GetIdentity(const Request& request) const;

  const Credentials& credentials_;
  const AccessSite site_;
  Runtime& runtime_;
  const AccessTokens tokens_;
  AccessLogins logins_;
};

Response Access::Impl::Handle(Request& request, CallNote& note) {
  std::string_view path = request.Path();
  if (path.substr(0, kPrefix.size()) != kPrefix) return NotFound(note);
  path.remove_prefix(kPrefix.size());
  if (path.substr(0, kLogin.size()) == kLogin) {
    note.operation = "access.login";
    if (auto faulted = note.Begin()) return std::move(*faulted);
    return Login(request, path.substr(kLogin.size()));
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
  if (path == "certs") return JsonResponse(200, tokens_.certs_json());
  if (path == "get-identity") return GetIdentity(request);
  Response response = MessagePage(200, "Signed out", "You are signed out of this team.");
  response.headers.Set("set-cookie",
                       "CF_Authorization=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
  return response;
}

Response Access::Impl::Login(Request& request, std::string_view encoded_host) {
  const auto typed_host = PercentDecode(encoded_host);
  auto host = typed_host ? logins_.AllowedHost(*typed_host) : std::nullopt;
  if (!host) return MessagePage(400, "Unknown application", "No application answers at this host.");
  // `kid` in this address is the application's audience tag, not a key id.
  const std::string audience = QueryValue(request.Query(), "kid").value_or("");
  if (!ConstantTimeEqual(audience, credentials_.access_aud)) {
    return MessagePage(400, "Unknown application", "The kid names no application of this team.");
  }
  std::string path = QueryValue(request.Query(), "redirect_url").value_or("/");
  if (!IsSafeReturnPath(path)) {
    return MessagePage(400, "Bad address", "redirect_url must be a path on the application.");
  }
  if (IsRead(request)) return LoginPage(*host, site_.identities);
  if (request.method != "POST") return WrongMethod("GET, HEAD, POST");
  return Choose(request, std::move(*host), std::move(path));
}

Response Access::Impl::Choose(Request& request, std::string host, std::string path) {
  const Status read = request.body.Buffer(kMaxFormBytes, runtime_.Now() + kFormDeadline);
  if (!read) return MessagePage(400, "Bad form", "The form could not be read.");
  auto email = EmailOf(QueryValue(request.body.bytes(), "email").value_or(""));
  if (!email) return MessagePage(400, "Bad email", "Type an address like name@example.com.");
  const auto login = logins_.Begin(std::move(*email), std::move(host), std::move(path));
  Response response;
  response.status = 302;
  response.headers.Set("location", "http://" + login.host + "/cdn-cgi/access/authorized?nonce=" +
                                       login.nonce + "&state=" + login.state);
  response.headers.Set("cache-control", "no-store");
  return response;
}

Response Access::Impl::GetIdentity(const Request& request) const {
  const std::string token = CookieValue(request.headers, kCookie).value_or("");
  std::string identity = tokens_.IdentityJson(token);
  if (identity.empty()) return JsonResponse(kNoIdentityStatus, R"({"err":"no app token set"})");
  return JsonResponse(200, std::move(identity));
}

Access::Access(const Credentials& credentials, AccessSite site, Runtime& runtime, Random& random)
    : impl_(std::make_unique<Impl>(credentials, std::move(site), runtime, random)) {}
Access::~Access() = default;

Response Access::Handle(Request& request, CallNote& note, CancelToken&) {
  return impl_->Handle(request, note);
}

void Access::Reset() {
  impl_->logins().Clear();
}

std::string Access::MintToken(const Mint& mint) {
  return impl_->tokens().Make(mint);
}

std::optional<std::string> Access::MintForServiceToken(std::string_view client_id,
                                                       std::string_view client_secret) {
  const Credentials& credentials = impl_->credentials();
  const bool same_id = ConstantTimeEqual(client_id, credentials.access_client_id);
  const bool same_secret = ConstantTimeEqual(client_secret, credentials.access_client_secret);
  if (client_id.empty() || !same_id || !same_secret) return std::nullopt;
  Mint mint;
  mint.common_name = credentials.access_client_id;
  return impl_->tokens().Make(mint);
}

std::string Access::CertsJson() const {
  return impl_->tokens().certs_json();
}

std::optional<Access::Login> Access::Redeem(std::string_view nonce, std::string_view state,
                                            std::string_view host) {
  auto login = impl_->logins().Redeem(nonce, state, host);
  if (!login) return std::nullopt;
  Mint mint;
  mint.email = std::move(login->email);
  return Login{impl_->tokens().Make(mint), std::move(login->host), std::move(login->path)};
}

std::string Access::IdentityJson(std::string_view token) const {
  return impl_->tokens().IdentityJson(token);
}

}  // namespace mg::fake
