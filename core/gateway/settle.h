// What happens after every answer, whoever gave it: limit headers, usage, failure budget, log line,
// metrics.
#pragma once
#include "core/gateway/exchange.h"
#include "core/gateway/services.h"

namespace mg {

void Settle(Exchange& exchange, Services& services, Response& response);

}  // namespace mg
