#pragma once
#include <optional>
#include <string>

#include "core/gateway/exchange.h"
#include "core/gateway/services.h"

namespace mg {

// Each takes the slot of this request, instead of any that it had, or answers.
std::optional<Response> TakeTenantSlot(Exchange& exchange, Services& services,
                                       const std::string& tenant_id);
std::optional<Response> TakeAddressSlot(Exchange& exchange, Services& services);
// For a look-up: of the address, and of that for the host that was asked for.
std::optional<Response> TakeLookUpSlot(Exchange& exchange, Services& services);

}  // namespace mg
