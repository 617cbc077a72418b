#include "fakes/edge/rate_limits.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/ip_address.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kMostAtOnce = 1'000'000'000;

void AppendPart(std::string& key, std::string_view part) {
  key.append(std::to_string(part.size())).append(":").append(part);
}

// A value that is missing tells another counter than an empty one.
std::string CounterKey(std::size_t index, const RateRule& rule, const Traffic& traffic) {
  std::string key = "rule" + std::to_string(index);
  for (const Field& field : rule.characteristics) {
    const auto values = ValuesOf(field, traffic);
    key += '|';
    for (const std::string& value : values) {
      const bool by_network = kIpv6CountsByNetwork && field.name == Field::Name::kAddress;
      AppendPart(key, by_network ? ClientNetwork(value) : value);
    }
  }
  return key;
}

bool Counts(const RateRule& rule, const Traffic& traffic) {
  return (rule.counting ? *rule.counting : rule.expression).Matches(traffic);
}

std::int64_t AmountOf(const RateRule& rule, const Response& response) {
  if (rule.score_header.empty()) return 1;
  const auto score = ParseInt(response.headers.Get(rule.score_header));
  return std::clamp<std::int64_t>(score.value_or(0), 0, kMostAtOnce);
}

}  // namespace

EdgeCounters::State RateLimits::Count(std::size_t index, const Traffic& traffic,
                                      std::int64_t amount) {
  const RateRule& rule = settings_.rules[index];
  const EdgeCounters::Rule limit{rule.limit, rule.period_seconds * 1000,
                                 rule.mitigation_seconds * 1000};
  return counters_.Count(CounterKey(index, rule, traffic), limit, amount, runtime_.Wall().ms);
}

std::optional<RateLimits::Verdict> RateLimits::AtRequest(const Traffic& traffic) {
  for (std::size_t i = 0; i < settings_.rules.size(); ++i) {
    const RateRule& rule = settings_.rules[i];
    if (!rule.enabled) continue;
    const bool applies = rule.expression.Matches(traffic);
    const bool counts = !rule.CountsAnswers() && Counts(rule, traffic);
    if (!applies && !counts) continue;
    const auto state = Count(i, traffic, counts ? 1 : 0);
    if (!applies || !state.over || rule.action == RateRule::Action::kLog) continue;
    const std::int64_t left_ms = state.until_ms - runtime_.Wall().ms;
    return Verdict{&rule, std::max<std::int64_t>((left_ms + 999) / 1000, 1)};
  }
  return std::nullopt;
}

void RateLimits::AtResponse(const Traffic& traffic) {
  for (std::size_t i = 0; i < settings_.rules.size(); ++i) {
    const RateRule& rule = settings_.rules[i];
    if (!rule.enabled || !rule.CountsAnswers() || !Counts(rule, traffic)) continue;
    Count(i, traffic, AmountOf(rule, *traffic.response));
  }
}

Result<bool> RateLimits::Limit(std::string_view binding, std::string_view key) {
  const auto found = std::find_if(settings_.bindings.begin(), settings_.bindings.end(),
                                  [&](const RateBinding& one) { return one.name == binding; });
  if (found == settings_.bindings.end())
    return Error{Code::kNotFound, "no rate-limiting binding has this name"};
  std::string counted = "namespace" + found->namespace_id + "|" + settings_.colo + "|";
  AppendPart(counted, key);
  const EdgeCounters::Rule limit{found->limit + found->slack, found->period_seconds * 1000, 0};
  return !counters_.Count(counted, limit, 1, runtime_.Wall().ms).over;
}

}  // namespace mg::fake
