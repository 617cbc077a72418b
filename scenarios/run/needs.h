// What a scenario needs of its target.
#pragma once
#include <string>
#include <vector>

#include "scenarios/run/scenario.h"
#include "scenarios/run/target.h"

namespace mg::scenario {

struct NeedOf {
  Need need;
  std::string text;  // "fault:ai": as the reason of a skip names it
};

// In the order of the file, each text once.
std::vector<NeedOf> NeedsOf(const Scenario& scenario);

}  // namespace mg::scenario
