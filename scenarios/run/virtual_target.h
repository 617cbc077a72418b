// The target without sockets: a world of its own in virtual time.
#pragma once
#include "scenarios/run/target.h"

namespace mg::scenario {

// Never fails: what is wrong with the settings shows in Start.
Result<std::unique_ptr<Target>> MakeVirtualTarget(const TargetOptions& options);

}  // namespace mg::scenario
