#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "core/base/bytes.h"
#include "scenarios/run/report.h"
#include "scenarios/run/values.h"

namespace mg::scenario {
namespace {

constexpr std::size_t kTimelineLines = 24;
constexpr std::size_t kNameColumns = 56;

std::string Coloured(const Style& style, const char* code, const std::string& text) {
  return style.colour ? "\x1b[" + std::string(code) + "m" + text + "\x1b[0m" : text;
}

std::string Seconds(Nanos duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1fs", std::chrono::duration<double>(duration).count());
  return text.data();
}

std::string Padded(std::string text, std::size_t columns) {
  if (text.size() < columns) text.append(columns - text.size(), ' ');
  return text;
}

std::string LineOf(std::string_view text, int number) {
  std::size_t begin = 0;
  for (int line = 1; line < number; ++line) {
    begin = text.find('\n', begin);
    if (begin == std::string_view::npos) return "";
    ++begin;
  }
  return std::string(text.substr(begin, text.find('\n', begin) - begin));
}

// The line with a caret under `width` bytes, and what stands beside them.
std::string CaretBlock(std::string_view text, TextPosition at, std::size_t width,
                       const std::string& beside) {
  const std::string number = std::to_string(at.line);
  const std::string line = LineOf(text, at.line);
  const auto column = static_cast<std::size_t>(std::max(at.column, 1)) - 1;
  std::string under;
  for (std::size_t i = 0; i < std::min(column, line.size()); ++i)
    under += line[i] == '\t' ? '\t' : ' ';
  const std::size_t room = line.size() > column ? line.size() - column : 1;
  under += std::string(std::clamp<std::size_t>(width, 1, room), '^');
  if (!beside.empty()) under += " actual " + beside;
  const std::string gutter(number.size(), ' ');
  return gutter + " |\n" + number + " | " + line + "\n" + gutter + " | " + under + "\n";
}

std::string_view StateWord(const Outcome& outcome) {
  switch (outcome.verdict) {
    case Verdict::kPassed:
      return "✓";
    case Verdict::kFailed:
      return "✗";
    case Verdict::kSkipped:
      return "-";
    case Verdict::kBroken:
      return "!";
  }
  return "";
}

std::string EntryTime(const fake::JournalEntry& entry) {
  return "     " + TimeText(WallTime{entry.at_ms}).substr(11, 12) + "  #" +
         Padded(std::to_string(entry.call), 5);
}

std::string EntryText(const fake::JournalEntry& entry) {
  std::string text = Padded(entry.service, 9) + Padded(entry.operation, 14);
  if (!entry.subject.empty()) text += " " + entry.subject;
  if (entry.service == "gateway") text += " " + entry.method + " " + entry.path;
  text += " " + std::to_string(entry.status);
  if (entry.step > 0) text += " step " + std::to_string(entry.step);
  if (entry.attempt > 1) text += " attempt " + std::to_string(entry.attempt);
  if (!entry.outcome.empty() && entry.outcome != "ok") text += " " + entry.outcome;
  if (!entry.fault.empty()) text += " fault " + entry.fault;
  if (entry.parent != 0) text += "  (of #" + std::to_string(entry.parent) + ")";
  return text + "\n";
}

// The last calls; several alike in a row take one line.
std::string Timeline(const Outcome& outcome) {
  std::vector<std::string> lines;
  std::string last;
  int alike = 0;
  for (const fake::JournalEntry& entry : outcome.journal) {
    const std::string text = EntryText(entry);
    if (text == last) {
      ++alike;
      continue;
    }
    if (alike > 0) lines.push_back("       and " + std::to_string(alike) + " more like it\n");
    lines.push_back(EntryTime(entry) + text);
    last = text;
    alike = 0;
  }
  if (alike > 0) lines.push_back("       and " + std::to_string(alike) + " more like it\n");
  if (lines.empty()) return "";
  const std::size_t first = lines.size() > kTimelineLines ? lines.size() - kTimelineLines : 0;
  std::string text = "   timeline\n";
  if (first > 0) text += "     ... " + std::to_string(first) + " lines before\n";
  for (std::size_t i = first; i < lines.size(); ++i) text += lines[i];
  return text;
}

std::string ReproduceLine(const CaseResult& result, const RunFacts& facts) {
  std::string line = "   reproduce: moltgate test " + result.run.scenario->source().path +
                     " --target " + facts.target + " --seed " + std::to_string(result.run.seed);
  if (result.run.schedule == sim::Schedule::kRandom) line += " --schedule random";
  return line + "\n";
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : " ") + text;
  return joined;
}

std::string FailureText(const Failure& failure, const CaseResult& result, const Style& style) {
  std::string text =
      "\n" + Coloured(style, "31;1", "error[" + failure.kind + "]") + ": " + failure.message;
  if (!failure.name.empty()) text += " (step \"" + failure.name + "\")";
  text += "  " + Joined(result.run.scenario->covers) + "\n";
  if (failure.source != nullptr) {
    text += "  --> " + failure.source->path + ":" + std::to_string(failure.at.line) + ":" +
            std::to_string(failure.at.column) + "\n";
    text += CaretBlock(failure.source->text, failure.at, failure.width, failure.actual);
  }
  for (const std::string& note : failure.notes) text += "   = " + note + "\n";
  return text;
}

std::string Annotation(const Failure& failure, const Case& run) {
  return "::error file=" + (failure.source == nullptr ? "" : failure.source->path) +
         ",line=" + std::to_string(failure.at.line) + ",col=" + std::to_string(failure.at.column) +
         ",title=" + run.Name() + "::" + failure.message + "\n";
}

}  // namespace

