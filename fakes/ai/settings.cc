#include "fakes/ai/settings.h"

#include <algorithm>
#include <string>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/ai/knobs.h"

namespace mg::fake {
namespace {

constexpr std::string_view kReservedPrefix = "cf.";

// Each: false when the value makes no sense.
bool SetTimeLimit(AiSettings& settings, std::int64_t ms) {
  if (ms > 0) settings.time_limit_ms = ms;
  return ms > 0;
}
bool SetTries(AiSettings& settings, std::int64_t tries) {
  const bool good = tries >= 1 && tries <= kMostTries;
  if (good) settings.tries = tries;
  return good;
}
bool SetRetryDelay(AiSettings& settings, std::int64_t ms) {
  const bool good = ms >= 0 && ms <= kLongestRetryDelayMs;
  if (good) settings.retry_delay_ms = ms;
  return good;
}
bool SetBackoff(AiSettings& settings, std::string_view name) {
  if (name == "constant") settings.backoff = AiBackoff::kConstant;
  if (name == "linear") settings.backoff = AiBackoff::kLinear;
  if (name == "exponential") settings.backoff = AiBackoff::kExponential;
  return name == "constant" || name == "linear" || name == "exponential";
}
bool SetCacheTtl(AiSettings& settings, std::int64_t seconds) {
  const bool good = seconds >= 0 && seconds <= kLongestCacheSeconds;
  if (good) settings.cache_ttl_s = seconds;
  return good;
}

template <bool (*kSet)(AiSettings&, std::int64_t)>
bool Number(AiSettings& settings, std::string_view value) {
  const auto number = ParseInt(value);
  return number && kSet(settings, *number);
}

std::optional<bool> Flag(std::string_view value) {
  if (value == "true") return true;
  if (value == "false") return false;
  return std::nullopt;
}
bool SetSkipCache(AiSettings& settings, std::string_view value) {
  const auto flag = Flag(value);
  if (flag) settings.skip_cache = *flag;
  return flag.has_value();
}
bool SetCollectLog(AiSettings& settings, std::string_view value) {
  const auto flag = Flag(value);
  if (flag) settings.collect_log = flag;
  return flag.has_value();
}
bool SetCollectLogPayload(AiSettings& settings, std::string_view value) {
  const auto flag = Flag(value);
  if (flag) settings.collect_log_payload = flag;
  return flag.has_value();
}

template <std::string AiSettings::*kMember>
bool Text(AiSettings& settings, std::string_view value) {
  settings.*kMember = value.substr(0, kMaxSettingBytes);
  return value.size() <= kMaxSettingBytes;
}

bool SetMetadata(AiSettings& settings, std::string_view value) {
  settings.metadata_json = StoredMetadata(value);
  return settings.metadata_json != "null";
}

std::optional<double> Dollars(const Json& json, std::string_view key) {
  const Json* value = Find(json, key);
  if (value == nullptr || !value->is_number() || value->get<double>() < 0) return std::nullopt;
  return value->get<double>();
}

bool SetCustomCost(AiSettings& settings, std::string_view value) {
  const auto json = ParseJson(value);
  if (!json) return false;
  const auto in = Dollars(*json, "per_token_in");
  const auto out = Dollars(*json, "per_token_out");
  const AiCustomCost cost{Dollars(*json, "total_cost"), in.value_or(0), out.value_or(0)};
  if (!cost.total && (!in || !out)) return false;
  settings.custom_cost = cost;
  return true;
}

template <std::size_t kDigits>
bool Hex(AiSettings&, std::string_view value) {  // of OpenTelemetry, which this fake does not speak
  return value.size() == kDigits && HexDecode(value).has_value();
}
bool IsFlag(AiSettings&, std::string_view value) {  // of Unified Billing: nothing to Workers AI
  return Flag(value).has_value();
}

struct Row {
  const char* header;
  bool (*set)(AiSettings& settings, std::string_view value);
};

// Old names first: the new one counts.
constexpr Row kRows[] = {
    {"cf-cache-ttl", Number<SetCacheTtl>},
    {"cf-skip-cache", SetSkipCache},
    {"cf-aig-request-timeout", Number<SetTimeLimit>},
    {"cf-aig-max-attempts", Number<SetTries>},
    {"cf-aig-retry-delay", Number<SetRetryDelay>},
    {"cf-aig-backoff", SetBackoff},
    {"cf-aig-cache-ttl", Number<SetCacheTtl>},
    {"cf-aig-skip-cache", SetSkipCache},
    {"cf-aig-cache-key", Text<&AiSettings::cache_key>},
    {"cf-aig-collect-log", SetCollectLog},
    {"cf-aig-collect-log-payload", SetCollectLogPayload},
    {"cf-aig-metadata", SetMetadata},
    {"cf-aig-event-id", Text<&AiSettings::event_id>},
    {"cf-aig-custom-cost", SetCustomCost},
    {"cf-aig-byok-alias", Text<&AiSettings::byok_alias>},
    {"cf-aig-zdr", IsFlag},
    {"cf-aig-otel-trace-id", Hex<32>},
    {"cf-aig-otel-parent-span-id", Hex<16>},
};

}  // namespace

std::string_view ApplyAiHeaders(const Headers& headers, AiSettings& settings) {
  std::string_view wrong;
  for (const Row& row : kRows) {
    if (!headers.Has(row.header)) continue;
    // Metadata that is no map of scalars is no mistake to AI Gateway: it is dropped unsaid.
    const bool good = row.set(settings, headers.Get(row.header)) || row.set == SetMetadata;
    if (!good && wrong.empty()) wrong = row.header;
  }
  return wrong;
}

void ApplyAiConfig(const Json& config, AiSettings& settings) {
  SetTimeLimit(settings, IntAt(config, "requestTimeout", 0));
  SetTries(settings, IntAt(config, "maxAttempts", 0));
  SetRetryDelay(settings, IntAt(config, "retryDelay", -1));
  SetBackoff(settings, StringAt(config, "backoff"));
}

void ApplyGateway(const AiGatewayConfig& gateway, AiSettings& settings) {
  SetTries(settings, gateway.retry_tries);
  if (gateway.retry_delay_ms > 0) settings.retry_delay_ms = gateway.retry_delay_ms;
  SetBackoff(settings, gateway.retry_backoff);
}

Nanos RetryDelay(const AiSettings& settings, std::int64_t next) {
  std::int64_t ms = settings.retry_delay_ms;
  if (settings.backoff == AiBackoff::kLinear) ms *= next - 1;
  if (settings.backoff == AiBackoff::kExponential) ms <<= next - 2;
  return std::chrono::milliseconds(
      std::min(ms, std::max(kLongestRetryDelayMs, settings.retry_delay_ms)));
}

std::string TenantOf(std::string_view metadata_json) {
  if (metadata_json.empty()) return "";
  const auto metadata = ParseJson(metadata_json);
  return metadata ? StringAt(*metadata, "sandbox_id") : std::string();
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
