#include "core/adapters/thread_runtime.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>

#include "core/base/check.h"
#include "tests/core/adapters/support.h"

namespace mg {
namespace {

TEST(ThreadRuntime, JoinReturnsOnlyAfterTheBodyHasEnded) {
  ThreadRuntime runtime;
  std::atomic<bool> ended{false};
  auto task = runtime.Spawn("task", [&] {
    runtime.SleepUntil(runtime.Now() + 5ms);
    ended = true;
  });
  task->Join();
  EXPECT_TRUE(ended);
}

TEST(ThreadRuntime, ItsEndWaitsForDroppedTasksAndForThoseTheySpawn) {
  std::atomic<int> ended{0};
  {
    ThreadRuntime runtime;
    runtime.Spawn("outer", [&] {
      runtime.Spawn("inner", [&] {
        runtime.SleepUntil(runtime.Now() + 5ms);
        ++ended;
      });
      ++ended;
    });
  }
  EXPECT_EQ(ended, 2);
}

TEST(ThreadRuntime, NamesTheThreadWithinTheKernelsLimit) {
  ThreadRuntime runtime;
  char name[32] = {};
  runtime
      .Spawn("a name that is too long",
             [&] { pthread_getname_np(pthread_self(), name, sizeof name); })
      ->Join();
  EXPECT_STREQ(name, "a name that is ");
}

TEST(ThreadRuntime, AFinishedTaskLetsGoOfWhatItCaptured) {
  ThreadRuntime runtime;
  auto captured = std::make_shared<int>(1);
  runtime.Spawn("task", [captured] {})->Join();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(ThreadRuntime, ACondVarWakesOnNotifyAndEndsAtItsDeadline) {
  ThreadRuntime runtime;
  Mutex mutex;
  const auto changed = runtime.MakeCondVar();
  bool ready = false;
  auto task = runtime.Spawn("notifier", [&] {
    Lock lock(mutex);
    ready = true;
    changed->NotifyOne();
  });
  {
    Lock lock(mutex);
    while (!ready) changed->WaitUntil(lock, kNever);
    EXPECT_EQ(Mutex::HeldByThisThread(), 1);
    const Instant deadline = runtime.Now() + 10ms;
    while (runtime.Now() < deadline) changed->WaitUntil(lock, deadline);
  }
  EXPECT_EQ(Mutex::HeldByThisThread(), 0);
  task->Join();
}

TEST(ThreadRuntime, RefusesToBlockUnderALock) {
  ThreadRuntime runtime;
  Mutex first;
  Mutex second;
  const auto changed = runtime.MakeCondVar();
  Lock lock_first(first);
  EXPECT_THROW(runtime.SleepUntil(runtime.Now()), CheckFailed);
  Lock lock_second(second);
  EXPECT_THROW(changed->WaitUntil(lock_second, runtime.Now()), CheckFailed);
}

TEST(ThreadRuntime, ShiftingTheWallMovesWallAndNotNow) {
  ThreadRuntime runtime;
  const WallTime wall = runtime.Wall();
  const Instant now = runtime.Now();
  runtime.Advance(3'600'000);
  EXPECT_GE(runtime.Wall().ms - wall.ms, 3'600'000);
  EXPECT_LT(runtime.Now() - now, 1min);
}

}  // namespace
}  // namespace mg
