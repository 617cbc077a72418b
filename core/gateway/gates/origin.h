#pragma once
#include "core/http/message.h"

namespace mg {

// Other protocols that a client merely offers ("h2c") may be ignored (RFC 9110 7.8).
bool AsksForWebSocket(const Headers& headers);

// Whether a browser sends this from a page that is not of the host it is sent to, with whatever
// cookie it holds for that host: an unsafe method, or a WebSocket, whose answer any page may read.
// Another tenant's page is of the same site (RFC 6265bis), so nothing but the same origin will do.
// Programs say neither Origin nor Sec-Fetch-Site and are not meant.
bool FromAnotherOrigin(const Request& request);

}  // namespace mg
