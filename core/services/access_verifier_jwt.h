// The steps of VerifyToken: compact JWS first (signature before any claim is read), then claims.
// Pure. Errors: kUnauthenticated; the message is the reason code of TokenCheck.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/services/access_verifier.h"

namespace mg {

inline constexpr std::string_view kReasonUnknownKid = "unknown_kid";
inline constexpr std::string_view kReasonTooLong = "too_long";
inline constexpr std::size_t kMaxTokenBytes = 16 * 1024;

// The payload of a compact JWS signed by one of `keys` with RS256, whatever the payload is.
Result<std::string> VerifyCompactJws(std::string_view token, const KeySet& keys);

// What was proved by a token, and from when to when (seconds since the epoch, leeway not included).
struct VerifiedToken {
  Identity identity;
  std::int64_t expires_at = 0;
  std::int64_t not_before = 0;  // the later of nbf and iat

  // nullptr, or why it does not hold now.
  const char* WhyNotAt(WallTime now) const;
};

// Refuses what does not hold at `now`, too.
Result<VerifiedToken> VerifyClaims(std::string_view payload, const AccessSettings& settings,
                                   WallTime now);

Result<VerifiedToken> VerifyWholeToken(std::string_view token, const KeySet& keys,
                                       const AccessSettings& settings, WallTime now);

}  // namespace mg
