#include "core/services/models_policy.h"

#include <algorithm>

namespace mg {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::int64_t kFirstWaitMs = 500;
constexpr std::int64_t kLaterWaitMs = 1000;
constexpr std::int64_t kJitterPercent = 20;
constexpr std::int64_t kLongestRetryAfterSeconds = 5;
constexpr std::int64_t kDefaultRetryAfterSeconds = 5;
constexpr std::int64_t kMaxCallerRetryAfterSeconds = 3600;
constexpr Nanos kWholeRequestGrace = seconds(2);

constexpr std::string_view kProviderPrefix = "workers-ai/";

struct CodeStatus {
  std::int64_t code;
  int status;
};

// wire/ai-gateway.md 4.6, as far as a status decides anything.
constexpr CodeStatus kStatusOfCode[] = {
    {2001, 400}, {2003, 429}, {2005, 400}, {2008, 400}, {2009, 401}, {2016, 424}, {2017, 424},
    {2021, 402}, {2029, 424}, {2030, 424}, {2040, 400}, {2041, 429}, {2045, 429}, {3003, 400},
    {3006, 413}, {3007, 408}, {3008, 408}, {3021, 429}, {3023, 403}, {3030, 400}, {3036, 429},
    {3039, 400}, {3040, 429}, {3041, 403}, {3042, 404}, {3050, 503}, {5004, 400}, {5005, 405},
    {5006, 400}, {5007, 400}, {5016, 403}, {5018, 403}, {5019, 405}, {5028, 400}, {7003, 404},
    {8001, 400}, {8007, 400}, {10000, 401}};
constexpr int kStatusOfOtherCodes = 502;

bool IsBudgetCode(std::int64_t code) {
  return code == 2041 || code == 2045 || code == 3036;
}

bool IsOurFaultCode(std::int64_t code) {
  return code == 2001 || code == 2008 || code == 2009 || code == 2040;
}

bool IsRetryableStatus(int status) {
  switch (status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return status >= 520 && status <= 524;
  }
}

PlannedSend SendOf(std::vector<ModelStep> steps, int first_step, std::int64_t wait_before_ms) {
  PlannedSend send;
  for (const ModelStep& step : steps) send.limit_ms += step.request_timeout_ms;
  send.steps = std::move(steps);
  send.first_step = first_step;
  send.wait_before_ms = wait_before_ms;
  return send;
}

}  // namespace

std::string_view WithoutProvider(std::string_view model) {
  if (model.substr(0, kProviderPrefix.size()) == kProviderPrefix)
    model.remove_prefix(kProviderPrefix.size());
  return model;
}

std::vector<PlannedSend> PlanOf(const ModelRoute& route, AiStrategy strategy) {
  const ModelStep primary{route.primary, route.first_byte_ms};
  const ModelStep fallback{route.fallback, route.fallback_first_byte_ms};
  const int attempts = std::max(1, route.attempts);
  const bool both = strategy == AiStrategy::kDynamic && !fallback.model.empty();
  const std::vector<ModelStep> steps =
      both ? std::vector<ModelStep>{primary, fallback} : std::vector<ModelStep>{primary};
  std::vector<PlannedSend> plan;
  for (int n = 0; n < attempts; ++n) {
    const std::int64_t wait = n == 0 ? 0 : n == 1 ? kFirstWaitMs : kLaterWaitMs;
    plan.push_back(SendOf(steps, 0, wait));
  }
  if (fallback.model.empty() || both) return plan;
  if (strategy == AiStrategy::kDirect) {
    plan.push_back(SendOf({fallback}, 1, 0));
  } else {
    plan.back() = SendOf({primary, fallback}, 0, plan.back().wait_before_ms);
  }
  return plan;
}

Nanos WholeRequestLimit(const std::vector<PlannedSend>& plan) {
  Nanos whole = kWholeRequestGrace;
  for (const PlannedSend& send : plan)
    whole += milliseconds(send.limit_ms + send.wait_before_ms * (100 + kJitterPercent) / 100);
  return whole;
}

Verdict Judge(int status, std::optional<std::int64_t> code) {
  if (status >= 200 && status < 300) return Verdict::kAnswered;
  if (status == 401 || status == 402 || status == 403) return Verdict::kFailed;
  if (code && IsOurFaultCode(*code)) return Verdict::kFailed;
  if (status == 429 && code && IsBudgetCode(*code)) return Verdict::kCallerError;
  if (IsRetryableStatus(status)) return Verdict::kRetry;
  if (status == 400 && code == 2005) return Verdict::kRetry;
  return status >= 400 && status < 500 ? Verdict::kCallerError : Verdict::kFailed;
}

int StatusOfCode(std::optional<std::int64_t> code) {
  for (const CodeStatus& known : kStatusOfCode)
    if (code == known.code) return known.status;
  return kStatusOfOtherCodes;
}

RetryableKind KindOf(int status, Nanos took, std::int64_t limit_ms) {
  if (status == 429) return RetryableKind::kRateLimit;
  if (status == 408 || status == 504 || status == 524) return RetryableKind::kTimeout;
  const bool used_its_time = took >= milliseconds(limit_ms);
  return status == 400 && used_its_time ? RetryableKind::kTimeout : RetryableKind::kOther;
}

Nanos WaitBefore(std::int64_t base_ms, std::optional<std::int64_t> retry_after_s, Random& random) {
  if (base_ms <= 0) return Nanos{0};
  const std::int64_t spread_us = base_ms * 1000 * kJitterPercent / 100;
  const auto draw = random.Below(static_cast<std::uint64_t>(2 * spread_us + 1));
  Nanos wait = microseconds(base_ms * 1000 - spread_us + static_cast<std::int64_t>(draw));
  if (retry_after_s && *retry_after_s <= kLongestRetryAfterSeconds)
    wait = std::max<Nanos>(wait, seconds(*retry_after_s));
  return wait;
}

std::int64_t CallerRetryAfterSeconds(std::optional<std::int64_t> retry_after_s) {
  return std::clamp(retry_after_s.value_or(kDefaultRetryAfterSeconds), std::int64_t{1},
                    kMaxCallerRetryAfterSeconds);
}

}  // namespace mg
