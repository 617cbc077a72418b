#include <filesystem>
#include <map>

#include "core/base/json.h"
#include "scenarios/run/match.h"
#include "scenarios/run/report.h"

namespace mg::scenario {
namespace {

constexpr int kReportVersion = 1;

std::string_view VerdictWord(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return "passed";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kSkipped:
      return "skipped";
    case Verdict::kBroken:
      return "broken";
  }
  return "";
}

std::string_view ScheduleWord(sim::Schedule schedule) {
  return schedule == sim::Schedule::kRandom ? "random" : "fifo";
}

std::int64_t Milliseconds(Nanos duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

Json JsonOf(const Failure& failure) {
  return {
      {"kind", failure.kind},    {"message", failure.message},
      {"step", failure.name},    {"file", failure.source == nullptr ? "" : failure.source->path},
      {"line", failure.at.line}, {"column", failure.at.column},
      {"notes", failure.notes}};
}

Json JsonOf(const CaseResult& result) {
  const Outcome& outcome = result.outcome;
  const Scenario& scenario = *result.run.scenario;
  Json failures = Json::array(), faults = Json::array();
  for (const Failure& failure : outcome.failures) failures.push_back(JsonOf(failure));
  for (const fake::FaultCount& count : outcome.faults)
    faults.push_back({{"id", count.id},
                      {"planned", count.planned},
                      {"fired", count.fired},
                      {"bypassed", count.bypassed}});
  return {{"name", result.run.Name()},
          {"file", scenario.source().path},
          {"title", scenario.title},
          {"covers", scenario.covers},
          {"tags", scenario.tags},
          {"seed", result.run.seed},
          {"verdict", VerdictWord(outcome.verdict)},
          {"reason", outcome.reason},
          {"virtual_ms", Milliseconds(outcome.virtual_time)},
          {"calls", outcome.journal.size()},
          {"trace", outcome.trace},
          {"faults", faults},
          {"failures", failures},
          {"differs", result.differs}};
}

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\n') {
      out += "&#10;";
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') {
      out += c;  // XML knows no other control characters
    } else {
      out += '?';
    }
  }
  return out;
}

std::string Attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + Escaped(value) + "\"";
}

std::string TestCase(const CaseResult& result, const RunFacts& facts) {
  const Outcome& outcome = result.outcome;
  const Scenario& scenario = *result.run.scenario;
  std::string rules;
  for (const std::string& rule : scenario.covers) rules += (rules.empty() ? "" : " ") + rule;
  const int line = outcome.failures.empty() ? 1 : outcome.failures.front().at.line;
  std::string text =
      "    <testcase" + Attribute("name", result.run.Name()) + Attribute("classname", scenario.id) +
      Attribute("file", scenario.source().path) + Attribute("line", std::to_string(line)) +
      Attribute("time", std::to_string(outcome.real_ms / 1000)) + ">\n";
  text += "      <properties>";
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"covers", rules},
           {"seed", std::to_string(result.run.seed)},
           {"target", facts.target},
           {"virtual_ms", std::to_string(Milliseconds(outcome.virtual_time))}})
    text += "<property" + Attribute("name", name) + Attribute("value", value) + "/>";
  text += "</properties>\n";
  if (outcome.verdict == Verdict::kSkipped)
    text += "      <skipped" + Attribute("message", outcome.reason) + "/>\n";
  if (outcome.verdict == Verdict::kBroken)
    text += "      <error" + Attribute("message", outcome.reason) + "/>\n";
  for (const Failure& failure : outcome.failures)
    text += "      <failure" + Attribute("type", failure.kind) +
            Attribute("message", failure.message) + ">" +
            Escaped(CaseText(result, facts, Style{})) + "</failure>\n";
  if (!result.differs.empty())
    text += "      <failure" + Attribute("type", "not-repeatable") +
            Attribute("message", result.differs) + "/>\n";
  return text + "    </testcase>\n";
}

}  // namespace

std::string JsonReport(const std::vector<CaseResult>& results, const RunFacts& facts) {
  Json scenarios = Json::array();
  for (const CaseResult& result : results) scenarios.push_back(JsonOf(result));
  const Totals totals = TotalsOf(results);
  return Json{{"version", kReportVersion},
              {"target", facts.target},
              {"schedule", ScheduleWord(facts.plan.schedule)},
              {"first_seed", facts.plan.first_seed},
              {"last_seed", facts.plan.last_seed},
              {"scenarios", scenarios},
              {"summary",
               {{"passed", totals.passed},
                {"failed", totals.failed},
                {"skipped", totals.skipped},
                {"broken", totals.broken},
                {"differing", totals.differing}}}}
             .dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

std::string JunitReport(const std::vector<CaseResult>& results, const RunFacts& facts) {
  std::map<std::string, std::string> suites;  // by folder
  std::map<std::string, Totals> counts;
  for (const CaseResult& result : results) {
    const std::string folder =
        std::filesystem::path(result.run.scenario->source().path).parent_path().string();
    suites[folder] += TestCase(result, facts);
    const Totals one = TotalsOf({result});
    Totals& all = counts[folder];
    all.passed += one.passed;
    all.failed += one.failed + one.differing;
    all.skipped += one.skipped;
    all.broken += one.broken;
  }
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& [folder, cases] : suites) {
    const Totals& n = counts[folder];
    text += "  <testsuite" + Attribute("name", folder.empty() ? "." : folder) +
            Attribute("tests", std::to_string(n.passed + n.failed + n.skipped + n.broken)) +
            Attribute("failures", std::to_string(n.failed)) +
            Attribute("errors", std::to_string(n.broken)) +
            Attribute("skipped", std::to_string(n.skipped)) + ">\n" + cases + "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

std::string JournalText(const Outcome& outcome) {
  std::string text;
  for (const fake::JournalEntry& entry : outcome.journal)
    text += fake::JournalEntryJson(entry) + "\n";
  return text;
}

}  // namespace mg::scenario
