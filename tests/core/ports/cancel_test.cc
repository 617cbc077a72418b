#include "core/ports/cancel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace mg {
namespace {

using Subscription = CancelToken::Subscription;

// Real waiting on the system's clock, so that these tests need no adapter.
class PlainCondVar final : public CondVar {
 public:
  void WaitUntil(Lock& held, Instant deadline) override {
    if (deadline == kNever) {
      changed_.wait(held);
    } else {
      changed_.wait_until(held, std::chrono::steady_clock::time_point(deadline.since_start));
    }
  }
  void NotifyOne() override { changed_.notify_one(); }
  void NotifyAll() override { changed_.notify_all(); }

 private:
  std::condition_variable_any changed_;
};

class PlainRuntime final : public Runtime {
 public:
  Instant Now() const override {
    return Instant{std::chrono::steady_clock::now().time_since_epoch()};
  }
  WallTime Wall() const override { return {}; }
  void SleepUntil(Instant) override {}
  std::unique_ptr<Task> Spawn(std::string_view, std::function<void()>) override { return nullptr; }
  std::unique_ptr<CondVar> MakeCondVar() override { return std::make_unique<PlainCondVar>(); }
};

void SpinUntil(const std::atomic<bool>& flag) {
  while (!flag) std::this_thread::yield();
}

TEST(CancelToken, RunsItsCallbacksOnceInTheOrderOfSubscription) {
  CancelToken token;
  std::vector<int> ran;
  const Subscription first = token.OnCancel([&] { ran.push_back(1); });
  const Subscription second = token.OnCancel([&] { ran.push_back(2); });
  EXPECT_FALSE(token.cancelled());
  token.Cancel();
  token.Cancel();
  EXPECT_TRUE(token.cancelled());
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST(CancelToken, RunsACallbackAtOnceWhenItIsCancelledAlready) {
  CancelToken token;
  token.Cancel();
  std::thread::id ran_on;
  const Subscription subscription = token.OnCancel([&] { ran_on = std::this_thread::get_id(); });
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(CancelToken, IsCancelledBeforeItsCallbacksRun) {
  CancelToken token;
  bool seen = false;
  const Subscription subscription = token.OnCancel([&] { seen = token.cancelled(); });
  token.Cancel();
  EXPECT_TRUE(seen);
}

TEST(CancelToken, ForgetsACallbackWhoseSubscriptionIsGone) {
  CancelToken token;
  int ran = 0;
  const auto owned = std::make_shared<int>(0);
  {
    const Subscription subscription = token.OnCancel([&ran, owned] { ++ran; });
  }
  EXPECT_EQ(owned.use_count(), 1);
  token.Cancel();
  EXPECT_EQ(ran, 0);
}

TEST(CancelToken, ReleasesWhatACallbackCapturedOnceItHasRun) {
  CancelToken token;
  const auto owned = std::make_shared<int>(0);
  const Subscription subscription = token.OnCancel([owned] {});
  EXPECT_EQ(owned.use_count(), 2);
  token.Cancel();
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Subscription, MovesItsCallbackAndDropsTheOneItReplaces) {
  CancelToken token;
  std::vector<int> ran;
  Subscription kept = token.OnCancel([&] { ran.push_back(1); });
  kept = token.OnCancel([&] { ran.push_back(2); });
  Subscription moved(std::move(kept));
  Subscription& alias = moved;
  moved = std::move(alias);
  token.Cancel();
  EXPECT_EQ(ran, std::vector<int>{2});
}

TEST(Subscription, MayOutliveItsToken) {
  Subscription subscription;
  const auto owned = std::make_shared<int>(0);
  {
    CancelToken token;
    subscription = token.OnCancel([owned] {});
  }
  subscription = Subscription();
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Subscription, MayBeDroppedByItsOwnCallback) {
  CancelToken token;
  std::optional<Subscription> subscription;
  const auto owned = std::make_shared<int>(7);
  int seen = 0;
  subscription.emplace(token.OnCancel([&, owned] {
    subscription.reset();
    seen = *owned;  // the callback itself is still alive
  }));
  token.Cancel();
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(owned.use_count(), 1);
}

TEST(Subscription, MayBeOwnedByWhatItsCallbackCaptured) {
  CancelToken token;
  struct Owner {
    Subscription subscription;
  };
  std::weak_ptr<Owner> observed;
  {
    auto owner = std::make_shared<Owner>();
    observed = owner;
    Owner* const place = owner.get();
    place->subscription = token.OnCancel([owner = std::move(owner)] {});
  }
  EXPECT_FALSE(observed.expired());
  token.Cancel();
  EXPECT_TRUE(observed.expired());
}

TEST(Subscription, DroppedByAnEarlierCallbackNeverRuns) {
  CancelToken token;
  std::optional<Subscription> later;
  bool ran = false;
  const Subscription earlier = token.OnCancel([&] { later.reset(); });
  later.emplace(token.OnCancel([&] { ran = true; }));
  token.Cancel();
  EXPECT_FALSE(ran);
}

TEST(Subscription, WaitsForACallbackThatRunsOnAnotherThread) {
  CancelToken token;
  std::atomic<bool> started{false};
  std::atomic<bool> release{false};
  std::atomic<bool> finished{false};
  std::atomic<bool> dropped{false};
  std::optional<Subscription> subscription;
  subscription.emplace(token.OnCancel([&] {
    started = true;
    SpinUntil(release);
    finished = true;
  }));
  std::thread canceller([&] { token.Cancel(); });
  SpinUntil(started);
  std::thread dropper([&] {
    subscription.reset();
    EXPECT_TRUE(finished);
    dropped = true;
  });
  for (int i = 0; i < 100; ++i) std::this_thread::yield();
  EXPECT_FALSE(dropped);
  release = true;
  dropper.join();
  canceller.join();
  EXPECT_TRUE(dropped);
}

TEST(CancelToken, ChainsToAnotherTokenWhoseCallbackDropsTheFirstSubscription) {
  CancelToken parent;
  CancelToken child;
  std::optional<Subscription> chain;
  bool reached = false;
  chain.emplace(parent.OnCancel([&] { child.Cancel(); }));
  const Subscription end = child.OnCancel([&] {
    chain.reset();
    parent.Cancel();
    const Subscription nested = parent.OnCancel([&] { reached = true; });
  });
  parent.Cancel();
  EXPECT_TRUE(reached);
}

TEST(CancelToken, MayBeDestroyedByItsOwnCallback) {
  auto token = std::make_unique<CancelToken>();
  CancelToken* const place = token.get();
  bool later_ran = false;
  const Subscription first = place->OnCancel([&] { token.reset(); });
  const Subscription second = place->OnCancel([&] { later_ran = true; });
  place->Cancel();
  EXPECT_EQ(token, nullptr);
  EXPECT_TRUE(later_ran);
}

TEST(CancelToken, RunsEveryCallbackExactlyOnceWhileThreadsRace) {
  constexpr int kRounds = 200;
  constexpr int kThreads = 4;
  for (int round = 0; round < kRounds; ++round) {
    CancelToken token;
    std::atomic<int> kept_ran{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        SpinUntil(go);
        std::atomic<bool> alive{true};
        // A dropped subscription must never touch `alive` again.
        {
          const Subscription dropped = token.OnCancel([&] { EXPECT_TRUE(alive); });
        }
        alive = false;
        std::atomic<bool> ran{false};
        const Subscription kept = token.OnCancel([&] {
          EXPECT_FALSE(ran.exchange(true));
          ++kept_ran;
        });
        if (i % 2 == 0) token.Cancel();
        SpinUntil(ran);
      });
    }
    go = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(kept_ran, kThreads);
  }
}

TEST(SleepUnlessCancelled, ReachesItsTime) {
  PlainRuntime runtime;
  CancelToken token;
  const Instant t = runtime.Now() + std::chrono::milliseconds(5);
  EXPECT_TRUE(SleepUnlessCancelled(runtime, t, token));
  EXPECT_GE(runtime.Now(), t);
  EXPECT_TRUE(SleepUnlessCancelled(runtime, Instant{}, token));
  token.Cancel();  // finds no callback of a sleep that is over
}

TEST(SleepUnlessCancelled, EndsOnCancellation) {
  PlainRuntime runtime;
  CancelToken token;
  std::atomic<bool> asleep{false};
  std::thread canceller([&] {
    SpinUntil(asleep);
    token.Cancel();
  });
  asleep = true;
  EXPECT_FALSE(SleepUnlessCancelled(runtime, kNever, token));
  canceller.join();
}

TEST(SleepUnlessCancelled, DoesNotSleepWhenCancelledAlready) {
  PlainRuntime runtime;
  CancelToken token;
  token.Cancel();
  EXPECT_FALSE(SleepUnlessCancelled(runtime, kNever, token));
  EXPECT_FALSE(SleepUnlessCancelled(runtime, Instant{}, token));
}

TEST(SleepUnlessCancelled, LosesNoWakeUpWhileThreadsRace) {
  PlainRuntime runtime;
  for (int round = 0; round < 300; ++round) {
    CancelToken token;
    std::vector<std::thread> sleepers;
    for (int i = 0; i < 3; ++i) {
      sleepers.emplace_back([&] { EXPECT_FALSE(SleepUnlessCancelled(runtime, kNever, token)); });
    }
    token.Cancel();
    for (std::thread& sleeper : sleepers) sleeper.join();
  }
}

}  // namespace
}  // namespace mg
