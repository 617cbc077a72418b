#include "core/gateway/gates/bearer.h"
#include "core/gateway/gates/gates.h"
#include "core/gateway/gates/resolution.h"
#include "core/gateway/gates/share.h"
#include "core/gateway/refusal.h"

namespace mg {

// AIG-7: the token names the tenant in memory; the record is read again, so a new tier counts at
// once and a deleted tenant's agent has no voice.
std::optional<Response> SandboxGate(Exchange& exchange, Services& services) {
  if (exchange.route->tenant != TenantFrom::kSandboxToken) return std::nullopt;
  const auto tenant_id = services.sandboxes.TenantOfToken(BearerOf(exchange.request));
  if (!tenant_id) return Refuse(exchange, Refusal::kSandboxToken);
  // All agents have one address, so already the look-up counts for the tenant.
  if (auto refused = TakeTenantSlot(exchange, services, *tenant_id)) return refused;
  return TakeResolution(exchange, services, services.tenants.ById(*tenant_id, exchange.caller_gone),
                        Refusal::kSandboxToken);
}

}  // namespace mg
