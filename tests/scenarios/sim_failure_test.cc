// How a run of SimRuntime ends badly: reports, cancellation, waits under locks.
#include <gtest/gtest.h>

#include <stdexcept>

#include "core/base/check.h"
#include "tests/scenarios/sim_support.h"

namespace mg::sim {
namespace {

TEST(SimRuntimeFailure, ADeadlockNamesEveryTaskAndWhatItWaitsFor) {
  SimRuntime runtime(Fifo());
  Flag flag(runtime);
  std::unique_ptr<Task> agent;
  const auto await = [&] { flag.Await(kNever); };
  const std::string failure = FailureOf<Deadlock>(runtime, [&] {
    agent = runtime.Spawn("agent", await);
    runtime.Spawn("worker-3", await);
    runtime.SleepUntil(At(1500ms));
    agent->Join();
  });
  EXPECT_EQ(failure,
            "deadlock at t=1.5s: [root waits for join of agent] [agent waits for condvar] "
            "[worker-3 waits for condvar]");
}

TEST(SimRuntimeFailure, ATaskThatRootLeavesWaitingIsCancelledAndNamed) {
  SimRuntime runtime(Fifo());
  bool cancelled = false, slept = false;
  const std::string failure = FailureOf<LeftOver>(runtime, [&] {
    runtime.Spawn("victim", [&] {
      AtEnd note{[&] { cancelled = true; }};
      runtime.SleepUntil(At(100s));
    });
    runtime.SleepUntil(At(2s));
    runtime.Spawn("late", [&] {
      runtime.SleepUntil(At(3s));
      slept = true;
    });
  });
  EXPECT_EQ(failure,
            "left over at t=2s: [victim waits for sleep until t=100s] "
            "[late waits for sleep until t=3s]");
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(slept);
  EXPECT_EQ(runtime.Now(), At(2s));
}

// Which of two ready tasks runs first is the schedule's choice, and no fault of either.
TEST(SimRuntimeFailure, ATaskThatIsReadyWhenRootEndsRunsToItsEnd) {
  SimRuntime runtime(Fifo());
  bool ended = false;
  runtime.Run([&] { runtime.Spawn("worker", [&] { ended = true; }); });
  EXPECT_TRUE(ended);
}

TEST(SimRuntimeFailure, AnEscapedExceptionFailsTheRunAndCancelsTheRest) {
  SimRuntime runtime(Fifo());
  bool cancelled = false;
  const std::string failure = FailureOf<std::runtime_error>(runtime, [&] {
    AtEnd note{[&] { cancelled = true; }};
    runtime.Spawn("task", [] { throw std::runtime_error("boom"); })->Join();
  });
  EXPECT_EQ(failure, "boom");
  EXPECT_TRUE(cancelled);
}

TEST(SimRuntimeFailure, EveryWaitAfterCancellationThrows) {
  SimRuntime runtime(Random(1));
  Flag flag(runtime);
  int thrown = 0;
  std::unique_ptr<Task> victim, other;
  other = runtime.Spawn("other", [&] { flag.Await(kNever); });
  victim = runtime.Spawn("victim", [&] {
    const std::vector<std::function<void()>> waits = {
        [&] { flag.Await(kNever); }, [&] { runtime.SleepUntil(At(0s)); }, [&] { other->Join(); }};
    for (int round = 0; round < 2; ++round) {
      for (const auto& wait : waits) {
        try {
          wait();
        } catch (const Cancelled&) {
          ++thrown;
        }
      }
    }
  });
  const std::string failure = FailureOf<LeftOver>(runtime, [&] { runtime.SleepUntil(At(1s)); });
  EXPECT_NE(failure, "");
  EXPECT_EQ(thrown, 6);
}

TEST(SimRuntimeFailure, DestructorsOfCancelledTasksMayNotifyAndJoin) {
  SimRuntime runtime(Fifo());
  Flag flag(runtime);
  std::string order;
  const std::string failure = FailureOf<std::runtime_error>(runtime, [&] {
    runtime.Spawn("owner", [&] {
      const auto child = runtime.Spawn("child", [&] {
        AtEnd note{[&] { order += "child "; }};
        runtime.SleepUntil(At(100s));
      });
      AtEnd stop{[&] {
        flag.Set();
        child->Join();
        order += "owner ";
      }};
      runtime.SleepUntil(At(100s));
    });
    runtime.Spawn("waiter", [&] {
      AtEnd note{[&] { order += "waiter "; }};
      flag.Await(kNever);
    });
    runtime.SleepUntil(At(1s));
    throw std::runtime_error("boom");
  });
  EXPECT_EQ(failure, "boom");
  EXPECT_EQ(order, "waiter child owner ");
  EXPECT_EQ(runtime.Now(), At(1s));
}

TEST(SimRuntimeFailure, WaitsOfDestructorsGoOnInVirtualTime) {
  SimRuntime runtime(Fifo());
  Flag set_while_ending(runtime);
  bool seen = false;
  const std::string failure = FailureOf<LeftOver>(runtime, [&] {
    runtime.Spawn("awaits", [&] {
      AtEnd stop{[&] { seen = set_while_ending.Await(kNever); }};
      runtime.SleepUntil(At(100s));
    });
    runtime.Spawn("sets", [&] {
      AtEnd stop{[&] {
        runtime.SleepUntil(At(3s));
        set_while_ending.Set();
      }};
      runtime.SleepUntil(At(100s));
    });
    runtime.SleepUntil(At(1s));
  });
  EXPECT_NE(failure, "");
  EXPECT_TRUE(seen);
  EXPECT_EQ(runtime.Now(), At(3s));
}

TEST(SimRuntimeFailure, DestructorsThatJoinEachOtherDoNotHang) {
  SimRuntime runtime(Fifo());
  std::unique_ptr<Task> a, b;
  int ended = 0;
  const auto joining = [&](std::unique_ptr<Task>& other) {
    return [&] {
      AtEnd stop{[&] {
        other->Join();
        ++ended;
      }};
      runtime.SleepUntil(At(100s));
    };
  };
  a = runtime.Spawn("a", joining(b));
  b = runtime.Spawn("b", joining(a));
  const std::string failure = FailureOf<LeftOver>(runtime, [&] { runtime.SleepUntil(At(1s)); });
  EXPECT_NE(failure, "");
  EXPECT_EQ(ended, 2);
}

TEST(SimRuntimeFailure, WhatATaskCapturedMayJoinWhileTheRunIsCancelled) {
  SimRuntime runtime(Fifo());
  bool joined = false;
  const std::string failure = FailureOf<LeftOver>(runtime, [&] {
    const std::shared_ptr<Task> child = runtime.Spawn("child", [&] { runtime.SleepUntil(At(9s)); });
    const std::shared_ptr<void> owned(nullptr, [&joined, child](void*) {
      child->Join();
      joined = true;
    });
    runtime.Spawn("never-started", [owned] {});
  });
  EXPECT_NE(failure, "");
  EXPECT_TRUE(joined);
}

TEST(SimRuntimeFailure, TheFirstExceptionIsTheOneThatIsTold) {
  SimRuntime runtime(Fifo());
  Flag never(runtime);
  const std::string failure = FailureOf<std::runtime_error>(runtime, [&] {
    const auto stuck = runtime.Spawn("stuck", [&] { never.Await(kNever); });
    AtEnd stop{[&] { stuck->Join(); }};  // a deadlock, because of the exception
    throw std::runtime_error("the cause");
  });
  EXPECT_EQ(failure, "the cause");
}

TEST(SimRuntimeFailure, MutexesAndCondVarsMayGoBeforeThoseWhoWait) {
  SimRuntime runtime(Fifo());
  const std::string failure = FailureOf<LeftOver>(runtime, [&] {
    const auto mutex = std::make_unique<Mutex>();
    const auto changed = runtime.MakeCondVar();
    for (int i = 0; i < 3; ++i) {
      runtime.Spawn("waiter", [&runtime, &mutex = *mutex, &changed = *changed] {
        Lock lock(mutex);
        while (true) changed.WaitUntil(lock, runtime.Now() + 60s);
      });
    }
    runtime.SleepUntil(At(1s));
  });
  EXPECT_NE(failure, "");
}

TEST(SimRuntimeLocks, ASleepUnderALockIsRefused) {
  SimRuntime runtime(Fifo());
  Mutex mutex;
  const std::string failure = FailureOf<BlockedUnderLock>(runtime, [&] {
    const Lock lock(mutex);
    runtime.SleepUntil(At(1s));
  });
  EXPECT_EQ(failure, "root would wait for sleep until t=1s while it holds a Mutex");
}

TEST(SimRuntimeLocks, AJoinUnderALockIsRefusedEvenWhenTheTaskHasEnded) {
  SimRuntime runtime(Fifo());
  Mutex mutex;
  const std::string failure = FailureOf<BlockedUnderLock>(runtime, [&] {
    const auto task = runtime.Spawn("agent", [] {});
    runtime.SleepUntil(At(1s));
    const Lock lock(mutex);
    task->Join();
  });
  EXPECT_EQ(failure, "root would wait for join of agent while it holds a Mutex");
}

TEST(SimRuntimeLocks, AWaitUnderASecondLockIsRefused) {
  SimRuntime runtime(Fifo());
  Mutex outer, mutex;
  const auto changed = runtime.MakeCondVar();
  const std::string failure = FailureOf<BlockedUnderLock>(runtime, [&] {
    const Lock lock(outer);
    Lock held(mutex);
    changed->WaitUntil(held, kNever);
  });
  EXPECT_EQ(failure, "root would wait for condvar while it holds another Mutex");
}

}  // namespace
}  // namespace mg::sim
