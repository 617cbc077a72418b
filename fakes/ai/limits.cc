#include "fakes/ai/limits.h"

#include <algorithm>

#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::string_view kWorkersAi = "workers-ai";
constexpr std::string_view kShownWorkersAi = "internal-workers-ai";
constexpr char kSeparator = '\x1f';

bool Names(const std::vector<std::string>& wanted, std::string_view name,
           std::string_view other_name) {
  if (wanted.empty()) return true;
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const std::string& one) { return one == name || one == other_name; });
}

// The counter that this rule keeps for the spender; nullopt when it does not concern it.
std::optional<std::string> CounterOf(const AiGatewayConfig& gateway, const AiSpendRule& rule,
                                     const AiSpender& spender) {
  const std::string full_model = std::string(spender.provider) + "/" + std::string(spender.model);
  const std::string_view shown =
      spender.provider == kWorkersAi ? kShownWorkersAi : spender.provider;
  if (!Names(rule.models, spender.model, full_model)) return std::nullopt;
  if (!Names(rule.providers, spender.provider, shown)) return std::nullopt;
  for (const auto& [key, values] : rule.must_be_one_of) {
    const auto value = MetadataText(spender.metadata, key);
    if (!value || !Names(values, *value, *value)) return std::nullopt;
  }
  std::string counter = gateway.id + kSeparator + "spend" + kSeparator + rule.id;
  for (const std::string& key : rule.partition_keys) {
    const auto value = MetadataText(spender.metadata, key);
    if (!value) return std::nullopt;
    counter += kSeparator + *value;
  }
  return counter;
}

AiWindow WindowOf(const AiSpendRule& rule) {
  return {rule.window_seconds * kMsPerSecond, rule.sliding, rule.limit_picodollars};
}

std::string Exceeded(const AiSpendRule& rule, const AiSpender& spender) {
  const std::string_view provider =
      spender.provider == kWorkersAi ? kShownWorkersAi : spender.provider;
  return "Spend limit exceeded: rule '" + rule.id + "' (cost limit " + rule.limit_text + " per " +
         std::to_string(rule.window_seconds) + "s, " + (rule.sliding ? "sliding" : "fixed") +
         ") for " + std::string(provider) + " " + std::string(spender.model);
}

}  // namespace

std::optional<std::string> MetadataText(const Json& metadata, std::string_view key) {
  const Json* value = Find(metadata, key);
  if (value == nullptr) return std::nullopt;
  return value->is_string() ? value->get<std::string>() : DumpJson(*value);
}

std::optional<AiError> AiLimits::TakeRequest(const AiGatewayConfig& gateway) {
  if (gateway.rate_limit <= 0 || gateway.rate_interval_seconds <= 0) return std::nullopt;
  const AiWindow window{gateway.rate_interval_seconds * kMsPerSecond, gateway.rate_sliding,
                        gateway.rate_limit};
  const std::string counter = gateway.id + kSeparator + "rate";
  if (windows_.TakeOne(counter, window, runtime_.Wall().ms)) return std::nullopt;
  return KnownAiError(2003);
}

std::optional<AiError> AiLimits::RefuseSpender(const AiGatewayConfig& gateway,
                                               const AiSpender& spender, const AiQuirks& quirks) {
  const std::int64_t now_ms = runtime_.Wall().ms;
  for (const AiSpendRule& rule : gateway.spend_rules) {
    const auto counter = CounterOf(gateway, rule, spender);
    if (!counter || !windows_.IsFull(*counter, WindowOf(rule), now_ms)) continue;
    if (windows_.IsMissed(*counter, quirks.spend_miss_rate, random_)) continue;
    AiError refusal = KnownAiError(2041, Exceeded(rule, spender));
    refusal.code = quirks.spend_code;
    return refusal;
  }
  return std::nullopt;
}

void AiLimits::Book(const AiGatewayConfig& gateway, const AiSpender& spender,
                    std::int64_t picodollars, const AiQuirks& quirks) {
  if (picodollars <= 0) return;
  const std::int64_t now_ms = runtime_.Wall().ms;
  for (const AiSpendRule& rule : gateway.spend_rules)
    if (const auto counter = CounterOf(gateway, rule, spender))
      windows_.Add(*counter, WindowOf(rule), picodollars, now_ms, now_ms + Ms(quirks.spend_lag));
}

void AiLimits::Forget(std::string_view gateway_id) {
  windows_.Forget(std::string(gateway_id) + kSeparator);
}

}  // namespace mg::fake
