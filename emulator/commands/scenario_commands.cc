#include "emulator/commands/scenario_commands.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "core/adapters/thread_runtime.h"
#include "core/base/bytes.h"
#include "core/base/json.h"
#include "emulator/commands/socket_target.h"
#include "emulator/commands/url_target.h"
#include "emulator/self.h"
#include "scenarios/run/coverage.h"
#include "scenarios/run/report.h"
#include "scenarios/run/virtual_target.h"
#include "scenarios/sim/parallel.h"

namespace mg {
namespace {

constexpr Nanos kPatientWait = std::chrono::seconds(5);  // on sockets, without --slow

using scenario::CaseResult;
using scenario::Scenario;

int Refuse(ScenarioExit code, const std::string& message) {
  std::cerr << "moltgate test: " << message << "\n";
  return code;
}

// Files found and read, what is selected, and the exit code when nothing can run.
struct Chosen {
  scenario::LoadedSuite suite;
  std::vector<const Scenario*> selected;
  int code = kTestPassed;
};

Chosen Choose(const TestOptions& options) {
  Chosen chosen;
  const auto paths = options.paths.empty() ? std::vector<std::string>{"scenarios"} : options.paths;
  auto files = scenario::FindScenarios(paths);
  if (!files) {
    chosen.code = Refuse(kTestUsage, files.error().message);
    return chosen;
  }
  chosen.suite = scenario::LoadSuite(*files);
  if (std::filesystem::exists(options.spec)) {
    auto requirements = scenario::LoadRequirements(options.spec);
    if (!requirements) {
      chosen.code = Refuse(kTestInvalidFile, requirements.error().message);
      return chosen;
    }
    for (auto& problem : scenario::UnknownRules(chosen.suite.scenarios, *requirements))
      chosen.suite.problems.push_back(std::move(problem));
  }
  for (const scenario::Problem& problem : chosen.suite.problems)
    std::cerr << scenario::ProblemBlock(problem);
  if (!chosen.suite.problems.empty()) {
    chosen.code = Refuse(kTestInvalidFile, std::to_string(chosen.suite.problems.size()) +
                                               " problems in scenario files; nothing was run");
    return chosen;
  }
  scenario::Selection selection = options.selection;
  for (const std::string_view tag : Split(options.tags, ','))
    if (!tag.empty()) selection.tags.emplace_back(tag);
  for (const auto& one : chosen.suite.scenarios)
    if (scenario::IsSelected(*one, selection)) chosen.selected.push_back(one.get());
  if (chosen.selected.empty())
    chosen.code =
        Refuse(kTestNothingSelected, "no scenario is selected; `moltgate list` shows all");
  return chosen;
}

scenario::Style StyleOf(const TestOptions& options) {
  scenario::Style style;
  style.quiet = options.quiet;
  const bool terminal = ::isatty(1) == 1 && std::getenv("CI") == nullptr;
  style.colour =
      (terminal || std::getenv("FORCE_COLOR") != nullptr) && std::getenv("NO_COLOR") == nullptr;
  return style;
}

Status WriteReport(const std::string& path, const std::string& text) {
  if (path.empty()) return Ok();
  if (path == "-") {
    std::cout << text;
    return Ok();
  }
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return Ok();
  return Error{Code::kUnavailable, "cannot write " + path};
}

Status WriteJournals(const std::string& folder, const std::vector<CaseResult>& results) {
  if (folder.empty()) return Ok();
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  for (const CaseResult& result : results) {
    std::string name = result.run.Name() + "." + std::to_string(result.run.seed) + ".ndjson";
    std::replace(name.begin(), name.end(), '/', '_');
    MG_RETURN_IF_ERROR(WriteReport(folder + "/" + name, scenario::JournalText(result.outcome)));
  }
  return Ok();
}

Result<scenario::MakeTarget> TargetMaker(const TestOptions& options) {
  if (options.target == "virtual") return scenario::MakeTarget(scenario::MakeVirtualTarget);
  if (options.target == "socket") return scenario::MakeTarget(MakeSocketTarget);
  return MakeUrlTargets(options.target, options.max_requests, CurrentEnvironment());
}

// Waits until a file that scenarios are read from is newer, new or gone.
void WaitForChange(const TestOptions& options) {
  const auto stamps = [&options] {
    std::map<std::string, std::filesystem::file_time_type> found;
    const auto paths =
        options.paths.empty() ? std::vector<std::string>{"scenarios"} : options.paths;
    std::error_code ignored;
    for (const std::string& path : paths) {
      found[path] = std::filesystem::last_write_time(path, ignored);
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path, ignored))
        found[entry.path().string()] = std::filesystem::last_write_time(entry.path(), ignored);
    }
    return found;
  };
  ThreadRuntime runtime;
  const auto before = stamps();
  while (StopSignalNoted() == 0 && stamps() == before)
    runtime.SleepUntil(runtime.Now() + std::chrono::milliseconds(300));
}

void PauseUntilEnter(const scenario::Case& run, const scenario::Outcome&,
                     const scenario::Target& target) {
  EndWhenStuck(0);
  std::cerr << "\n"
            << run.Name() << " failed; " << target.Describe() << "\nPress Enter to go on."
            << std::endl;
  std::string line;
  std::getline(std::cin, line);
}

