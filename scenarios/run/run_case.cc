#include "scenarios/run/run_case.h"

#include <algorithm>
#include <exception>

#include "scenarios/run/execution.h"
#include "scenarios/run/needs.h"
#include "scenarios/run/options.h"
#include "scenarios/run/values.h"
#include "scenarios/run/virtual_target.h"
#include "scenarios/sim/parallel.h"

namespace mg::scenario {
namespace {

void Fail(Outcome& outcome, const Scenario& scenario, std::string kind, std::string message) {
  Failure failure;
  failure.kind = std::move(kind);
  failure.message = std::move(message);
  failure.source = &scenario.source();
  outcome.failures.push_back(std::move(failure));
  outcome.verdict = Verdict::kFailed;
}

// Why this target cannot run it; "" when it can.
std::string SkipReason(const Scenario& scenario, const Target& target) {
  const auto& targets = scenario.targets;
  if (!targets.empty() && std::find(targets.begin(), targets.end(), target.Name()) == targets.end())
    return "not for " + std::string(target.Name());
  for (const NeedOf& need : NeedsOf(scenario))
    if (!target.Has(need.need)) return "needs " + need.text;
  return "";
}

// Why it is not worth its real time; "" when it is.
std::string TooLong(const Case& run, const RunLimits& limits) {
  if (limits.longest_wait == Nanos::max()) return "";
  const Outcome rehearsal = RunCase(run, MakeVirtualTarget);
  if (rehearsal.verdict != Verdict::kPassed || rehearsal.waited <= limits.longest_wait) return "";
  const auto waited = std::chrono::duration_cast<std::chrono::seconds>(rehearsal.waited);
  return "waits " + DurationText(waited) + "; --slow runs it";
}

void RunOn(Target& target, const Case& run, const OnFailure& on_failure, Outcome& outcome) {
  if (const Status started = target.Start(); !started) {
    const bool refused = started.error().code == Code::kInvalid;
    if (refused) return Fail(outcome, *run.scenario, "start-refused", started.error().message);
    outcome.verdict = Verdict::kBroken;
    outcome.reason = "the target does not start: " + started.error().message;
    return;
  }
  Execution execution(*run.scenario, *run.instance, run.seed, target);
  if (const Status ran = execution.Run(outcome); !ran) {
    outcome.verdict = Verdict::kBroken;
    outcome.reason = ran.error().message;
  }
  if (auto journal = target.Journal(); journal) outcome.journal = std::move(*journal);
  if (auto counts = target.FaultCounts(); counts) outcome.faults = std::move(*counts);
  if (on_failure && outcome.verdict == Verdict::kFailed) on_failure(run, outcome, target);
  if (const Status stopped = target.Stop(); !stopped && outcome.verdict == Verdict::kPassed) {
    outcome.verdict = Verdict::kBroken;
    outcome.reason = "the target does not stop: " + stopped.error().message;
  }
}

Outcome RunTimed(const Case& run, const MakeTarget& make_target, const RunLimits& limits) {
  Outcome outcome;
  TargetOptions options;
  options.seed = run.seed;
  options.schedule = run.schedule;
  if (const Status given = ReadGiven(*run.scenario, *run.instance, options); !given) {
    Fail(outcome, *run.scenario, "bad-given", given.error().message);
    return outcome;
  }
  auto made = make_target(options);
  if (!made) {
    outcome.verdict = Verdict::kBroken;
    outcome.reason = made.error().message;
    return outcome;
  }
  Target& target = **made;
  outcome.reason = SkipReason(*run.scenario, target);
  if (outcome.reason.empty()) outcome.reason = TooLong(run, limits);
  if (!outcome.reason.empty()) {
    outcome.verdict = Verdict::kSkipped;
    return outcome;
  }
  try {
    target.Run([&] { RunOn(target, run, limits.on_failure, outcome); });
  } catch (const sim::Deadlock& stuck) {
    Fail(outcome, *run.scenario, "deadlock", stuck.what());
  } catch (const sim::LeftOver& left) {
    Fail(outcome, *run.scenario, "leftover-task", left.what());
  } catch (const sim::BlockedUnderLock& blocked) {
    Fail(outcome, *run.scenario, "blocked-under-lock", blocked.what());
  } catch (const std::exception& thrown) {
    Fail(outcome, *run.scenario, "exception", thrown.what());
  }
  if (outcome.journal.empty())  // a run that ended early shows how far it came
    if (auto journal = target.Journal(); journal) outcome.journal = std::move(*journal);
  outcome.trace = target.TraceHash();
  return outcome;
}

}  // namespace

Outcome RunCase(const Case& run, const MakeTarget& make_target, const RunLimits& limits) {
  const double began_ms = sim::RealMs();
  Outcome outcome = RunTimed(run, make_target, limits);
  outcome.real_ms = sim::RealMs() - began_ms;
  return outcome;
}

}  // namespace mg::scenario
