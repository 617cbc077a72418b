// The control API's part for the Access fake: its knobs, its keys, its verdicts, and tokens of any
// kind.
//
//   GET, PATCH  /control/v1/access              fakes/access/knobs.h
//   GET         /control/v1/access/verdicts     ?since=<seq>; the last 1000 at most
//   POST        /control/v1/access/rotate, .../drop-previous
//   POST        /control/v1/access/mint         fakes/access/mint.h; answers {"token"}
#pragma once
#include <optional>
#include <string_view>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/access/access.h"

namespace mg {

// `rest` is what stands after ".../access". nullopt: there is no such path.
std::optional<Response> ControlAccess(fake::Access& access, Request& request, std::string_view rest,
                                      Runtime& runtime);

// An answer of the control API that says no.
Response ControlError(int status, std::string_view code, std::string_view message);

}  // namespace mg
