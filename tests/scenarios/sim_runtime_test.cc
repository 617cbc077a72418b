#include "scenarios/sim/sim_runtime.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/check.h"
#include "tests/scenarios/sim_support.h"

namespace mg::sim {
namespace {

// Five tasks that each take three turns; the names of who had them.
std::string Turns(SimOptions options) {
  SimRuntime runtime(options);
  std::string turns;
  runtime.Run([&] {
    Tasks tasks(runtime);
    for (const char name : {'a', 'b', 'c', 'd', 'e'}) {
      tasks.Spawn(std::string(1, name), [&turns, &runtime, name] {
        for (int turn = 0; turn < 3; ++turn) {
          turns += name;
          runtime.SleepUntil(runtime.Now());
        }
      });
    }
    tasks.Join();
  });
  return turns;
}

TEST(SimRuntimeTime, JumpsToTheEarliestDeadlineWhenAllWait) {
  SimRuntime runtime(Fifo());
  std::vector<std::int64_t> woke_at_s;
  runtime.Run([&] {
    Tasks tasks(runtime);
    for (const int delay_s : {5, 1, 3}) {
      tasks.Spawn("sleeper", [&woke_at_s, &runtime, delay_s] {
        runtime.SleepUntil(At(std::chrono::seconds(delay_s)));
        woke_at_s.push_back(runtime.Now().since_start / 1s);
      });
    }
    tasks.Join();
  });
  EXPECT_EQ(woke_at_s, (std::vector<std::int64_t>{1, 3, 5}));
}

TEST(SimRuntimeTime, WallGoesWithTheVirtualClock) {
  SimOptions options;
  options.wall_start = WallTime{1'000};
  SimRuntime runtime(options);
  EXPECT_EQ(runtime.Wall().ms, 1'000);
  runtime.Run([&] { runtime.SleepUntil(At(2500ms)); });
  EXPECT_EQ(runtime.Wall().ms, 3'500);
}

TEST(SimRuntimeTime, ALoneTaskSleepsWithoutAnySwitch) {
  SimRuntime runtime(Random(1));
  runtime.Run([&] {
    for (int i = 0; i < 1000; ++i) runtime.SleepUntil(runtime.Now() + 1ms);
  });
  EXPECT_EQ(runtime.Now(), At(1s));
  EXPECT_EQ(runtime.Switches(), 1u);
}

TEST(SimRuntimeTime, ASleepUntilThePastLetsOthersRun) {
  SimRuntime runtime(Fifo());
  bool ran = false;
  runtime.Run([&] {
    runtime.SleepUntil(At(1s));
    const auto task = runtime.Spawn("other", [&] { ran = true; });
    EXPECT_FALSE(ran);
    runtime.SleepUntil(At(0s));
    EXPECT_TRUE(ran);
    task->Join();
  });
  EXPECT_EQ(runtime.Now(), At(1s));
}

TEST(SimRuntimeTime, AWaitWithADeadlineInThePastReturnsAtOnce) {
  SimRuntime runtime(Fifo());
  runtime.Run([&] {
    runtime.SleepUntil(At(1s));
    EXPECT_FALSE(Flag(runtime).Await(At(0s)));
    Mutex mutex;
    Lock lock(mutex);
    runtime.MakeCondVar()->WaitUntil(lock, At(0s));
    EXPECT_TRUE(lock.owns_lock());
  });
  EXPECT_EQ(runtime.Now(), At(1s));
}

TEST(SimRuntimeOrder, FifoIsTheOrderOfBecomingReady) {
  EXPECT_EQ(Turns(Fifo()), "abcdeabcdeabcde");
}

TEST(SimRuntimeOrder, RandomIsTheSeedsAlone) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    EXPECT_EQ(Turns(Random(seed)), Turns(Random(seed)));
    seen.insert(Turns(Random(seed)));
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST(SimRuntimeOrder, ABodyStartsOnlyWhenItsTurnComes) {
  SimRuntime runtime(Fifo());
  runtime.Run([&] {
    bool ran = false;
    const auto task = runtime.Spawn("task", [&] { ran = true; });
    EXPECT_FALSE(ran);
    task->Join();
    EXPECT_TRUE(ran);
  });
}

std::string WakeOrder(SimOptions options) {
  SimRuntime runtime(options);
  std::string order;
  runtime.Run([&] {
    Mutex mutex;
    const auto changed = runtime.MakeCondVar();
    int permits = 0;
    Tasks tasks(runtime);
    for (const char name : {'a', 'b', 'c', 'd', 'e', 'f'}) {
      tasks.Spawn(std::string(1, name), [&, name] {
        Lock lock(mutex);
        while (permits == 0) changed->WaitUntil(lock, kNever);
        --permits;
        order += name;
      });
    }
    for (int i = 0; i < 6; ++i) {
      runtime.SleepUntil(runtime.Now() + 1s);
      {
        const Lock lock(mutex);
        ++permits;
      }
      changed->NotifyOne();
    }
    tasks.Join();
  });
  return order;
}

TEST(SimRuntimeCondVar, NotifyOneWakesTheLongestWaitingInFifo) {
  EXPECT_EQ(WakeOrder(Fifo()), "abcdef");
}

TEST(SimRuntimeCondVar, NotifyOneWakesWhomTheSeedDraws) {
  EXPECT_EQ(WakeOrder(Random(3)), WakeOrder(Random(3)));
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) seen.insert(WakeOrder(Random(seed)));
  EXPECT_GT(seen.size(), 4u);
}

TEST(SimRuntimeCondVar, ANotifiedWaitLeavesNoTimerBehind) {
  SimRuntime runtime(Fifo());
  Flag flag(runtime);
  Instant woke_at;
  runtime.Run([&] {
    const auto waiter = runtime.Spawn("waiter", [&] {
      EXPECT_TRUE(flag.Await(At(5s)));
      woke_at = runtime.Now();
    });
    runtime.SleepUntil(At(3s));
    flag.Set();
    waiter->Join();
  });
  EXPECT_EQ(woke_at, At(3s));
  EXPECT_EQ(runtime.Now(), At(3s));
}

TEST(SimRuntimeCondVar, AWakeByDeadlineAndByNotifyIsOneWake) {
  for (std::uint64_t seed = 0; seed < 64; ++seed) {
    SimRuntime runtime(seed == 0 ? Fifo() : Random(seed));
    Flag flag(runtime);
    int ended = 0;
    runtime.Run([&] {
      const auto waiter = runtime.Spawn("waiter", [&] {
        flag.Await(At(1s));
        runtime.SleepUntil(At(2s));
        EXPECT_EQ(runtime.Now(), At(2s));
        ++ended;
      });
      runtime.SleepUntil(At(1s));
      flag.Set();
      waiter->Join();
    });
    EXPECT_EQ(ended, 1);
  }
}

int WakesBefore(Instant deadline, SimOptions options) {
  SimRuntime runtime(options);
  int early = 0;
  runtime.Run([&] {
    Mutex mutex;
    Lock lock(mutex);
    const auto changed = runtime.MakeCondVar();
    for (int i = 0; i < 3200; ++i) {
      const Instant until = runtime.Now() + deadline.since_start;
      changed->WaitUntil(lock, until);
      if (runtime.Now() < until) ++early;
    }
  });
  return early;
}

TEST(SimRuntimeCondVar, WakesForNoReasonNowAndThenInRandomAlone) {
  EXPECT_EQ(WakesBefore(At(1s), Fifo()), 0);
  const int early = WakesBefore(At(1s), Random(7));  // 100 expected
  EXPECT_GT(early, 50);
  EXPECT_LT(early, 200);
}

TEST(SimRuntimeJoin, ReturnsInVirtualTimeWhenTheBodyHas) {
  SimRuntime runtime(Fifo());
  runtime.Run([&] {
    const auto task = runtime.Spawn("task", [&] { runtime.SleepUntil(At(7s)); });
    task->Join();
    EXPECT_EQ(runtime.Now(), At(7s));
    const auto ended = runtime.Spawn("ended", [] {});
    runtime.SleepUntil(At(8s));
    ended->Join();
    EXPECT_EQ(runtime.Now(), At(8s));
    EXPECT_THROW(ended->Join(), CheckFailed);
  });
}

TEST(SimRuntimeJoin, ADroppedTaskRunsOn) {
  SimRuntime runtime(Fifo());
  bool ended = false;
  runtime.Run([&] {
    runtime.Spawn("dropped", [&] {
      runtime.SleepUntil(At(1s));
      ended = true;
    });
    runtime.SleepUntil(At(2s));
  });
  EXPECT_TRUE(ended);
}

TEST(SimRuntimeJoin, ATaskHasEndedWhenWhatItCapturedHasGone) {
  SimRuntime runtime(Fifo());
  runtime.Run([&] {
    auto captured = std::make_shared<int>(1);
    runtime.Spawn("task", [captured] {})->Join();
    EXPECT_EQ(captured.use_count(), 1);
  });
}

TEST(SimRuntimeContext, IsInheritedByCopy) {
  SimRuntime runtime(Fifo());
  runtime.Context() = std::string("outside");
  const auto text = [&]() -> std::string& {
    return std::any_cast<std::string&>(runtime.Context());
  };
  runtime.Run([&] {
    EXPECT_EQ(text(), "outside");
    text() = "root";
    const auto task = runtime.Spawn("task", [&] {
      EXPECT_EQ(text(), "root");
      text() = "task";
      runtime.SleepUntil(At(2s));
      EXPECT_EQ(text(), "task");
    });
    text() = "root again";
    runtime.SleepUntil(At(1s));
    EXPECT_EQ(text(), "root again");
    task->Join();
  });
  EXPECT_EQ(text(), "outside");
}

TEST(SimRuntimeRun, TasksSpawnedBeforeItStartWithIt) {
  SimRuntime runtime(Fifo());
  std::string order;
  const auto task = runtime.Spawn("early", [&] { order += "early "; });
  EXPECT_EQ(order, "");
  runtime.Run([&] { order += "root"; });
  task->Join();
  EXPECT_EQ(order, "early root");
}

TEST(SimRuntimeRun, MayFollowAnotherAndTimeGoesOn) {
  SimRuntime runtime(Random(5));
  Flag flag(runtime);
  runtime.Run([&] { runtime.SleepUntil(At(1s)); });
  const std::string failure = FailureOf<Deadlock>(runtime, [&] { flag.Await(kNever); });
  EXPECT_NE(failure, "");
  runtime.Run([&] {
    const auto waiter = runtime.Spawn("waiter", [&] { EXPECT_TRUE(flag.Await(kNever)); });
    runtime.SleepUntil(runtime.Now() + 1s);
    flag.Set();
    waiter->Join();
  });
  EXPECT_EQ(runtime.Now(), At(2s));
}

TEST(SimRuntimeRun, AWaitOutsideItIsRefused) {
  SimRuntime runtime(Fifo());
  const auto task = runtime.Spawn("never-run", [] {});
  EXPECT_THROW(runtime.SleepUntil(At(1s)), CheckFailed);
  EXPECT_THROW(task->Join(), CheckFailed);
  EXPECT_THROW(Flag(runtime).Await(kNever), CheckFailed);
}

}  // namespace
}  // namespace mg::sim
