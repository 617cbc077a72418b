// What `up --seed` fills an emulator with: tenants as a scenario's `given` has them, values,
// objects and rows. A file like a scenario's: JSON with comments, checked whole before anything is
// made, each problem with its line and column.
//
// Ownership: the document keeps the nodes.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/run/scenario.h"

namespace mg::scenario {

struct LoadedSeed {
  std::unique_ptr<const Source> document;  // null when there are problems
  std::vector<Problem> problems;
};
LoadedSeed LoadSeed(const std::string& path, ReadFile read);

}  // namespace mg::scenario
