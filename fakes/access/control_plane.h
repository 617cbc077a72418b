// Access's part of the v4 API: applications, their policies, service tokens, keys, the organisation
// and the log of requests (wire/access-edge-sandbox.md 1.12), in the v4 envelope.
#pragma once
#include <string>
#include <vector>

#include "fakes/access/core.h"

namespace mg::fake {

// `path` is what stands after ".../access/", decoded.
Response ManageAccess(AccessCore& core, Request& request, CallNote& note,
                      const std::vector<std::string>& path);

}  // namespace mg::fake
