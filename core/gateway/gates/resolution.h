#pragma once
#include <optional>

#include "core/gateway/exchange.h"
#include "core/gateway/refusal.h"
#include "core/gateway/services.h"

namespace mg {

// Puts the tenant into the exchange, or answers. `unknown` is how an unknown tenant is refused
// here.
std::optional<Response> TakeResolution(Exchange& exchange, Services& services,
                                       Resolution resolution, Refusal unknown);

}  // namespace mg
