#include "core/gateway/routes/agent_headers.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"

namespace mg {
namespace {

constexpr std::string_view kOfOneConnection[] = {"connection",
                                                 "keep-alive",
                                                 "proxy-connection",
                                                 "proxy-authenticate",
                                                 "te",
                                                 "proxy-authorization",
                                                 "proxy-authentication-info",
                                                 "trailer",
                                                 "transfer-encoding",
                                                 "upgrade"};
// For the gateway alone: an Access token is good for every tenant of its holder, so no agent may
// see one. The rest would let a caller say who or where it is; a name that ends in '-' means all
// that begin with it.
constexpr std::string_view kNotForAgents[] = {"host",          "expect",
                                              "authorization", "cookie",
                                              "cf-access-",    "cf-connecting-",
                                              "x-tenant-",     "forwarded",
                                              "x-forwarded-",  "x-real-",
                                              "client-ip",     "true-client-ip",
                                              "x-client-ip",   "x-cluster-client-ip",
                                              "x-original-",   "x-rewrite-",
                                              "x-moltgate-"};
// The gateway's own word about this answer.
constexpr std::string_view kNotFromAgents[] = {"x-moltgate-", "x-request-id"};

// An agent may read "x_real_ip" as it reads "x-real-ip" (CGI's variables know no difference).
char Folded(char c) {
  if (c == '_') return '-';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool IsNamed(std::string_view listed, std::string_view name) {
  const bool prefix = listed.back() == '-';
  if (prefix ? name.size() < listed.size() : name.size() != listed.size()) return false;
  return std::equal(listed.begin(), listed.end(), name.begin(),
                    [](char a, char b) { return a == Folded(b); });
}

template <std::size_t N>
bool OneOf(const std::string_view (&names)[N], std::string_view name) {
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view listed) { return IsNamed(listed, name); });
}

// What a Connection line names belongs to that one connection too.
bool IsOfOneConnection(const Headers& headers, std::string_view name) {
  if (OneOf(kOfOneConnection, name)) return true;
  for (const std::string_view line : headers.GetAll("connection")) {
    for (const std::string_view token : Split(line, ','))
      if (EqualsIgnoreCase(TrimSpace(token), name)) return true;
  }
  return false;
}

bool IsAccessCookie(std::string_view cookie) {
  return TrimSpace(cookie).substr(0, 3) == "CF_";
}

// The caller's cookies without Access's own.
std::string ForwardedCookies(const Headers& headers) {
  std::string kept;
  for (const std::string_view line : headers.GetAll("cookie")) {
    for (const std::string_view cookie : Split(line, ';')) {
      if (IsAccessCookie(cookie) || TrimSpace(cookie).empty()) continue;
      if (!kept.empty()) kept += "; ";
      kept += TrimSpace(cookie);
    }
  }
  return kept;
}

// An agent's cookie stays on its own host: a Domain would carry it to other tenants, and one
// without a name could pass for Access's.
std::optional<std::string> OwnCookie(std::string_view line) {
  const std::vector<std::string_view> parts = Split(line, ';');
  const std::string_view name = TrimSpace(parts.front().substr(0, parts.front().find('=')));
  if (name.empty() || IsAccessCookie(name)) return std::nullopt;
  std::string kept(TrimSpace(parts.front()));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string_view attribute = TrimSpace(parts[i]);
    if (EqualsIgnoreCase(TrimSpace(attribute.substr(0, attribute.find('='))), "domain")) continue;
    kept += "; " + std::string(attribute);
  }
  return kept;
}

}  // namespace

Request ForAgent(const Exchange& exchange, const std::string& origin, const std::string& token) {
  const Request& in = exchange.request;
  Request out;
  out.method = in.method;
  out.origin = origin;
  out.target = in.target;
  out.body = in.body;
  for (const Headers::Line& line : in.headers.lines()) {
    if (!OneOf(kNotForAgents, line.name) && !IsOfOneConnection(in.headers, line.name))
      out.headers.Add(line.name, line.value);
  }
  const std::string cookies = ForwardedCookies(in.headers);
  if (!cookies.empty()) out.headers.Set("cookie", cookies);
  out.headers.Set("authorization", "Bearer " + token);
  out.headers.Set("x-forwarded-for", exchange.client_address);
  const std::string_view scheme = in.headers.Get("x-forwarded-proto");
  if (scheme == "https" || scheme == "http") out.headers.Set("x-forwarded-proto", scheme);
  out.headers.Set("x-forwarded-host", in.headers.Get("host"));
  out.headers.Set("x-moltgate-user", exchange.identity->subject);
  return out;
}

Headers ForCaller(const Headers& answered) {
  Headers kept;
  for (const Headers::Line& line : answered.lines()) {
    if (OneOf(kNotFromAgents, line.name) || IsOfOneConnection(answered, line.name)) continue;
    if (!EqualsIgnoreCase(line.name, "set-cookie")) {
      kept.Add(line.name, line.value);
    } else if (const auto cookie = OwnCookie(line.value)) {
      kept.Add(line.name, *cookie);
    }
  }
  return kept;
}

}  // namespace mg
