// The gates, in the order of gateway.cc. Each fills its part of the exchange and returns nothing,
// or answers.
#pragma once
#include <optional>

#include "core/gateway/exchange.h"
#include "core/gateway/route.h"
#include "core/gateway/services.h"

namespace mg {

// Under startup_gate=respond with something missing each request is answered 503 (BND-1), health
// included: what cannot serve must not be sent traffic. Before the host and route gates, because a
// host or path means nothing yet: 400 or 404 would send people looking in the wrong place.
std::optional<Response> StartGate(Exchange& exchange, Services& services);
std::optional<Response> HostGate(Exchange& exchange, Services& services);
std::optional<Response> RouteGate(Exchange& exchange, Services& services);
std::optional<Response> BindingsGate(Exchange& exchange, Services& services);
std::optional<Response> AbuseGate(Exchange& exchange, Services& services);
std::optional<Response> SandboxGate(Exchange& exchange, Services& services);
std::optional<Response> TenantGate(Exchange& exchange, Services& services);
// LIM-8: a tenant has its share of the requests under way, whoever sends them; what belongs to no
// tenant counts for its client's address. A look-up in the registry, before the tenant is known,
// counts for the address and in that for the host; a tenant that is held costs none. The slot ends
// with the answer.
std::optional<Response> ShareGate(Exchange& exchange, Services& services);
std::optional<Response> AddressGate(Exchange& exchange, Services& services);
std::optional<Response> AccessGate(Exchange& exchange, Services& services);
std::optional<Response> MemberGate(Exchange& exchange, Services& services);
std::optional<Response> KeyGate(Exchange& exchange, Services& services);
std::optional<Response> QuotaGate(Exchange& exchange, Services& services);
std::optional<Response> BodyGate(Exchange& exchange, Services& services);

// The failure budget of this client (LIM-9), for the abuse gate and for Settle.
Budget FailureBudget(const Exchange& exchange, const Settings& settings);

}  // namespace mg
