// How an answer says what is left of a limit (LIM-3): X-RateLimit-*, as everybody reads them, and
// RateLimit with RateLimit-Policy of draft-ietf-httpapi-ratelimit-headers-10
// (wire/access-edge-sandbox.md 2.7). All replace what an agent may have set.
#pragma once
#include "core/http/headers.h"
#include "core/services/limiter.h"

namespace mg {

void SetLimitHeaders(const Allowance& allowance, Headers& headers);

}  // namespace mg
