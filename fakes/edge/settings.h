// What the edge in front of the gateway is like, in one place (wire/access-edge-sandbox.md 2, 7).
// UNCONFIRMED: no source, or sources that disagree.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fakes/edge/rate_rule.h"

namespace mg::fake {

// A rate-limiting binding of Workers (2.6), under Cloudflare's own names.
struct RateBinding {
  std::string name;
  std::string namespace_id;  // those of one id share their counters
  std::int64_t limit = 1;
  std::int64_t period_seconds = 60;  // 10 or 60
  std::int64_t slack = 0;            // admits so many more: the service is permissive
};

struct EdgeSettings {
  std::string country = "XX";  // of every client; XX is Cloudflare's word for unknown
  std::string colo = "LOC";    // no place of Cloudflare's

  std::size_t url_bytes = 16 * 1024;
  std::size_t header_bytes = 128 * 1024;           // of a request, all together
  std::size_t response_header_bytes = 128 * 1024;  // likewise
  std::uint64_t body_bytes = 100'000'000;          // the plans Free and Pro
  bool drops_dotted_headers = true;                // UNCONFIRMED: names with a '.' "may be dropped"
  // At Cloudflare such hosts never reach a Worker; the gateway has answers of its own (TEN-3,
  // TEN-5), which this would hide.
  bool refuses_address_hosts = false;
  bool refuses_unknown_hosts = false;

  std::vector<RateRule> rules = {DefaultRateRule()};
  std::vector<RateBinding> bindings;
};

// --- UNCONFIRMED -------------------------------------------------------------------------------
inline constexpr int kUrlTooLongStatus = 414;  // 400 was seen too
inline constexpr int kUnknownHostCode = 1016;  // or 1001, or a 409
inline constexpr int kChallengeStatus = 403;
inline constexpr std::int64_t kOriginRetrySeconds = 60;  // of 502, 504, 520 to 524
inline constexpr bool kIpv6CountsByNetwork = true;       // a /64 is one client

// --- Documented --------------------------------------------------------------------------------
inline constexpr int kLoopLimit = 16;  // CF-EW-Via starts there; at 0 the request has looped

}  // namespace mg::fake
