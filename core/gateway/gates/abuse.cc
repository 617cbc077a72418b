#include "core/gateway/gates/gates.h"
#include "core/gateway/refusal.h"

namespace mg {

Budget FailureBudget(const Exchange& exchange, const Settings& settings) {
  return {"failures:" + exchange.client_budget_key, settings.limits.failure_budget_max,
          settings.limits.failure_budget_window_seconds, "failures"};
}

// Charged by Settle, so that a refusal counts whichever gate gave it.
std::optional<Response> AbuseGate(Exchange& exchange, Services& services) {
  if (!exchange.route->failure_budget || services.settings.limits.failure_budget_max == 0) {
    return std::nullopt;
  }
  const Allowance allowance =
      services.address_limiter.Peek(FailureBudget(exchange, services.settings));
  if (allowance.admitted) return std::nullopt;
  exchange.allowance = allowance;
  return RefuseOverLimit(exchange, Refusal::kTooManyFailures, allowance);
}

}  // namespace mg
