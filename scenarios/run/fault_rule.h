// A fault as a scenario writes it, as the fakes take it.
#pragma once
#include "core/base/jsonc.h"
#include "core/base/result.h"
#include "fakes/faults.h"
#include "scenarios/run/values.h"

namespace mg::scenario {

// Errors: kInvalid, naming the key.
Result<fake::FaultRule> FaultRuleOf(const JsoncNode& fault, const Variables& variables);

}  // namespace mg::scenario
