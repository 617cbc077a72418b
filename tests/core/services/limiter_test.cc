#include "core/services/limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "core/adapters/thread_runtime.h"
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
