// From a scenario's `given` to the options that its target is made with.
#pragma once
#include "core/base/result.h"
#include "scenarios/run/scenario.h"
#include "scenarios/run/target.h"
#include "scenarios/run/values.h"

namespace mg::scenario {

// Fills in `vars` and the instance's row of `each`, in order. Errors: kInvalid.
Status SetVariables(const Scenario& scenario, const Instance& instance, Variables& variables);

// Clock, network, settings and missing bindings over `options`. Errors: kInvalid.
Status ReadGiven(const Scenario& scenario, const Instance& instance, TargetOptions& options);

// `settings` and `missing` of `given` or of a `start` step.
Status ReadSettings(const JsoncNode& node, const Variables& variables, TargetOptions& options);

}  // namespace mg::scenario
