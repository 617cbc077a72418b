// A universal request's steps, and the settings of tries that come from the request's headers, a
// step's headers and its config, the later overruling the earlier (wire/ai-gateway.md 2, 2.4, 3).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/http/headers.h"
#include "core/ports/runtime.h"
#include "fakes/ai_errors.h"

namespace mg::fake {

enum class AiBackoff { kConstant, kLinear, kExponential };

struct TrySettings {
  std::optional<std::int64_t> time_limit_ms;  // to the first byte
  std::int64_t tries = 1;
  std::int64_t retry_delay_ms = 0;
  AiBackoff backoff = AiBackoff::kConstant;
};

struct AiStep {
  std::string provider;
  std::string endpoint;
  std::string authorization;  // of the provider; empty when the step has none
  std::shared_ptr<const Json> query;
  TrySettings settings;
};

// cf-aig-request-timeout, -max-attempts, -retry-delay, -backoff. What cannot be parsed is ignored.
TrySettings SettingsOf(const Headers& headers);

// Fills `steps`; the error when the body is not an array of steps.
std::optional<AiError> ReadSteps(const Json& body, const TrySettings& defaults,
                                 std::vector<AiStep>& steps);

// Before try `next` (2 is the first repetition).
Nanos RetryDelay(const TrySettings& settings, std::int64_t next);

// What AI Gateway keeps of a cf-aig-metadata header: at most five entries, none of them `cf.*`;
// "null" when one value is no scalar, or the text no object; "" without a header.
std::string StoredMetadata(std::string_view header);

}  // namespace mg::fake
