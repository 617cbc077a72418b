// What scenarios cost, on one core: the scheduler alone (switches, lone sleeps, short tasks, a
// burst), then the whole system in virtual time.
// Run from a release build: build/release/tests/bench/bench_sim [rounds]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iomanip>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "scenarios/sim/sim_random.h"
#include "scenarios/sim/sim_runtime.h"
#include "tests/bench/bench_world.h"

namespace mg::sim {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

double SecondsSince(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

void Print(const std::string& what, double value, const char* unit) {
  std::cout << std::left << std::setw(28) << what << std::right << std::fixed
            << std::setprecision(value < 100 ? 2 : 0) << std::setw(12) << value << " " << unit
            << "\n";
}

void RunTasks(SimRuntime& runtime, int count, const std::function<void()>& body) {
  runtime.Run([&] {
    std::vector<std::unique_ptr<Task>> tasks;
    for (int i = 0; i < count; ++i) {
      tasks.push_back(runtime.Spawn("task-" + std::to_string(i), body));
    }
    for (const auto& task : tasks) task->Join();
  });
}

double SwitchesPerSecond(int tasks) {
  constexpr int kTurns = 200'000;
  SimRuntime runtime({});
  RunTasks(runtime, tasks, [] {});  // threads to take from the pool
  const auto began = Clock::now();
  RunTasks(runtime, tasks, [&] {
    for (int i = 0; i < kTurns / tasks; ++i) runtime.SleepUntil(runtime.Now());
  });
  return static_cast<double>(runtime.Switches()) / SecondsSince(began);
}

double LoneSleepsPerSecond() {
  constexpr int kSleeps = 2'000'000;
  SimRuntime runtime({});
  const auto began = Clock::now();
  runtime.Run([&] {
    for (int i = 0; i < kSleeps; ++i) runtime.SleepUntil(runtime.Now() + milliseconds(1));
  });
  return kSleeps / SecondsSince(began);
}

// One after another, each on a thread from the pool, since root's own is busy with the join.
double MicrosPerTask() {
  constexpr int kTasks = 20'000;
  SimRuntime runtime({});
  const auto began = Clock::now();
  runtime.Run([&] {
    for (int i = 0; i < kTasks; ++i) runtime.Spawn("task", [] {})->Join();
  });
  return SecondsSince(began) * 1e6 / kTasks;
}

// A thousand tasks that wait ten times each.
double BurstMs(Schedule schedule) {
  SimOptions options;
  options.schedule = schedule;
  SimRuntime runtime(options);
  SimRandom latency(7);
  const auto began = Clock::now();
  RunTasks(runtime, 1000, [&] {
    for (int k = 0; k < 10; ++k) {
      runtime.SleepUntil(runtime.Now() + milliseconds(5 + latency.Below(40)));
    }
  });
  return SecondsSince(began) * 1e3;
}

void Round() {
  for (const int tasks : {2, 64, 1000}) {
    Print("switches, " + std::to_string(tasks) + " tasks", SwitchesPerSecond(tasks), "/s");
  }
  Print("sleeps of a lone task", LoneSleepsPerSecond(), "/s");
  Print("start and end of a task", MicrosPerTask(), "us");
  Print("burst of 1,000, fifo", BurstMs(Schedule::kFifo), "ms");
  Print("burst of 1,000, random", BurstMs(Schedule::kRandom), "ms");
}

}  // namespace
}  // namespace mg::sim

int main(int argc, char** argv) {
  mg::sim::PinToOneCore(0);
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 2;
  mg::sim::Print("first burst, threads are new", mg::sim::BurstMs(mg::sim::Schedule::kFifo), "ms");
  for (int i = 0; i < std::max(1, rounds); ++i) {
    mg::sim::Round();
    mg::sim::PrintWorldFigures();
  }
  return 0;
}
