#include "core/gateway/gates/gates.h"
#include "core/gateway/refusal.h"

namespace mg {
namespace {

constexpr std::int64_t kMinuteSeconds = 60;

std::int64_t ModelLimit(Tier tier, const LimitSettings& limits) {
  switch (tier) {
    case Tier::kPremium:
      return limits.premium_per_minute;
    case Tier::kEnterprise:
      return limits.enterprise_per_minute;
    case Tier::kFree:
      break;
  }
  return limits.free_per_minute;
}

// The headers report the limit with the least remaining (LIM-3).
std::optional<Response> Take(Exchange& exchange, Limiter& limiter,
                             const std::vector<Budget>& budgets) {
  const Allowance allowance = limiter.Take(budgets);
  if (!exchange.allowance || !allowance.admitted ||
      allowance.remaining < exchange.allowance->remaining) {
    exchange.allowance = allowance;
  }
  if (allowance.admitted) return std::nullopt;
  return RefuseOverLimit(exchange, Refusal::kRateLimited, allowance);
}

}  // namespace

std::optional<Response> AddressGate(Exchange& exchange, Services& services) {
  if (!exchange.route->address_limit) return std::nullopt;
  const LimitSettings& limits = services.settings.limits;
  return Take(exchange, services.address_limiter,
              {{"address:" + exchange.tenant->id + ":" + exchange.client_budget_key,
                limits.public_max, limits.public_window_seconds, "public"}});
}

std::optional<Response> QuotaGate(Exchange& exchange, Services& services) {
  if (!exchange.route->model_quota) return std::nullopt;
  std::vector<Budget> budgets{{"tenant:" + exchange.tenant->id,
                               ModelLimit(exchange.tenant->tier, services.settings.limits),
                               kMinuteSeconds, "tenant"}};
  if (exchange.key_limit_per_minute > 0) {
    budgets.push_back(
        {"key:" + exchange.key_id, exchange.key_limit_per_minute, kMinuteSeconds, "key"});
  }
  return Take(exchange, services.limiter, budgets);
}

}  // namespace mg