std::string CaseText(const CaseResult& result, const RunFacts& facts, const Style& style) {
  const Outcome& outcome = result.outcome;
  const bool bad = outcome.verdict == Verdict::kFailed || outcome.verdict == Verdict::kBroken ||
                   !result.differs.empty();
  if (style.quiet && !bad) return "";
  std::array<char, 32> real{};
  std::snprintf(real.data(), real.size(), "(%.0f ms)", outcome.real_ms);
  std::string name = result.run.Name();
  if (facts.plan.first_seed != facts.plan.last_seed)
    name += " seed " + std::to_string(result.run.seed);
  std::string text = Coloured(style, bad ? "31" : "32", std::string(StateWord(outcome))) + " " +
                     Padded(name, kNameColumns) + " ";
  if (outcome.verdict == Verdict::kSkipped) {
    text += "skipped (" + outcome.reason + ")\n";
  } else {
    text += facts.target + "  " + Padded(Seconds(outcome.virtual_time), 8) + real.data() + "\n";
  }
  if (outcome.verdict == Verdict::kBroken) text += "   " + outcome.reason + "\n";
  for (const Failure& failure : outcome.failures) {
    text += FailureText(failure, result, style) + Timeline(outcome) + ReproduceLine(result, facts);
    if (facts.github) text += Annotation(failure, result.run);
    text += "\n";
  }
  if (!result.differs.empty())
    text += "   a second run with the same seed is not the same: " + result.differs + "\n";
  return text;
}

std::string SummaryText(const std::vector<CaseResult>& results, const RunFacts& facts) {
  const Totals totals = TotalsOf(results);
  Nanos virtual_time = Nanos::zero();
  int planned = 0, fired = 0, bypassed = 0;
  for (const CaseResult& result : results) {
    virtual_time += result.outcome.virtual_time;
    for (const fake::FaultCount& count : result.outcome.faults) {
      planned += std::max(count.planned, 0);
      fired += count.fired;
      bypassed += count.bypassed;
    }
  }
  std::array<char, 160> line{};
  std::snprintf(line.data(), line.size(), "\n%zu runs in %.2f s (virtual %s)", results.size(),
                facts.real_seconds, Seconds(virtual_time).c_str());
  std::string text = line.data();
  text += " · seed " + std::to_string(facts.plan.first_seed);
  if (facts.plan.last_seed != facts.plan.first_seed)
    text += ".." + std::to_string(facts.plan.last_seed);
  text += facts.plan.schedule == sim::Schedule::kRandom ? " random" : " fifo";
  text += " · faults " + std::to_string(planned) + " planned, " + std::to_string(fired) +
          " fired, " + std::to_string(bypassed) + " passed by\n";
  if (totals.broken > 0)
    text += std::to_string(totals.broken) + " could not be run; see \"!\" above\n";
  if (totals.differing > 0)
    text += std::to_string(totals.differing) + " differ between two runs with one seed\n";
  return text + std::to_string(totals.passed) + " passed, " + std::to_string(totals.failed) +
         " failed, " + std::to_string(totals.skipped) + " skipped\n";
}

std::string ProblemBlock(const Problem& problem) {
  std::ifstream file(problem.path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return ProblemText(problem) + "\n" + CaretBlock(text.str(), problem.at, 1, "");
}

}  // namespace mg::scenario
