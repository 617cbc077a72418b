#include "core/services/limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <map>

#include "core/adapters/thread_runtime.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"

namespace mg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Budget Per(const std::string& key, std::int64_t limit, std::int64_t window_seconds = 60) {
  return {key, limit, window_seconds};
}

class LimiterTest : public testing::Test {
 protected:
  test::SteppedRuntime runtime_;
  Limiter limiter_{runtime_, Limiter::kMaxAddresses};
};

TEST_F(LimiterTest, RefusesTheThirdRequestOfAMinuteAndForgivesInTheNext) {
  EXPECT_TRUE(limiter_.Take({Per("a", 2)}).admitted);
  runtime_.Advance(seconds(20));
  EXPECT_TRUE(limiter_.Take({Per("a", 2)}).admitted);
  const Allowance refused = limiter_.Take({Per("a", 2)});
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.limit, 2);
  EXPECT_EQ(refused.remaining, 0);
  EXPECT_EQ(refused.reset_seconds, 40);
  runtime_.Advance(seconds(40));
  EXPECT_TRUE(limiter_.Take({Per("a", 2)}).admitted);
}

TEST_F(LimiterTest, CountsEveryKeyByItself) {
  EXPECT_TRUE(limiter_.Take({Per("a", 1)}).admitted);
  EXPECT_FALSE(limiter_.Take({Per("a", 1)}).admitted);
  EXPECT_TRUE(limiter_.Take({Per("b", 1)}).admitted);
}

