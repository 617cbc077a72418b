#include "scenarios/run/suite.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "scenarios/run/report.h"
#include "scenarios/sim/parallel.h"

namespace mg::scenario {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".scenario.jsonc";

bool IsScenarioFile(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.size() > kSuffix.size() &&
         name.compare(name.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

Result<std::string> ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::kNotFound, "cannot read " + path};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Case> CasesOf(const std::vector<const Scenario*>& scenarios, const SuitePlan& plan) {
  std::vector<Case> cases;
  for (const Scenario* scenario : scenarios)
    for (const Instance& instance : scenario->instances)
      for (std::uint64_t seed = plan.first_seed; seed <= plan.last_seed; ++seed)
        for (int again = 0; again < plan.repeat; ++again)
          cases.push_back({scenario, &instance, seed, plan.schedule});
  return cases;
}

CaseResult RunOne(const Case& run, const SuitePlan& plan, const MakeTarget& make_target) {
  CaseResult result{run, RunCase(run, make_target, plan.limits), ""};
  if (!plan.compare_runs) return result;
  const Outcome second = RunCase(run, make_target);
  if (second.verdict != result.outcome.verdict) {
    result.differs = "the verdicts differ";
  } else if (JournalText(second) != JournalText(result.outcome)) {
    result.differs = "the journals differ";
  } else if (second.trace != result.outcome.trace) {
    result.differs = "the order of tasks differs";
  }
  return result;
}

}  // namespace

Result<std::vector<std::string>> FindScenarios(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code failed;
    if (fs::is_directory(path, failed)) {
      for (const auto& entry : fs::recursive_directory_iterator(path, failed))
        if (entry.is_regular_file() && IsScenarioFile(entry.path()))
          files.push_back(entry.path().lexically_normal().string());
    } else if (fs::exists(path, failed)) {
      files.push_back(fs::path(path).lexically_normal().string());
    } else {
      return Error{Code::kNotFound, "there is no file or folder " + path};
    }
    if (failed) return Error{Code::kNotFound, path + ": " + failed.message()};
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

LoadedSuite LoadSuite(const std::vector<std::string>& files) {
  LoadedSuite suite;
  std::map<std::string, std::string> ids;
  for (const std::string& file : files) {
    Loaded loaded = LoadScenario(file, ReadWholeFile);
    suite.problems.insert(suite.problems.end(), loaded.problems.begin(), loaded.problems.end());
    if (!loaded.scenario) continue;
    const auto [first, is_new] = ids.emplace(loaded.scenario->id, file);
    if (!is_new) {
      suite.problems.push_back(
          {file, {}, "the id \"" + first->first + "\" is taken by " + first->second});
    }
    suite.scenarios.push_back(std::make_unique<Scenario>(std::move(*loaded.scenario)));
  }
  return suite;
}

bool IsSelected(const Scenario& scenario, const Selection& selection) {
  const std::string id = selection.filter.substr(0, selection.filter.find('['));
  if (scenario.id.find(id) == std::string::npos) return false;
  for (const std::string& tag : selection.tags) {
    const bool unwanted = !tag.empty() && tag.front() == '!';
    const bool has = std::find(scenario.tags.begin(), scenario.tags.end(),
                               unwanted ? tag.substr(1) : tag) != scenario.tags.end();
    if (has == unwanted) return false;
  }
  if (selection.covers.empty()) return true;
  const auto begins = [&](const std::string& rule) {
    if (rule == selection.covers) return true;
    return rule.compare(0, selection.covers.size() + 1, selection.covers + "-") == 0;
  };
  return std::any_of(scenario.covers.begin(), scenario.covers.end(), begins);
}

std::vector<CaseResult> RunSuite(const std::vector<const Scenario*>& scenarios,
                                 const SuitePlan& plan, const MakeTarget& make_target,
                                 const std::function<void(const CaseResult&)>& done) {
  const std::vector<Case> cases = CasesOf(scenarios, plan);
  std::vector<std::optional<CaseResult>> results(cases.size());
  std::atomic<bool> stop{false};
  Mutex mutex;
  std::size_t told = 0;
  sim::ParallelFor(plan.jobs, cases.size(), [&](std::size_t i) {
    if (stop || (plan.is_over && plan.is_over())) return;
    CaseResult result = RunOne(cases[i], plan, make_target);
    const bool bad =
        result.outcome.verdict == Verdict::kFailed || result.outcome.verdict == Verdict::kBroken;
    if (plan.fail_fast && bad) stop = true;
    const Lock lock(mutex);
    results[i] = std::move(result);
    for (; told < results.size() && results[told]; ++told) done(*results[told]);
  });
  std::vector<CaseResult> finished;
  for (auto& result : results)
    if (result) finished.push_back(std::move(*result));
  return finished;
}

Totals TotalsOf(const std::vector<CaseResult>& results) {
  Totals totals;
  for (const CaseResult& result : results) {
    if (!result.differs.empty()) ++totals.differing;
    switch (result.outcome.verdict) {
      case Verdict::kPassed:
        ++totals.passed;
        break;
      case Verdict::kFailed:
        ++totals.failed;
        break;
      case Verdict::kSkipped:
        ++totals.skipped;
        break;
      case Verdict::kBroken:
        ++totals.broken;
        break;
    }
  }
  return totals;
}

}  // namespace mg::scenario
