// Many tasks at once, and where chance comes from: the seed and nothing else.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "scenarios/sim/cores.h"
#include "scenarios/sim/sim_random.h"
#include "tests/scenarios/sim_support.h"

namespace mg::sim {
namespace {

struct Burst {
  std::uint64_t trace = 0;
  int served = 0;
  int timed_out = 0;
  Instant end;
  friend bool operator==(const Burst&, const Burst&) = default;
};

// `tasks` at once through a limiter of 64, six waits each, two seconds of patience for a slot.
Burst BurstOf(int tasks, SimOptions options) {
  Burst burst;
  SimRuntime runtime(options);
  SimRandom latency(options.seed ^ 99);
  Limiter limiter(runtime, 64);
  runtime.Run([&] {
    Tasks all(runtime);
    for (int i = 0; i < tasks; ++i) {
      all.Spawn("request-" + std::to_string(i), [&] {
        if (!limiter.Acquire(runtime.Now() + 2s)) {
          ++burst.timed_out;
          return;
        }
        for (int k = 0; k < 6; ++k) {
          runtime.SleepUntil(runtime.Now() + milliseconds(5 + latency.Below(40)));
        }
        limiter.Release();
        ++burst.served;
      });
    }
    all.Join();
  });
  burst.trace = runtime.TraceHash();
  burst.end = runtime.Now();
  return burst;
}

TEST(SimRuntimeBurst, OfAThousandTasksIsTheSameTwice) {
  PinToOneCore(0);
  for (const SimOptions& options : {Fifo(), Random(1)}) {
    const Burst once = BurstOf(1000, options);
    EXPECT_EQ(once, BurstOf(1000, options));
    EXPECT_EQ(once.served + once.timed_out, 1000);
    EXPECT_GT(once.timed_out, 0);
  }
}

TEST(SimRuntimeBurst, HasTheTraceItEverHad) {  // on every machine and with every compiler
  EXPECT_EQ(BurstOf(100, Fifo()).trace, 5719406487588100306u);
  EXPECT_EQ(BurstOf(100, Random(42)).trace, 9540747076295102728u);
}

TEST(SimRuntimeBurst, MayHaveMoreTasksThanThreadsAreKept) {
  PinToOneCore(0);
  SimRuntime runtime(Fifo());
  for (const int count : {2100, 10}) {
    int ended = 0;
    runtime.Run([&] {
      Tasks tasks(runtime);
      for (int i = 0; i < count; ++i) {
        tasks.Spawn("task", [&] {
          runtime.SleepUntil(runtime.Now() + 1s);
          ++ended;
        });
      }
      tasks.Join();
    });
    EXPECT_EQ(ended, count);
  }
}

TEST(SimRuntimeBurst, RunsOnTheCoresOfWhoeverCallsRun) {
  for (const int slot : {0, 1, 0}) {  // the same threads from the pool, on another core
    std::thread([slot] {
      PinToOneCore(slot);
      const CoreSet mine = CoreSet::OfThisThread();
      SimRuntime runtime(Fifo());
      runtime.Run([&] {
        EXPECT_EQ(CoreSet::OfThisThread(), mine);
        runtime.Spawn("task", [&] { EXPECT_EQ(CoreSet::OfThisThread(), mine); })->Join();
      });
    }).join();
  }
}

TEST(SimRuntimeBurst, TwoRuntimesAtOnceDoNotDisturbEachOther) {
  const Burst expected[] = {BurstOf(200, Random(0)), BurstOf(200, Random(1))};
  Burst seen[2];
  std::vector<std::thread> threads;
  for (std::size_t job = 0; job < 2; ++job) {
    threads.emplace_back([job, &seen] {
      PinToOneCore(static_cast<int>(job));
      for (int round = 0; round < 5; ++round) seen[job] = BurstOf(200, Random(job));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen[0], expected[0]);
  EXPECT_EQ(seen[1], expected[1]);
}

TEST(SimRandom, IsTheSeedsAlone) {
  EXPECT_EQ(SimRandom(1).Bytes(20), SimRandom(1).Bytes(20));
  EXPECT_NE(SimRandom(1).Bytes(20), SimRandom(2).Bytes(20));
  EXPECT_EQ(SimRandom(1).Bytes(3).size(), 3u);
  SimRandom random(3);
  std::set<std::uint64_t> drawn;
  for (int i = 0; i < 200; ++i) drawn.insert(random.Below(6));
  EXPECT_EQ(drawn, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5}));
}

TEST(SplitMix64, GivesThePublishedNumbers) {
  SplitMix64 generator(1234567);
  EXPECT_EQ(generator.Next(), 6457827717110365317u);
  EXPECT_EQ(generator.Next(), 3203168211198807973u);
}

}  // namespace
}  // namespace mg::sim
