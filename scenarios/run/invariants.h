// What holds in every scenario, whatever it is about: checked at its end on every target that can
// see it. `finally.without` switches one off, with a reason.
#pragma once
#include <optional>

#include "core/base/result.h"
#include "scenarios/run/execution.h"

namespace mg::scenario {

// The first that does not hold. Errors: the target's.
Result<std::optional<Failure>> BrokenInvariant(Execution& execution);

}  // namespace mg::scenario
