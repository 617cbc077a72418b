#include "scenarios/run/coverage.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace mg::scenario {
namespace {

constexpr std::size_t kNamesShown = 4;

Error At(const std::string& path, TextPosition at, const std::string& what) {
  return {Code::kInvalid, ProblemText({path, at, what})};
}

std::string TextAt(const JsoncNode& node, std::string_view key) {
  const JsoncNode* found = node.Find(key);
  return found == nullptr ? "" : found->text;
}

std::string Named(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kNamesShown)
    text += " and " + std::to_string(names.size() - kNamesShown) + " more";
  return text;
}

std::string RuleText(const Coverage::Rule& rule) {
  std::string text = rule.covered() ? "✓ " : "✗ ";
  text += rule.requirement.id +
          std::string(8 - std::min<std::size_t>(7, rule.requirement.id.size()), ' ');
  if (!rule.passed.empty()) return text + Named(rule.passed) + "\n";
  if (!rule.requirement.verified_by.empty()) return text + rule.requirement.verified_by + "\n";
  text += rule.requirement.statement;
  if (!rule.failed.empty()) text += " (failed: " + Named(rule.failed) + ")";
  if (!rule.skipped.empty()) text += " (skipped: " + Named(rule.skipped) + ")";
  return text + "\n";
}

}  // namespace

Result<std::vector<Requirement>> LoadRequirements(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::kNotFound, "cannot read " + path + "; name it with --spec"};
  std::stringstream text;
  text << file.rdbuf();
  MG_TRY(root, ParseJsonc(text.str(), path));
  const JsoncNode* list = root.Find("requirements");
  if (list == nullptr || list->kind != JsoncNode::Kind::kArray)
    return At(path, root.at, "there must be an array \"requirements\"");
  std::vector<Requirement> requirements;
  std::set<std::string> ids;
  for (const JsoncNode& item : list->items) {
    Requirement one{TextAt(item, "id"), TextAt(item, "statement"), TextAt(item, "verified_by")};
    if (one.id.empty() || one.statement.empty())
      return At(path, item.at, "a requirement needs \"id\" and \"statement\"");
    if (!ids.insert(one.id).second) return At(path, item.at, one.id + " is there already");
    requirements.push_back(std::move(one));
  }
  return requirements;
}

std::vector<Problem> UnknownRules(const std::vector<std::unique_ptr<Scenario>>& scenarios,
                                  const std::vector<Requirement>& requirements) {
  std::vector<std::string> ids;
  for (const Requirement& requirement : requirements) ids.push_back(requirement.id);
  std::vector<Problem> problems;
  for (const auto& scenario : scenarios) {
    const JsoncNode* covers = scenario->source().root.Find("covers");
    if (covers == nullptr) continue;
    for (const JsoncNode& item : covers->items) {
      if (std::find(ids.begin(), ids.end(), item.text) != ids.end()) continue;
      const std::string nearest = NearestWord(item.text, ids);
      problems.push_back({scenario->source().path, item.at,
                          "the specification has no rule \"" + item.text + "\"" +
                              (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?")});
    }
  }
  return problems;
}

std::size_t Coverage::CoveredCount() const {
  return static_cast<std::size_t>(
      std::count_if(rules.begin(), rules.end(), [](const Rule& rule) { return rule.covered(); }));
}

Coverage CoverageOf(const std::vector<CaseResult>& results,
                    const std::vector<Requirement>& requirements) {
  Coverage coverage;
  for (const Requirement& requirement : requirements)
    coverage.rules.push_back({requirement, {}, {}, {}});
  for (const CaseResult& result : results) {
    const Scenario& scenario = *result.run.scenario;
    if (scenario.covers.empty()) coverage.orphans.push_back(result.run.Name());
    for (Coverage::Rule& rule : coverage.rules) {
      const auto& covers = scenario.covers;
      if (std::find(covers.begin(), covers.end(), rule.requirement.id) == covers.end()) continue;
      const Verdict verdict = result.outcome.verdict;
      auto& names = verdict == Verdict::kPassed    ? rule.passed
                    : verdict == Verdict::kSkipped ? rule.skipped
                                                   : rule.failed;
      names.push_back(result.run.Name());
    }
  }
  return coverage;
}

std::string CoverageText(const Coverage& coverage) {
  std::string uncovered, covered;
  for (const Coverage::Rule& rule : coverage.rules)
    (rule.covered() ? covered : uncovered) += RuleText(rule);
  std::string text = uncovered + covered;
  if (!coverage.orphans.empty())
    text += "scenarios that name no rule: " + Named(coverage.orphans) + "\n";
  return text + std::to_string(coverage.CoveredCount()) + " of " +
         std::to_string(coverage.rules.size()) + " rules covered\n";
}

}  // namespace mg::scenario
