#include "fakes/edge/edge.h"

#include <optional>
#include <string>
#include <utility>

#include "core/base/bytes.h"
#include "core/http/host.h"
#include "fakes/access/pages.h"

namespace mg::fake {
namespace {

constexpr std::string_view kReservedPrefix = "/cdn-cgi/access/";
constexpr std::string_view kAssertion = "cf-access-jwt-assertion";
constexpr std::string_view kTokenHeader = "cf-access-token";
constexpr std::string_view kClientId = "cf-access-client-id";
constexpr std::string_view kClientSecret = "cf-access-client-secret";
constexpr std::string_view kForwardedFor = "x-forwarded-for";
constexpr std::string_view kRouteHeader = "x-moltgate-route";
constexpr std::string_view kCookie = "CF_Authorization";
constexpr std::string_view kColo = "LOC";
constexpr std::size_t kRayBytes = 8;

// Only the edge may say these; what a client claims in them goes.
constexpr std::string_view kEdgeHeaders[] = {
    "cf-connecting-ip", "cf-connecting-ipv6", "cf-ray",         "cf-ipcountry", "cf-visitor",
    "cf-worker",        "cf-ew-via",          "true-client-ip", "cdn-loop",     "x-forwarded-proto",
};
constexpr std::string_view kIdentityPrefix = "cf-access-authenticated-";

void StripClaims(Headers& headers) {
  for (const std::string_view name : kEdgeHeaders) headers.Remove(name);
  std::vector<std::string> claims;
  for (const Headers::Line& line : headers.lines()) {
    if (EqualsIgnoreCase(std::string_view(line.name).substr(0, kIdentityPrefix.size()),
                         kIdentityPrefix)) {
      claims.push_back(line.name);
    }
  }
  for (const std::string& name : claims) headers.Remove(name);
}

// As at Cloudflare: what the client sent stays in front, so that its first element proves nothing.
void AppendForwardedFor(Headers& headers, const std::string& address) {
  std::string chain;
  for (const std::string_view value : headers.GetAll(kForwardedFor)) chain.append(value) += ", ";
  headers.Set(kForwardedFor, chain + address);
}

// The cookie's, else what the client put in a header; "" for none.
std::string AssertionOf(const Headers& headers) {
  std::string token = CookieValue(headers, kCookie).value_or("");
  if (token.empty()) token = std::string(headers.Get(kTokenHeader));
  if (token.empty()) token = std::string(headers.Get(kAssertion));
  return token;
}

std::string SessionCookie(std::string_view value) {
  return std::string(kCookie).append("=").append(value).append("; Path=/; HttpOnly; SameSite=Lax");
}

// Leaves one assertion or none. Returns the token that was minted for a service token's headers;
// wrong ones get none, and the gateway decides.
std::optional<std::string> TranslateCredentials(Headers& headers, Access* access) {
  std::optional<std::string> minted;
  if (access != nullptr) {
    minted = access->MintForServiceToken(headers.Get(kClientId), headers.Get(kClientSecret));
    const std::string assertion = minted ? *minted : AssertionOf(headers);
    headers.Remove(kAssertion);
    headers.Remove(kTokenHeader);
    if (!assertion.empty()) headers.Set(kAssertion, assertion);
  }
  headers.Remove(kClientId);
  headers.Remove(kClientSecret);
  return minted;
}

Response Authorized(const Request& request, Access& access) {
  const auto login =
      access.Redeem(QueryValue(request.Query(), "nonce").value_or(""),
                    QueryValue(request.Query(), "state").value_or(""), request.headers.Get("host"));
  if (!login) return MessagePage(400, "Invalid login session", "Open the page again to sign in.");
  Response response;
  response.status = 302;
  response.headers.Set("location", login->path);
  response.headers.Set("set-cookie", SessionCookie(login->token));
  response.headers.Set("cache-control", "no-store");
  return response;
}

Response SignedOut() {
  Response response = MessagePage(200, "Signed out", "You are signed out of this application.");
  response.headers.Set("set-cookie", SessionCookie("") + "; Max-Age=0");
  return response;
}

Response Identity(const Request& request, const Access& access) {
  std::string identity = access.IdentityJson(CookieValue(request.headers, kCookie).value_or(""));
  if (identity.empty()) return JsonResponse(401, R"({"err":"no app token set"})");
  return JsonResponse(200, std::move(identity));
}

// The reserved paths of an application's host never reach the application.
Response AnswerReserved(const Request& request, Access& access, std::string& operation) {
  const std::string_view name = request.Path().substr(kReservedPrefix.size());
  const bool known =
      name == "authorized" || name == "logout" || name == "get-identity" || name == "certs";
  operation = "access." + (known ? std::string(name) : "unknown");
  if (!known) return MessagePage(404, "Not found", "Access has no such page.");
  if (request.method != "GET") {
    Response response = MessagePage(405, "Method not allowed", "This page answers GET.");
    response.headers.Set("allow", "GET");
    return response;
  }
  if (name == "authorized") return Authorized(request, access);
  if (name == "logout") return SignedOut();
  if (name == "get-identity") return Identity(request, access);
  return JsonResponse(200, access.CertsJson());
}

std::string FirstSegment(std::string_view path) {
  const std::string_view rest = path.substr(path.empty() ? 0 : 1);
  return "/" + std::string(rest.substr(0, rest.find('/')));
}

std::string TakeOperation(Response& response, std::string_view path) {
  std::string operation(response.headers.Get(kRouteHeader));
  response.headers.Remove(kRouteHeader);
  return operation.empty() ? FirstSegment(path) : operation;
}

}  // namespace

Edge::Edge(Handler& gateway, Access* access, Runtime& runtime, Random& random, Journal& journal)
    : gateway_(gateway), access_(access), runtime_(runtime), random_(random), journal_(journal) {}

Response Edge::Handle(Request& request, const Peer& peer, CancelToken& caller_gone) {
  OpenCall open(journal_, runtime_, request, "gateway");
  const bool reserved =
      access_ != nullptr && request.Path().substr(0, kReservedPrefix.size()) == kReservedPrefix;
  if (reserved) open.service = "access";
  if (const auto host = ParseHost(request.headers.Get("host"))) open.note.subject = host->name;
  if (tenant_of_) open.SetTenant(tenant_of_(open.note.subject));

  StripClaims(request.headers);
  const std::string ray = HexEncode(random_.Bytes(kRayBytes)) + "-" + std::string(kColo);
  Response response = reserved ? AnswerReserved(request, *access_, open.note.operation)
                               : Forward(request, peer, ray, open.note, caller_gone);
  response.headers.Set("cf-ray", ray);
  open.RecordAtEnd(response, caller_gone);
  return response;
}

Response Edge::Forward(Request& request, const Peer& peer, const std::string& ray, CallNote& note,
                       CancelToken& caller_gone) {
  const std::string path(request.Path());
  request.headers.Set("cf-connecting-ip", peer.address);
  request.headers.Set("cf-ray", ray);
  request.headers.Set("x-forwarded-proto", "http");
  AppendForwardedFor(request.headers, peer.address);
  const auto minted = TranslateCredentials(request.headers, access_);
  Response response = gateway_.Handle(request, Peer{peer.address, true}, caller_gone);
  note.operation = TakeOperation(response, path);
  if (minted) response.headers.Add("set-cookie", SessionCookie(*minted));
  return response;
}

}  // namespace mg::fake
