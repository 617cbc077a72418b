// What passes between a caller and an agent: both ways without what belongs to one connection
// (RFC 9110 7.6.1), to the agent without what identifies the caller elsewhere, to the caller
// without cookies for anybody else (TEN-10).
#pragma once
#include <string>

#include "core/gateway/exchange.h"
#include "core/http/message.h"

namespace mg {

// The caller's request as the agent at `origin` gets it. Who asks and from where are the gateway's
// word alone: x-moltgate-user, x-forwarded-for, x-forwarded-host. The scheme that it says it used
// is passed on: a wrong one fools nobody but itself.
Request ForAgent(const Exchange& exchange, const std::string& origin, const std::string& token);
Headers ForCaller(const Headers& answered);

}  // namespace mg
