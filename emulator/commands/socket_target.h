// Scenarios over real sockets and in real time: a private emulator for each, used from outside
// alone: its listeners, and its control API for faults, journal and clock.
#pragma once
#include "scenarios/run/target.h"

namespace mg {

// Errors: kInvalid, when settings that the scenario gives are no settings.
Result<std::unique_ptr<scenario::Target>> MakeSocketTarget(const scenario::TargetOptions& options);

}  // namespace mg
