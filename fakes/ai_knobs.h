// What the AI Gateway fake takes for granted, in one place: what can be set while it runs, and the
// rest. UNCONFIRMED: no source, or sources that disagree (wire/ai-gateway.md 3, 10).
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "fakes/ai_pace.h"

namespace mg::fake {

// How a model streams (wire/ai-gateway.md 5.2, 5.3, 8).
enum class StreamVariant {
  kPlain,
  kUsageEach,        // cumulative usage on every chunk
  kZerosThenNative,  // usage of zeros, then the true one in a native frame without `choices`
  kNumeric,          // digits are bare numbers, and zeros are lost
  kDoubleDone,       // the last frame and [DONE] twice
  kNoDone,
  kJsonAnswer,  // no stream at all: a JSON answer without text
};

struct ModelKnobs {
  AiTiming timing;
  StreamVariant stream = StreamVariant::kPlain;
};

struct AiKnobs {
  ModelKnobs models;                                        // of every model
  std::map<std::string, ModelKnobs, std::less<>> of_model;  // in place of those

  const ModelKnobs& Of(std::string_view model) const {
    const auto found = of_model.find(model);
    return found == of_model.end() ? models : found->second;
  }
  bool AnyTakesTime() const;  // before a model's answer begins, or within it
};

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
