// What the AI Gateway fake takes for granted, in one place: what can be set while it runs, and the
// rest. UNCONFIRMED: no source, or sources that disagree (wire/ai-gateway.md 3, 10).
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "fakes/ai/control_knobs.h"
#include "fakes/ai/pace.h"

namespace mg::fake {

// How a model streams (wire/ai-gateway.md 5.2, 5.3, 8).
enum class StreamVariant {
  kByModel,  // newer models kZerosThenNative, the others kPlain
  kPlain,
  kUsageEach,        // cumulative usage on every chunk
  kZerosThenNative,  // usage of zeros, then the true one in a native frame without `choices`
  kNumeric,          // digits are bare numbers, and zeros are lost
  kDoubleDone,       // the last frame and [DONE] twice
  kNoDone,
  kJsonAnswer,  // no stream at all: a JSON answer without text
};

// A native answer: {"response": ...}, or a chat.completion as newer models have it.
enum class ResultForm { kByModel, kResponse, kChoices };

struct ModelKnobs {
  AiTiming timing;
  StreamVariant stream = StreamVariant::kByModel;
  ResultForm result_form = ResultForm::kByModel;
  bool usage_neurons = false;  // usage says neurons and cached tokens too
};

// With every step failed, and the last in a way that may pass.
enum class AllFailed { kLastUpstream, kWrapped2005 };
// What an expired time limit looks like.
enum class TimeLimitError { k2005, k408, k504 };

// UNCONFIRMED, all that has no other source named.
struct AiKnobs {
  bool gateway_authentication = true;  // of every gateway: cf-aig-authorization is needed
  // Workers AI takes the gateway's token: of a step without one of its own (the service's changelog
  // says so, and others the opposite), and as a step's own (AIG-8).
  bool wai_auth_from_gateway_token = false;
  bool gateway_token_runs_models = true;
  bool strict_run_path = false;      // native calls by .../workers-ai/run/{model} alone
  bool legacy_envelope = false;      // gateway errors as before mid-2026: no name, no internalCode
  bool refuse_bad_settings = false;  // a cf-aig-* header that cannot be read is 400, not ignored
  AllFailed all_failed = AllFailed::kLastUpstream;
  TimeLimitError time_limit_error = TimeLimitError::k2005;
  bool final_try_exempt = true;     // the last of several tries has no time limit (documented)
  bool tries_are_extra = false;     // maxAttempts counts what comes after the first try
  bool retry_all_failures = false;  // else what may pass: 408, 429, 5xx and 2005

  AiQuirks quirks;
  ModelKnobs models;                                        // of every model
  std::map<std::string, ModelKnobs, std::less<>> of_model;  // in place of those

  const ModelKnobs& Of(std::string_view model) const {
    const auto found = of_model.find(model);
    return found == of_model.end() ? models : found->second;
  }
  bool AnyTakesTime() const;  // before a model's answer begins, or within it
  // By the letter of the documentation where the service was seen to do something else.
  void FollowDocumentation();
};

// --- UNCONFIRMED -------------------------------------------------------------------------------
inline constexpr std::int64_t kMostTries = 5;
inline constexpr std::int64_t kDefaultRetryDelayMs = 0;
inline constexpr std::int64_t kLongestRetryDelayMs = 5000;  // after backoff too
inline constexpr int kDeprecatedModelStatus = 400;
// A universal body that is no array of steps.
inline constexpr std::int64_t kBadUniversalBodyCode = 7001;

// --- Of this fake ------------------------------------------------------------------------------
inline constexpr std::size_t kMaxRequestBytes = std::size_t{25} << 20;
inline constexpr std::int64_t kBodyReadSeconds = 60;
inline constexpr std::size_t kMaxSteps = 64;
inline constexpr std::size_t kMaxSeen = 10'000;
inline constexpr std::size_t kMaxSettingBytes = 1024;  // of a cache key, event id, alias
inline constexpr const char* kColo = "LHR";

// --- Documented --------------------------------------------------------------------------------
inline constexpr std::int64_t kDefaultMaxTokens = 256;
inline constexpr std::size_t kMaxMetadataEntries = 5;
inline constexpr std::int64_t kLongestCacheSeconds = 31LL * 24 * 3600;
inline constexpr const char* kDefaultGatewayId = "default";  // made by its first request

}  // namespace mg::fake
