#include "core/gateway/gates/share.h"

#include <utility>

#include "core/gateway/gates/gates.h"
#include "core/gateway/refusal.h"

namespace mg {
namespace {

constexpr std::int64_t kRetryAfterSeconds = 1;

InFlight& InFlightOf(const Exchange& exchange, Services& services) {
  return exchange.listener == Listener::kPublic ? services.public_in_flight
                                                : services.internal_in_flight;
}

std::string AddressName(const Exchange& exchange) {
  return "address:" + exchange.client_budget_key;
}

std::optional<Response> Keep(Exchange& exchange, InFlight::Slot slot) {
  exchange.slot = std::move(slot);
  if (exchange.slot) return std::nullopt;
  return RefuseWithRetryAfter(exchange, Refusal::kTooManyInFlight, kRetryAfterSeconds);
}

}  // namespace

std::optional<Response> TakeTenantSlot(Exchange& exchange, Services& services,
                                       const std::string& tenant_id) {
  exchange.slot.reset();
  return Keep(exchange, InFlightOf(exchange, services).Take("tenant:" + tenant_id));
}

std::optional<Response> TakeAddressSlot(Exchange& exchange, Services& services) {
  exchange.slot.reset();
  return Keep(exchange, InFlightOf(exchange, services).Take(AddressName(exchange)));
}

std::optional<Response> TakeLookUpSlot(Exchange& exchange, Services& services) {
  exchange.slot.reset();
  return Keep(exchange,
              InFlightOf(exchange, services).Take(AddressName(exchange), exchange.host.name));
}

std::optional<Response> ShareGate(Exchange& exchange, Services& services) {
  switch (exchange.route->tenant) {
    case TenantFrom::kHost:
      return TakeTenantSlot(exchange, services, exchange.tenant->id);
    case TenantFrom::kSandboxToken:  // its gate took one before the look-up
      return std::nullopt;
    case TenantFrom::kNowhere:
      break;
  }
  if (exchange.route->credential == Credential::kNone) return std::nullopt;  // health
  return TakeAddressSlot(exchange, services);
}

}  // namespace mg