Result<scenario::SuitePlan> PlanOf(const TestOptions& options) {
  scenario::SuitePlan plan;
  const std::string& range = options.seeds.empty() ? options.seed : options.seeds;
  const std::size_t dots = range.find("..");
  const auto first = ParseUint(range.empty() ? "1" : std::string_view(range).substr(0, dots));
  const auto last =
      dots == std::string::npos ? first : ParseUint(std::string_view(range).substr(dots + 2));
  if (!first || !last || *last < *first)
    return Error{Code::kInvalid, "\"" + range + "\" is no seed; write 7, or 1..200"};
  plan.first_seed = *first;
  plan.last_seed = *last;
  if (options.schedule == "random") plan.schedule = sim::Schedule::kRandom;
  plan.jobs = options.jobs == 0 ? sim::CoreCount() : options.jobs;
  plan.repeat = options.repeat;
  plan.fail_fast = options.fail_fast;
  plan.compare_runs = options.check_determinism;
  plan.is_over = [] { return StopSignalNoted() != 0; };
  if (options.pause_on_failure) plan.limits.on_failure = PauseUntilEnter;
  if (options.target != "virtual") {
    if (options.jobs == 0) plan.jobs = 1;
    if (!options.slow) plan.limits.longest_wait = kPatientWait;
  }
  return plan;
}

int ExitCodeOf(const scenario::Totals& totals) {
  if (StopSignalNoted() != 0) return 128 + StopSignalNoted();
  if (totals.broken > 0) return kTestInfrastructure;
  if (totals.failed > 0) return kTestFailed;
  return totals.differing > 0 ? kTestGateFailed : kTestPassed;
}

int RunOnce(const TestOptions& options) {
  auto plan = PlanOf(options);
  if (!plan) return Refuse(kTestUsage, plan.error().message);
  const auto make_target = TargetMaker(options);
  if (!make_target) return Refuse(kTestUsage, make_target.error().message);
  const Chosen chosen = Choose(options);
  if (chosen.code != kTestPassed) return chosen.code;

  EndWhenStuck(options.timeout_seconds);
  scenario::RunFacts facts{options.target, *plan, 0, std::getenv("GITHUB_ACTIONS") != nullptr};
  const scenario::Style style = StyleOf(options);
  std::ostream& out =
      options.report_json == "-" || options.report_junit == "-" ? std::cerr : std::cout;
  const double began_ms = sim::RealMs();
  const auto results =
      scenario::RunSuite(chosen.selected, *plan, *make_target, [&](const CaseResult& result) {
        EndWhenStuck(options.timeout_seconds);
        out << scenario::CaseText(result, facts, style) << std::flush;
      });
  EndWhenStuck(0);
  facts.real_seconds = (sim::RealMs() - began_ms) / 1000;
  for (const Status& written :
       {WriteReport(options.report_json, scenario::JsonReport(results, facts)),
        WriteReport(options.report_junit, scenario::JunitReport(results, facts)),
        WriteJournals(options.journal_folder, results)})
    if (!written) return Refuse(kTestInfrastructure, written.error().message);
  out << scenario::SummaryText(results, facts);
  return ExitCodeOf(scenario::TotalsOf(results));
}

}  // namespace

int RunTest(const TestOptions& options) {
  NoteStopSignals();
  for (;;) {
    const int code = RunOnce(options);
    if (!options.watch || StopSignalNoted() != 0) return code;
    WaitForChange(options);
    if (StopSignalNoted() != 0) return code;
  }
}

int CheckScenarios(const TestOptions& options) {
  const Chosen chosen = Choose(options);
  if (chosen.code == kTestPassed) std::cout << chosen.selected.size() << " scenarios, no problem\n";
  return chosen.code;
}

int ListScenarios(const TestOptions& options, Format format) {
  const Chosen chosen = Choose(options);
  if (chosen.code != kTestPassed) return chosen.code;
  nlohmann::ordered_json items = nlohmann::ordered_json::array();
  for (const Scenario* one : chosen.selected) {
    std::string rules, tags;
    for (const std::string& rule : one->covers) rules += (rules.empty() ? "" : " ") + rule;
    for (const std::string& tag : one->tags) tags += (tags.empty() ? "" : " ") + tag;
    items.push_back({{"id", one->id},
                     {"file", one->source().path},
                     {"title", one->title},
                     {"instances", one->instances.size()},
                     {"covers", rules},
                     {"tags", tags}});
  }
  Print({{"items", std::move(items)}}, format);
  return kTestPassed;
}

int PrintScenarioSchema() {
  std::cout << scenario::ScenarioSchemaJson();
  return kTestPassed;
}

int RunCoverage(const TestOptions& options) {
  NoteStopSignals();
  auto plan = PlanOf(options);
  if (!plan) return Refuse(kTestUsage, plan.error().message);
  const auto requirements = scenario::LoadRequirements(options.spec);
  if (!requirements) return Refuse(kTestInvalidFile, requirements.error().message);
  const Chosen chosen = Choose(options);
  if (chosen.code != kTestPassed) return chosen.code;
  const auto results = scenario::RunSuite(chosen.selected, *plan, scenario::MakeVirtualTarget,
                                          [](const CaseResult&) {});
  const scenario::Coverage coverage = scenario::CoverageOf(results, *requirements);
  std::cout << scenario::CoverageText(coverage);
  const int code = ExitCodeOf(scenario::TotalsOf(results));
  if (code != kTestPassed) return code;
  const auto wanted = static_cast<std::size_t>(options.fail_under_percent) * coverage.rules.size();
  return coverage.CoveredCount() * 100 >= wanted ? kTestPassed : kTestGateFailed;
}

}  // namespace mg
