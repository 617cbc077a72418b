#include "scenarios/sim/report.h"

namespace mg::sim {
namespace {

std::string TimeText(Instant t) {  // "1.5s"
  constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
  const std::int64_t ns = t.since_start.count();
  std::string fraction = std::to_string(kNanosPerSecond + ns % kNanosPerSecond);
  fraction.front() = '.';
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return std::to_string(ns / kNanosPerSecond) + (fraction == "." ? "" : fraction) + "s";
}

}  // namespace

std::string WaitText(const SimTask& task) {
  switch (task.wait) {
    case WaitKind::kStart:
      return "its start";
    case WaitKind::kJoin:
      return "join of " + task.joining->name;
    case WaitKind::kSleep:
    case WaitKind::kCondVar:
      break;
  }
  const std::string what = task.wait == WaitKind::kSleep ? "sleep" : "condvar";
  return task.deadline == kNever ? what : what + " until t=" + TimeText(task.deadline);
}

std::string Report(const std::string& what, Instant now,
                   const std::list<std::shared_ptr<SimTask>>& tasks) {
  std::string report = what + " at t=" + TimeText(now) + ":";
  for (const auto& task : tasks) {
    report += " [" + task->name + " waits for " + WaitText(*task) + "]";
  }
  return report;
}

}  // namespace mg::sim
