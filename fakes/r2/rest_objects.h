// Objects over the v4 REST API; see rest.h.
#pragma once
#include <string>

#include "core/http/message.h"
#include "fakes/r2/calls.h"
#include "fakes/service.h"

namespace mg::fake {

Response RestObjectList(R2Core& core, const Request& request, const std::string& bucket,
                        CallNote& note);
Response RestObject(R2Core& core, Request& request, const S3Address& address, CallNote& note);

Response RestInternal();
Response RestNoBucket();

}  // namespace mg::fake
