// Reading a file of ours that knows its lines.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "scenarios/run/scenario.h"

namespace mg::scenario {

// Null, and a problem, when it cannot be read or is no JSONC. `from` and `at`: who names it, for
// when there is no such file.
std::unique_ptr<Source> ReadSource(const std::string& path, const std::string& from,
                                   TextPosition at, ReadFile read, std::vector<Problem>& problems);

}  // namespace mg::scenario
