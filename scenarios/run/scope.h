// Which variables a file's templates may name, and where: a step sees what earlier steps captured.
#pragma once
#include <vector>

#include "scenarios/run/scenario.h"

namespace mg::scenario {

// Adds a problem for every template that names nothing, or something that is captured only later.
void CheckTemplates(const Scenario& scenario, std::vector<Problem>& problems);

}  // namespace mg::scenario
