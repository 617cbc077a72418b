// What a run prints and leaves behind. JSON reports and journals hold no real time, path of this
// machine or process id: one seed, one text.
#pragma once
#include <string>
#include <vector>

#include "scenarios/run/suite.h"

namespace mg::scenario {

struct Style {
  bool colour = false;
  bool quiet = false;  // failures and the summary alone
};

struct RunFacts {
  std::string target;
  SuitePlan plan;
  double real_seconds = 0;
  bool github = false;  // annotations for GitHub Actions
};

// "✓ id[label]  virtual  5.1s  (2 ms)", followed by what failed. Ends with a newline.
std::string CaseText(const CaseResult& result, const RunFacts& facts, const Style& style);
// Counts and times; the last line is "N passed, N failed, N skipped".
std::string SummaryText(const std::vector<CaseResult>& results, const RunFacts& facts);

std::string JsonReport(const std::vector<CaseResult>& results, const RunFacts& facts);
std::string JunitReport(const std::vector<CaseResult>& results, const RunFacts& facts);
std::string JournalText(const Outcome& outcome);  // NDJSON, calls in the order of their beginning

// "file:line:column: message" with the line and a caret below it.
std::string ProblemBlock(const Problem& problem);

}  // namespace mg::scenario
