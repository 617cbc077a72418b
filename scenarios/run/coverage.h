// Which rules of the specification scenarios prove: `scenarios/spec/requirements.jsonc` against the
// verdicts of a run.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "scenarios/run/suite.h"

namespace mg::scenario {

struct Requirement {
  std::string id;           // "TEN-6"
  std::string statement;    // one line
  std::string verified_by;  // "test:<name>" where only a unit or wire test can show it; else empty
};

// Errors: kInvalid, "file:line:column: message"; kNotFound.
Result<std::vector<Requirement>> LoadRequirements(const std::string& path);

// Rules that scenarios name but the specification does not have.
std::vector<Problem> UnknownRules(const std::vector<std::unique_ptr<Scenario>>& scenarios,
                                  const std::vector<Requirement>& requirements);

struct Coverage {
  struct Rule {
    Requirement requirement;
    std::vector<std::string> passed, failed, skipped;  // names of scenarios
    bool covered() const { return !passed.empty() || !requirement.verified_by.empty(); }
  };
  std::vector<Rule> rules;
  std::vector<std::string> orphans;  // scenarios that name no rule
  std::size_t CoveredCount() const;
};
Coverage CoverageOf(const std::vector<CaseResult>& results,
                    const std::vector<Requirement>& requirements);
std::string CoverageText(const Coverage& coverage);  // uncovered rules first

}  // namespace mg::scenario
