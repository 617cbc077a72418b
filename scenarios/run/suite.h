// Many scenarios: which files, which of them, in which order, and what came of all.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scenarios/run/run_case.h"

namespace mg::scenario {

struct Selection {
  std::string filter;             // part of a name, or a whole one with its label
  std::vector<std::string> tags;  // "a": must have it; "!a": must not
  std::string covers;             // a rule's id, or its beginning: "TEN"
};

// Every `*.scenario.jsonc` under the paths (files, or folders with all below), sorted.
// Errors: kNotFound, naming the path.
Result<std::vector<std::string>> FindScenarios(const std::vector<std::string>& paths);

struct LoadedSuite {
  std::vector<std::unique_ptr<Scenario>> scenarios;  // in the order of their files
  std::vector<Problem> problems;  // of all files; none may run while there are any
};
// Ids must be unique among them.
LoadedSuite LoadSuite(const std::vector<std::string>& files);

bool IsSelected(const Scenario& scenario, const Selection& selection);

struct SuitePlan {
  std::uint64_t first_seed = 1, last_seed = 1;
  sim::Schedule schedule = sim::Schedule::kFifo;
  int repeat = 1;
  int jobs = 1;
  bool fail_fast = false;
  bool compare_runs = false;  // each case twice; journals and traces must be equal
  RunLimits limits;
  std::function<bool()> is_over;  // true: no further case begins; may be empty
};

struct CaseResult {
  Case run;
  Outcome outcome;
  std::string differs;  // of compare_runs: where the second run left the first; else empty
};

// Runs every case; `done` is told each result in the order of the cases, from one thread at a time.
std::vector<CaseResult> RunSuite(const std::vector<const Scenario*>& scenarios,
                                 const SuitePlan& plan, const MakeTarget& make_target,
                                 const std::function<void(const CaseResult&)>& done);

struct Totals {
  int passed = 0, failed = 0, skipped = 0, broken = 0, differing = 0;
};
Totals TotalsOf(const std::vector<CaseResult>& results);

}  // namespace mg::scenario
