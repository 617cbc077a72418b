// What is sent, how long it may take, and what an answer means: the model policy without its I/O
// (AIG-4, AIG-5, AIG-6, AIG-10).
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/clients/ai_gateway.h"
#include "core/config/settings.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"

namespace mg {

// "workers-ai/@cf/..." names the same model as "@cf/...".
std::string_view WithoutProvider(std::string_view model);

// One call of AI Gateway.
struct PlannedSend {
  std::vector<ModelStep> steps;
  int first_step = 0;               // the number of steps.front(): 0 primary, 1 fallback
  std::int64_t wait_before_ms = 0;  // before jitter
  std::int64_t limit_ms = 0;        // the sum of its steps' time limits
};

// Universal: every send names the primary, the last one the fallback too. Direct: one step a send,
// the fallback following the last one on the primary without a wait. Dynamic: every send may reach
// both, for the route itself falls back; its steps here say which models those are.
std::vector<PlannedSend> PlanOf(const ModelRoute& route, AiStrategy strategy);

// AIG-10: until the first byte goes to the caller.
Nanos WholeRequestLimit(const std::vector<PlannedSend>& plan);

// Beyond the limits of the steps sent, for AI Gateway itself (AIG-6).
inline constexpr Nanos kSendGrace = std::chrono::seconds(1);

enum class Verdict {
  kAnswered,
  kRetry,
  kCallerError,  // reaches the caller as it came
  kFailed,       // our own configuration, or what no rule expects: 502, the cause in the log
};
Verdict Judge(int status, std::optional<std::int64_t> code);

// Of a failure that came without a status of its own: within a stream, or as the body of a 200.
int StatusOfCode(std::optional<std::int64_t> code);

enum class RetryableKind { kTimeout, kRateLimit, kOther };
// Of an answer that Judge calls kRetry. AI Gateway reports an expired step like any other upstream
// failure (400 with 2005): only the time it took tells them apart.
RetryableKind KindOf(int status, Nanos took, std::int64_t limit_ms);

// AIG-5: `base_ms` give or take a fifth, or the Retry-After where that is longer and at most 5 s.
// None before a send that does not wait: the fallback owes nothing to the primary's Retry-After.
Nanos WaitBefore(std::int64_t base_ms, std::optional<std::int64_t> retry_after_s, Random& random);

// What the caller is told to wait after a 429: the service's own word within reason, else a few
// seconds.
std::int64_t CallerRetryAfterSeconds(std::optional<std::int64_t> retry_after_s);

}  // namespace mg
