// What the AI Gateway fake takes for granted, in one place. UNCONFIRMED: no source, or sources that
// disagree (wire/ai-gateway.md 3, 10).
#pragma once
#include <cstddef>
#include <cstdint>

namespace mg::fake {

// --- UNCONFIRMED -------------------------------------------------------------------------------
// What an expired time limit looks like: an AI Gateway error of this code.
inline constexpr std::int64_t kTimeLimitCode = 2005;
// With every step failed: the last provider's answer, or 400 with 2005.
inline constexpr bool kAllFailedRelaysLastUpstream = true;
// The last of several tries ignores the time limit; a single try does not.
inline constexpr bool kFinalTryIgnoresTimeLimit = true;
// `maxAttempts` counts tries, not further tries.
inline constexpr std::int64_t kMostTries = 5;
inline constexpr std::int64_t kDefaultRetryDelayMs = 0;
inline constexpr std::int64_t kLongestRetryDelayMs = 5000;  // after backoff too
inline constexpr int kDeprecatedModelStatus = 400;
// A universal body that is no array of steps.
inline constexpr std::int64_t kBadUniversalBodyCode = 7001;
// Settings that cannot be parsed (cf-aig-max-attempts: abc) are ignored, as is metadata.

// --- Of this fake ------------------------------------------------------------------------------
inline constexpr std::size_t kMaxRequestBytes = std::size_t{25} << 20;
inline constexpr std::int64_t kBodyReadSeconds = 60;
inline constexpr std::size_t kMaxSteps = 64;
inline constexpr std::size_t kMaxSeen = 10'000;
inline constexpr const char* kColo = "LHR";

// --- Documented --------------------------------------------------------------------------------
inline constexpr std::int64_t kDefaultMaxTokens = 256;
inline constexpr std::size_t kMaxMetadataEntries = 5;
inline constexpr const char* kDefaultGatewayId = "default";  // made by its first request

}  // namespace mg::fake