TEST_F(LimiterTest, OpensTheWindowWithTheFirstRequestNotOnARoundMinute) {
  runtime_.Advance(milliseconds(59'300));
  limiter_.Take({Per("a", 1)});
  runtime_.Advance(milliseconds(59'999));
  const Allowance refused = limiter_.Take({Per("a", 1)});
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.reset_seconds, 1) << "never 0, also in the last millisecond";
  runtime_.Advance(milliseconds(1));
  EXPECT_TRUE(limiter_.Take({Per("a", 1)}).admitted);
}

TEST_F(LimiterTest, ARefusedRequestDoesNotProlongTheWindow) {
  limiter_.Take({Per("a", 1)});
  runtime_.Advance(seconds(59));
  EXPECT_FALSE(limiter_.Take({Per("a", 1)}).admitted);
  runtime_.Advance(seconds(1));
  EXPECT_TRUE(limiter_.Take({Per("a", 1)}).admitted);
}

TEST_F(LimiterTest, TakesFromAllBudgetsOrFromNone) {
  limiter_.Take({Per("key", 1)});
  EXPECT_FALSE(limiter_.Take({Per("tenant", 5), Per("key", 1)}).admitted);
  EXPECT_EQ(limiter_.Peek(Per("tenant", 5)).remaining, 5) << "nothing was taken";
}

TEST_F(LimiterTest, ReportsTheBudgetWithLeastRemaining) {
  const Allowance told = limiter_.Take({Per("tenant", 60), Per("key", 3)});
  EXPECT_TRUE(told.admitted);
  EXPECT_EQ(told.limit, 3);
  EXPECT_EQ(told.remaining, 2);
  EXPECT_EQ(told.reset_seconds, 60);
}

TEST_F(LimiterTest, ReportsTheLongestWaitOfSeveralThatRefuse) {
  limiter_.Take({Per("short", 1, 10)});
  limiter_.Take({Per("long", 1, 100)});
  const Allowance told = limiter_.Take({Per("short", 1, 10), Per("long", 1, 100), Per("free", 9)});
  EXPECT_FALSE(told.admitted);
  EXPECT_EQ(told.reset_seconds, 100);
}

TEST_F(LimiterTest, PeekTakesNothingAndChargeTakesWhateverIsLeft) {
  EXPECT_TRUE(limiter_.Peek(Per("a", 1)).admitted);
  EXPECT_EQ(limiter_.EntryCount(), 0u);
  limiter_.Charge(Per("a", 1));
  limiter_.Charge(Per("a", 1));
  const Allowance spent = limiter_.Peek(Per("a", 1));
  EXPECT_FALSE(spent.admitted);
  EXPECT_EQ(spent.remaining, 0) << "not below nothing";
  runtime_.Advance(seconds(60));
  EXPECT_TRUE(limiter_.Peek(Per("a", 1)).admitted);
}

TEST_F(LimiterTest, AdmitsNobodyUnderALimitOfNothing) {
  EXPECT_FALSE(limiter_.Take({Per("a", 0)}).admitted);
  EXPECT_GE(limiter_.Take({Per("a", 0)}).reset_seconds, 1);
  EXPECT_EQ(limiter_.EntryCount(), 0u);
}

TEST_F(LimiterTest, AChangedLimitCountsAtOnce) {
  limiter_.Take({Per("a", 1)});
  EXPECT_FALSE(limiter_.Take({Per("a", 1)}).admitted);
  EXPECT_TRUE(limiter_.Take({Per("a", 2)}).admitted);
  EXPECT_FALSE(limiter_.Take({Per("a", 2)}).admitted);
}

TEST_F(LimiterTest, AClockThatGoesBackAdmitsNoMoreAndMakesNobodyWaitLonger) {
  limiter_.Take({Per("a", 1)});
  runtime_.ShiftWall(-3'600'000);
  const Allowance refused = limiter_.Take({Per("a", 1)});
  EXPECT_FALSE(refused.admitted);
  EXPECT_EQ(refused.reset_seconds, 60);
  runtime_.Advance(seconds(60));
  EXPECT_TRUE(limiter_.Take({Per("a", 1)}).admitted);
}

TEST_F(LimiterTest, AClockThatGoesForwardEndsWindows) {
  limiter_.Take({Per("a", 1)});
  runtime_.ShiftWall(60'000);
  EXPECT_TRUE(limiter_.Take({Per("a", 1)}).admitted);
}

// The rule in its plainest form, without a hash, a shard or a sweep.
class NaiveLimiter {
 public:
  bool Take(const std::vector<Budget>& budgets, std::int64_t now_ms) {
    for (const Budget& budget : budgets) {
      if (Used(budget, now_ms) >= budget.limit) return false;
    }
    for (const Budget& budget : budgets) Charge(budget, now_ms);
    return true;
  }
  void Charge(const Budget& budget, std::int64_t now_ms) {
    const std::int64_t used = Used(budget, now_ms);
    Window& window = windows_[budget.key];
    if (used == 0) window.opened_ms = now_ms;
    window.used = used + 1;
  }
  std::int64_t Used(const Budget& budget, std::int64_t now_ms) {
    Window& window = windows_[budget.key];
    window.opened_ms = std::min(window.opened_ms, now_ms);
    return now_ms >= window.opened_ms + budget.window_seconds * 1000 ? 0 : window.used;
  }

 private:
  struct Window {
    std::int64_t opened_ms = 0;
    std::int64_t used = 0;
  };
  std::map<std::string, Window> windows_;
};

TEST(LimiterModel, AgreesWithANaiveModelOverTenThousandSteps) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    test::SteppedRuntime runtime;
    test::FixedRandom random(seed);
    Limiter limiter(runtime, Limiter::kMaxAddresses);
    NaiveLimiter model;
    const auto draw = [&] {
      const std::uint64_t key = random.Below(12);
      return Per("key" + std::to_string(key), static_cast<std::int64_t>(key % 5),
                 static_cast<std::int64_t>(key % 3 + 1));
    };
    for (int step = 0; step < 10'000; ++step) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " step " + std::to_string(step));
      const Budget first = draw();
      Budget second = draw();
      while (second.key == first.key) second = draw();
      // The model looks a key's window up when it is asked, as the limiter does: on the same steps.
      const std::int64_t now_ms = runtime.Wall().ms;
      switch (random.Below(6)) {
        case 0:
          runtime.Advance(milliseconds(random.Below(900)));
          break;
        case 1:
          limiter.Charge(first);
          model.Charge(first, now_ms);
          break;
        case 2: {
          const Allowance told = limiter.Peek(first);
          const std::int64_t used = model.Used(first, now_ms);
          ASSERT_EQ(told.admitted, used < first.limit);
          ASSERT_EQ(told.remaining, std::max<std::int64_t>(first.limit - used, 0));
          break;
        }
        case 3:
          ASSERT_EQ(limiter.Take({first}).admitted, model.Take({first}, now_ms));
          break;
        default:
          ASSERT_EQ(limiter.Take({first, second}).admitted, model.Take({first, second}, now_ms));
      }
    }
  }
}

TEST(LimiterConcurrency, ABurstOnSixtyFourTasksIsAdmittedExactlyToTheLimit) {
  ThreadRuntime runtime;
  Limiter limiter(runtime, Limiter::kMaxAddresses);
  std::atomic<int> admitted{0};
  std::vector<std::unique_ptr<Task>> tasks;
  for (int i = 0; i < 64; ++i) {
    tasks.push_back(runtime.Spawn("burst", [&, i] {
      for (int n = 0; n < 100; ++n) {
        // The same two budgets, named in either order: neither deadlock nor a lost count.
        std::vector<Budget> budgets{Per("tenant", 1000, 600), Per("key", 5000, 600)};
        if (i % 2 == 0) std::swap(budgets[0], budgets[1]);
        if (limiter.Take(budgets).admitted) ++admitted;
      }
    }));
  }
  for (const auto& task : tasks) task->Join();
  EXPECT_EQ(admitted, 1000);
  EXPECT_EQ(limiter.Peek(Per("key", 5000, 600)).remaining, 4000);
}

// A sanitizer's own memory would be measured, not the limiter's.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kManyKeys = 50'000;
#else
constexpr int kManyKeys = 1'000'000;
#endif

std::size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total_pages = 0;
  std::size_t resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * 4096;
}

TEST(LimiterMemory, AMillionKeysStayUnderTwoHundredMegabytesAndOldOnesGo) {
  test::SteppedRuntime runtime;
  Limiter limiter(runtime, Limiter::kMaxAddresses);
  const std::size_t before = ResidentBytes();
  for (int i = 0; i < kManyKeys; ++i) limiter.Charge(Per("address:" + std::to_string(i), 60));
  EXPECT_EQ(limiter.EntryCount(), static_cast<std::size_t>(kManyKeys));
  EXPECT_LT(ResidentBytes() - before, 200'000'000u);
  runtime.Advance(seconds(60));
  for (int i = 0; i < kManyKeys / 3; ++i) {
    limiter.Charge(Per("address:" + std::to_string(i % 100), 60));
  }
  EXPECT_LT(limiter.EntryCount(), static_cast<std::size_t>(kManyKeys) * 7 / 10)
      << "the sweep goes on while a few clients ask";
}

TEST(LimiterMemory, WhenFullItKeepsLiveWindowsExactAndRefusesNewKeysUntilOneEnds) {
  test::SteppedRuntime runtime;
  Limiter limiter(runtime, 6'400);
  limiter.Take({Per("first", 1)});
  runtime.Advance(seconds(20));
  for (int i = 0; i < 20'000; ++i) limiter.Charge(Per(std::to_string(i), 60));
  EXPECT_EQ(limiter.EntryCount(), 6'400u);
  EXPECT_FALSE(limiter.Take({Per("first", 1)}).admitted) << "its window is still counted";
  EXPECT_EQ(limiter.Take({Per("first", 2)}).remaining, 0) << "and can still be taken from";
  const Allowance refused = limiter.Take({Per("late", 1)});
  EXPECT_FALSE(refused.admitted);
  EXPECT_LE(refused.reset_seconds, 60);
  runtime.Advance(seconds(60));
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(limiter.Take({Per("late:" + std::to_string(i), 1)}).admitted);
  }
}

}  // namespace
}  // namespace mg
