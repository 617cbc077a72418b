#include "core/gateway/gates/origin.h"

#include <string_view>

#include "core/base/bytes.h"

namespace mg {
namespace {

// What the gateway cannot see is the scheme that the browser used: TLS may end before it.
bool IsOriginOf(std::string_view origin, std::string_view host) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!EqualsIgnoreCase(origin.substr(0, scheme.size()), scheme)) continue;
    return EqualsIgnoreCase(origin.substr(scheme.size()), host);
  }
  return false;  // "null" too: a sandboxed frame, a file, a redirect across origins
}

bool IsSafe(const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return false;
  return !AsksForWebSocket(request.headers);
}

}  // namespace

bool AsksForWebSocket(const Headers& headers) {
  for (const std::string_view line : headers.GetAll("upgrade"))
    for (const std::string_view protocol : Split(line, ','))
      if (EqualsIgnoreCase(TrimSpace(protocol), "websocket")) return true;
  return false;
}

bool FromAnotherOrigin(const Request& request) {
  if (IsSafe(request)) return false;
  for (const std::string_view site : request.headers.GetAll("sec-fetch-site")) {
    if (site != "same-origin" && site != "none") return true;  // none: no page at all
  }
  if (!request.headers.Has("origin")) return false;
  return request.headers.Count("origin") != 1 ||
         !IsOriginOf(request.headers.Get("origin"), request.headers.Get("host"));
}

}  // namespace mg
