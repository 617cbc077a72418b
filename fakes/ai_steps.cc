#include "fakes/ai_steps.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/ai_knobs.h"

namespace mg::fake {
namespace {

constexpr std::string_view kReservedPrefix = "cf.";

void SetTimeLimit(TrySettings& settings, std::int64_t ms) {
  if (ms > 0) settings.time_limit_ms = ms;
}
void SetTries(TrySettings& settings, std::int64_t tries) {
  if (tries >= 1 && tries <= kMostTries) settings.tries = tries;
}
void SetRetryDelay(TrySettings& settings, std::int64_t ms) {
  if (ms >= 0 && ms <= kLongestRetryDelayMs) settings.retry_delay_ms = ms;
}
void SetBackoff(TrySettings& settings, std::string_view name) {
  if (name == "constant") settings.backoff = AiBackoff::kConstant;
  if (name == "linear") settings.backoff = AiBackoff::kLinear;
  if (name == "exponential") settings.backoff = AiBackoff::kExponential;
}

void ApplyHeader(TrySettings& settings, std::string_view name, std::string_view value) {
  if (EqualsIgnoreCase(name, "cf-aig-backoff")) SetBackoff(settings, value);
  const auto number = ParseInt(value);
  if (!number) return;
  if (EqualsIgnoreCase(name, "cf-aig-request-timeout")) SetTimeLimit(settings, *number);
  if (EqualsIgnoreCase(name, "cf-aig-max-attempts")) SetTries(settings, *number);
  if (EqualsIgnoreCase(name, "cf-aig-retry-delay")) SetRetryDelay(settings, *number);
}

void ApplyStepHeaders(AiStep& step, const Json& headers) {
  for (const auto& [name, value] : headers.items()) {
    if (!value.is_string()) continue;
    const std::string& text = value.get_ref<const std::string&>();
    if (EqualsIgnoreCase(name, "authorization")) step.authorization = text;
    ApplyHeader(step.settings, name, text);
  }
}

void ApplyConfig(TrySettings& settings, const Json& config) {
  SetTimeLimit(settings, IntAt(config, "requestTimeout", 0));
  SetTries(settings, IntAt(config, "maxAttempts", 0));
  SetRetryDelay(settings, IntAt(config, "retryDelay", -1));
  SetBackoff(settings, StringAt(config, "backoff"));
}

bool ReadStep(const Json& value, const TrySettings& defaults, AiStep& step) {
  const Json* query = Find(value, "query");
  step.provider = StringAt(value, "provider");
  step.endpoint = StringAt(value, "endpoint");
  if (query == nullptr || step.provider.empty() || step.endpoint.empty()) return false;
  step.settings = defaults;
  step.authorization = StringAt(value, "authorization");
  if (const Json* headers = Find(value, "headers"); headers != nullptr && headers->is_object())
    ApplyStepHeaders(step, *headers);
  if (const Json* config = Find(value, "config"); config != nullptr)
    ApplyConfig(step.settings, *config);
  step.query = std::make_shared<const Json>(*query);
  return true;
}

}  // namespace

TrySettings SettingsOf(const Headers& headers) {
  TrySettings settings;
  settings.retry_delay_ms = kDefaultRetryDelayMs;
  for (const Headers::Line& line : headers.lines()) ApplyHeader(settings, line.name, line.value);
  return settings;
}

std::optional<AiError> ReadSteps(const Json& body, const TrySettings& defaults,
                                 std::vector<AiStep>& steps) {
  if (!body.is_array() || body.empty() || body.size() > kMaxSteps)
    return KnownAiError(kBadUniversalBodyCode);
  for (const Json& value : body) {
    AiStep step;
    if (!ReadStep(value, defaults, step))
      return KnownAiError(kBadUniversalBodyCode, "A step needs provider, endpoint and query");
    steps.push_back(std::move(step));
  }
  return std::nullopt;
}

Nanos RetryDelay(const TrySettings& settings, std::int64_t next) {
  std::int64_t ms = settings.retry_delay_ms;
  if (settings.backoff == AiBackoff::kLinear) ms *= next - 1;
  if (settings.backoff == AiBackoff::kExponential) ms <<= next - 2;
  return std::chrono::milliseconds(std::min(ms, kLongestRetryDelayMs));
}

std::string StoredMetadata(std::string_view header) {
  if (header.empty()) return "";
  const auto map = nlohmann::ordered_json::parse(header, nullptr, false);
  if (!map.is_object()) return "null";
  nlohmann::ordered_json kept = nlohmann::ordered_json::object();
  for (const auto& [key, value] : map.items()) {
    if (value.is_null() || value.is_structured()) return "null";
    const bool reserved = key.compare(0, kReservedPrefix.size(), kReservedPrefix) == 0;
    if (!reserved && kept.size() < kMaxMetadataEntries) kept[key] = value;
  }
  return kept.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace mg::fake
