// What happens after every answer, whoever gave it: limit headers and the failure budget at once;
// usage row, metrics and log line when the answer's body has ended, which for a stream is later,
// and happens on the task that reads it or lets it go.
//
// Ownership: `services` outlives the response's body.
#pragma once
#include "core/gateway/exchange.h"
#include "core/gateway/services.h"

namespace mg {

void Settle(Exchange& exchange, Services& services, Response& response);

}  // namespace mg
