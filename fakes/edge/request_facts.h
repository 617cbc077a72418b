// The headers with which the edge tells the gateway about a request (wire/access-edge-sandbox.md
// 2.1). Only the edge may say these: what a client claims in them goes.
//
// CF-EW-Via counts down from 16 by how often the request has been through here, which CDN-Loop
// remembers (RFC 8586): the one such header that a client's request keeps.
//
// Accept-Encoding stays the client's, where Cloudflare's edge says "br, gzip": it would have to
// unpack answers for clients that cannot.
#pragma once
#include <string>
#include <string_view>

#include "core/http/headers.h"
#include "fakes/edge/settings.h"

namespace mg::fake {

void StripClaims(Headers& headers);
// Those with a '.' in their name.
void DropDottedHeaders(Headers& headers);

// How often this request has been through the edge before, by its CDN-Loop.
int LoopsOf(const Headers& headers);

struct RequestFacts {
  std::string_view address;  // of the client
  std::string_view ray;      // with the place
  std::string_view country;
  bool https = false;
  int loops = 0;  // before this time
};
void SayFacts(const RequestFacts& facts, Headers& headers);

}  // namespace mg::fake
