// The errors that Cloudflare's edge answers itself (wire/access-edge-sandbox.md 2.4).
#pragma once
#include <cstdint>

namespace mg::fake {

struct EdgeError {
  int code = 0;    // 1015, or an HTTP status that is an error page of its own: 520
  int status = 0;  // HTTP; of some codes UNCONFIRMED
  const char* name = "";
  const char* category = "";
  const char* title = "";
  const char* detail = "";
  std::int64_t retry_after_seconds = 0;  // 0: no such header
  bool owner_action = false;             // the site's owner must act
};

namespace edge_code {
inline constexpr int kAddressHost = 1003;
inline constexpr int kRateLimited = 1015;
inline constexpr int kLoop = 1019;
inline constexpr int kHeadersTooLarge = 1038;
inline constexpr int kUnknownError = 520;
}  // namespace edge_code

// For a code or an HTTP status; what the table does not have becomes a general one of that status
// (or 500).
EdgeError EdgeErrorOf(int code);

}  // namespace mg::fake
