// What came of running one instance of a scenario on one target.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/ports/runtime.h"
#include "fakes/faults.h"
#include "fakes/journal.h"
#include "scenarios/run/scenario.h"

namespace mg::scenario {

enum class Verdict {
  kPassed,
  kFailed,   // an expectation, an invariant or the count of a fault
  kSkipped,  // the target lacks what it needs; never a pass
  kBroken,   // the run itself failed: a port, an endpoint, a watchdog
};

struct Failure {
  std::string kind;     // "status-mismatch", "row-mismatch", "unfired-fault", "invariant", ...
  std::string message;  // one sentence
  const Source* source = nullptr;
  TextPosition at;
  std::size_t width = 1;
  std::string actual;              // stands beside the caret; may be empty
  std::vector<std::string> notes;  // "nearest row: ..."
  std::string name;                // of the step; may be empty
};

struct Outcome {
  Verdict verdict = Verdict::kPassed;
  std::string reason;  // of kSkipped and kBroken
  std::vector<Failure> failures;
  Nanos virtual_time = Nanos::zero();  // that passed for the gateway
  Nanos waited = Nanos::zero();        // of it, what was no `advance`: real time on sockets
  double real_ms = 0;
  std::uint64_t trace = 0;
  std::vector<fake::FaultCount> faults;
  std::vector<fake::JournalEntry> journal;  // in the order in which calls began
};

}  // namespace mg::scenario
