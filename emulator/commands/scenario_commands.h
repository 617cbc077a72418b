// The commands of the scenario runner: test, check-scenarios, list, schema, coverage.
//
// Exit codes: 0 all passed; 1 an expectation, an invariant or a fault's count failed; 2 bad command
// line; 3 a scenario file is invalid, nothing was run; 4 infrastructure; 5 nothing selected; 6 a
// gate failed though scenarios passed. When several apply: 4, then 3, 1, 6.
// 130 or 143: stopped by a signal, with the reports of what had ended.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "emulator/commands/output.h"
#include "scenarios/run/suite.h"

namespace mg {

enum ScenarioExit {
  kTestPassed = 0,
  kTestFailed = 1,
  kTestUsage = 2,
  kTestInvalidFile = 3,
  kTestInfrastructure = 4,
  kTestNothingSelected = 5,
  kTestGateFailed = 6,
};

struct TestOptions {
  std::vector<std::string> paths;  // empty: "scenarios"
  std::string target = "virtual";  // virtual, socket or a URL
  int max_requests = 1000;         // to a URL
  std::string seed, seeds;         // "7"; "1..200"
  std::string schedule = "fifo";
  int jobs = 0;  // 0: one a core
  int repeat = 1;
  std::string tags;  // "a,!b"
  scenario::Selection selection;
  bool fail_fast = false;
  bool check_determinism = false;
  bool slow = false;
  bool quiet = false;
  bool watch = false;
  bool pause_on_failure = false;
  int timeout_seconds = 60;  // of real time, for all that runs without an answer
  std::string report_junit, report_json, journal_folder;
  std::string spec = "scenarios/spec/requirements.jsonc";
  int fail_under_percent = 100;  // of coverage
};

int RunTest(const TestOptions& options);
int CheckScenarios(const TestOptions& options);
int ListScenarios(const TestOptions& options, Format format);
int PrintScenarioSchema();
int RunCoverage(const TestOptions& options);

}  // namespace mg
