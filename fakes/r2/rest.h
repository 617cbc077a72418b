// R2 through the v4 REST API (wire/storage.md 4.10, 4.12): buckets, objects, CORS, lifecycle. What
// wrangler and the SDKs use of it; the other sub-resources are gaps.
#pragma once
#include "core/http/message.h"
#include "fakes/r2/calls.h"
#include "fakes/service.h"

namespace mg::fake {

// `request`: below /client/v4/accounts/{a}/r2. Operations are "r2.rest.*".
Response RestCall(R2Core& core, Request& request, CallNote& note);

}  // namespace mg::fake
