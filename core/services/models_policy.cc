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

std::vector<PlannedSend> PlanOf(const ModelRoute& route, AiStrategy strategy) {
  const ModelStep primary{route.primary, route.first_byte_ms};
  const ModelStep fallback{route.fallback, route.fallback_first_byte_ms};
  const int attempts = std::max(1, route.attempts);
  std::vector<PlannedSend> plan;
  for (int n = 0; n < attempts; ++n) {
    const std::int64_t wait = n == 0 ? 0 : n == 1 ? kFirstWaitMs : kLaterWaitMs;
    plan.push_back(SendOf({primary}, 0, wait));
  }
  if (fallback.model.empty()) return plan;
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
