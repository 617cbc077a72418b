// R2 through the v4 REST API (wire/storage.md 4.10, 4.12): buckets, objects, CORS, lifecycle. What
// wrangler and the SDKs use of it; the other sub-resources are gaps.
#pragma once
#include <string_view>

#include "core/http/message.h"
#include "fakes/r2/calls.h"
#include "fakes/service.h"

namespace mg::fake {

// R2::Handle serves a call whose note says this already as one of the REST API, whose token was
// accepted; any other as one of S3.
inline constexpr std::string_view kR2RestCall = "r2.rest";

// `request`: below /client/v4/accounts/{a}/r2. Operations are "r2.rest.*".
Response RestCall(R2Core& core, Request& request, CallNote& note);

}  // namespace mg::fake
