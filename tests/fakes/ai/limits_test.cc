#include "fakes/ai/limits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/base/json.h"
#include "fakes/ai/windows.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kCent = 10'000'000'000;  // picodollars

TEST(AiWindows, AFixedWindowBeginsAtWholeMultiplesAndAdmitsExactlyItsLimit) {
  AiWindows windows;
  const AiWindow window{kMinuteMs, false, 2};
  EXPECT_TRUE(windows.TakeOne("k", window, 59'000));
  EXPECT_TRUE(windows.TakeOne("k", window, 59'999));
  EXPECT_FALSE(windows.TakeOne("k", window, 59'999));
  EXPECT_TRUE(windows.TakeOne("k", window, 60'000));
  EXPECT_TRUE(windows.TakeOne("other", window, 59'999));
}

TEST(AiWindows, ASlidingWindowWeighsWhatIsLeftOfThePreviousBucket) {
  AiWindows windows;
  const AiWindow window{kMinuteMs, true, 10};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(windows.TakeOne("k", window, 59'000));
  EXPECT_FALSE(windows.TakeOne("k", window, 60'000));  // 10 are left
  EXPECT_FALSE(windows.TakeOne("k", window, 60'000));
  EXPECT_TRUE(windows.TakeOne("k", window, 66'001));  // a little under 9 are left
  EXPECT_TRUE(windows.TakeOne("k", window, 66'001));  // and the one just taken: under 10
  EXPECT_FALSE(windows.TakeOne("k", window, 66'001));
  EXPECT_TRUE(windows.TakeOne("k", window, 180'000));  // long ago
}

TEST(AiWindows, FollowAModelOverTenThousandSteps) {
  test::FixedRandom random(7);
  AiWindows windows;
  std::map<std::pair<std::string, std::int64_t>, double> counted;  // key, bucket
  std::int64_t now = 1'000'000;
  for (int step = 0; step < 10'000; ++step) {
    now += static_cast<std::int64_t>(random.Below(400));
    const std::string key = std::string(1, static_cast<char>('a' + random.Below(3)));
    const bool sliding = key == "a";
    const AiWindow window{1000, sliding, 5};
    const std::int64_t bucket = now / window.length_ms;
    double sum = counted[{key, bucket}];
    if (sliding)
      sum += counted[{key, bucket - 1}] * static_cast<double>(1000 - now % 1000) / 1000.0;
    const bool admits = sum < 5;
    if (admits) counted[{key, bucket}] += 1;
    ASSERT_EQ(windows.TakeOne(key, window, now), admits) << "step " << step << " key " << key;
  }
}

TEST(AiWindows, LateBookingsCountInTheWindowOfTheirCompletionAlone) {
  AiWindows windows;
  const AiWindow window{kMinuteMs, false, 100};
  windows.Add("k", window, 100, 59'500, 61'500);
  EXPECT_FALSE(windows.IsFull("k", window, 59'999));
  EXPECT_FALSE(windows.IsFull("k", window, 62'000));  // the minute it belongs to has passed
  windows.Add("k", window, 100, 62'000, 64'000);
  EXPECT_FALSE(windows.IsFull("k", window, 63'999));
  EXPECT_TRUE(windows.IsFull("k", window, 64'000));
}

TEST(AiWindows, StayBounded) {
  AiWindows windows;
  const AiWindow window{1000, false, 1};
  for (std::size_t i = 0; i < 2 * kMaxWindowCounters; ++i)
    ASSERT_TRUE(windows.TakeOne(std::to_string(i), window, static_cast<std::int64_t>(i)));
}

class AiLimitsTest : public ::testing::Test {
 protected:
  AiGatewayConfig Budget(bool sliding = false) {
    AiGatewayConfig gateway;
    gateway.id = "g";
    AiSpendRule rule;
    rule.id = "monthly";
    rule.limit_text = "0.02";
    rule.limit_picodollars = 2 * kCent;
    rule.window_seconds = 60;
    rule.sliding = sliding;
    gateway.spend_rules = {rule};
    return gateway;
  }
  void Spend(const AiGatewayConfig& gateway, std::int64_t picodollars) {
    limits.Book(gateway, {"workers-ai", "@cf/m", metadata}, picodollars, quirks);
  }
  std::optional<AiError> Refusal(const AiGatewayConfig& gateway) {
    return limits.RefuseSpender(gateway, {"workers-ai", "@cf/m", metadata}, quirks);
  }

  test::SteppedRuntime runtime;
  test::FixedRandom random;
  AiLimits limits{runtime, random};
  AiQuirks quirks;
  Json metadata{{"user", "u1"}, {"plan", "free"}};
};

TEST_F(AiLimitsTest, AGatewaysRateLimitIsClockAligned) {
  AiGatewayConfig gateway;
  gateway.id = "g";
  EXPECT_FALSE(limits.TakeRequest(gateway));  // none is set
  gateway.rate_limit = 1;
  gateway.rate_interval_seconds = 60;
  runtime.Advance(std::chrono::seconds(59));
  EXPECT_FALSE(limits.TakeRequest(gateway));
  const auto refused = limits.TakeRequest(gateway);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, 2003);
  EXPECT_EQ(refused->status, 429);
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_FALSE(limits.TakeRequest(gateway));
}

TEST_F(AiLimitsTest, ABudgetLeaksUntilWhatWasSpentIsBooked) {
  const AiGatewayConfig gateway = Budget();
  Spend(gateway, 3 * kCent);
  EXPECT_FALSE(Refusal(gateway));  // one request slips through
  runtime.Advance(std::chrono::seconds(2));
  const auto refused = Refusal(gateway);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, 2041);
  EXPECT_EQ(refused->message,
            "Spend limit exceeded: rule 'monthly' (cost limit 0.02 per 60s, fixed) for "
            "internal-workers-ai @cf/m");
  quirks.spend_code = 2045;
  EXPECT_EQ(Refusal(gateway)->code, 2045);
  runtime.Advance(std::chrono::seconds(58));  // the next minute of the clock
  EXPECT_FALSE(Refusal(gateway));
}

TEST_F(AiLimitsTest, ASlidingBudgetForgivesGradually) {
  const AiGatewayConfig gateway = Budget(true);
  quirks.spend_lag = Nanos::zero();
  runtime.Advance(std::chrono::seconds(59));
  Spend(gateway, 4 * kCent);
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(Refusal(gateway));  // 4 cents of 4 are in the window
  runtime.Advance(std::chrono::seconds(30));
  EXPECT_TRUE(Refusal(gateway));  // half of 4 is 2
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_FALSE(Refusal(gateway));
}

TEST_F(AiLimitsTest, RulesConcernWhomTheyNameAndPartitionByMetadata) {
  quirks.spend_lag = Nanos::zero();
  AiGatewayConfig gateway = Budget();
  gateway.spend_rules[0].partition_keys = {"user"};
  Spend(gateway, 3 * kCent);
  EXPECT_TRUE(Refusal(gateway));
  metadata["user"] = "u2";
  EXPECT_FALSE(Refusal(gateway));
  metadata["user"] = 3;  // scalars compare by their text
  Spend(gateway, 3 * kCent);
  EXPECT_TRUE(Refusal(gateway));
  metadata.erase("user");  // a partition rule ignores who lacks the key
  Spend(gateway, 9 * kCent);
  EXPECT_FALSE(Refusal(gateway));
  metadata = nullptr;
  EXPECT_FALSE(Refusal(gateway));

  const struct {
    std::vector<std::string> models, providers, plans;
    bool concerns;
  } cases[] = {
      {{}, {}, {}, true},
      {{"@cf/m"}, {}, {}, true},
      {{"workers-ai/@cf/m"}, {"internal-workers-ai"}, {}, true},
      {{"@cf/other"}, {}, {}, false},
      {{}, {"openai"}, {}, false},
      {{}, {"workers-ai"}, {"free", "team"}, true},
      {{}, {}, {"team"}, false},
  };
  metadata = Json{{"plan", "free"}};
  for (const auto& c : cases) {
    limits.Reset();
    AiGatewayConfig some = Budget();
    some.spend_rules[0].models = c.models;
    some.spend_rules[0].providers = c.providers;
    if (!c.plans.empty()) some.spend_rules[0].must_be_one_of["plan"] = c.plans;
    Spend(some, 3 * kCent);
    EXPECT_EQ(Refusal(some).has_value(), c.concerns)
        << Json(c.models).dump() << Json(c.providers).dump() << Json(c.plans).dump();
  }
}

TEST_F(AiLimitsTest, CountersSurviveANewLimitUnderTheSameRuleId) {
  quirks.spend_lag = Nanos::zero();
  AiGatewayConfig gateway = Budget();
  Spend(gateway, 3 * kCent);
  EXPECT_TRUE(Refusal(gateway));
  gateway.spend_rules[0].limit_picodollars = 4 * kCent;
  EXPECT_FALSE(Refusal(gateway));
  Spend(gateway, kCent);
  EXPECT_TRUE(Refusal(gateway));
  gateway.spend_rules[0].id = "new";
  EXPECT_FALSE(Refusal(gateway));
  limits.Forget("g");
  gateway.spend_rules[0].id = "monthly";
  EXPECT_FALSE(Refusal(gateway));
}

TEST_F(AiLimitsTest, SomeWindowsNeverBlockWhenTheKnobSaysSo) {
  quirks.spend_lag = Nanos::zero();
  quirks.spend_miss_rate = 0.5;
  const AiGatewayConfig gateway = Budget();
  int missed = 0;
  for (int window = 0; window < 200; ++window) {
    Spend(gateway, 3 * kCent);
    const bool first = Refusal(gateway).has_value();
    EXPECT_EQ(Refusal(gateway).has_value(), first);  // decided once for the window
    missed += first ? 0 : 1;
    runtime.Advance(std::chrono::seconds(60));
  }
  EXPECT_GT(missed, 60);
  EXPECT_LT(missed, 140);
}

}  // namespace
}  // namespace mg::fake
