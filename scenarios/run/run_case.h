// Runs one instance of a scenario with one seed on one kind of target.
//
// Thread-safety: several may run at the same time, each on a target of its own.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "scenarios/run/outcome.h"
#include "scenarios/run/scenario.h"
#include "scenarios/run/target.h"

namespace mg::scenario {

struct Case {
  const Scenario* scenario = nullptr;
  const Instance* instance = nullptr;
  std::uint64_t seed = 1;
  sim::Schedule schedule = sim::Schedule::kFifo;

  std::string Name() const { return scenario->id + instance->label; }
};

// Called when a case has failed, before its target stops.
using OnFailure = std::function<void(const Case&, const Outcome&, const Target&)>;

struct RunLimits {
  // Of real time. A case that waits longer, as its rehearsal in virtual time shows, is skipped.
  Nanos longest_wait = Nanos::max();
  OnFailure on_failure;  // may be empty
};

// Never throws: what a task throws, a deadlock and a task left over are failures.
Outcome RunCase(const Case& run, const MakeTarget& make_target, const RunLimits& limits = {});

}  // namespace mg::scenario
