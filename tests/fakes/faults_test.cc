#include "fakes/faults.h"

#include <gtest/gtest.h>

#include "core/base/check.h"
#include "core/base/json.h"
#include "fakes/faults_json.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

FaultRule Rule(const std::string& operation, int times = 1) {
  FaultRule rule;
  rule.operation = operation;
  rule.status = 503;
  rule.times = times;
  return rule;
}

FaultedCall Call(const std::string& operation, const std::string& key = "") {
  FaultedCall call;
  call.operation = operation;
  call.key = key;
  return call;
}

class FaultRules : public testing::Test {
 protected:
  // Which of `calls` calls the rules disturb: "..x".
  std::string Pattern(int calls, const FaultedCall& call = Call("kv.get")) {
    std::string pattern;
    for (int i = 0; i < calls; ++i) pattern += faults.Next(call) ? 'x' : '.';
    return pattern;
  }

  test::SteppedRuntime runtime;
  Faults faults{runtime, 7};
};

TEST(FaultPattern, TakesAStarForAnyRun) {
  const struct {
    const char* pattern;
    const char* text;
    bool matches;
  } cases[] = {
      {"kv.get", "kv.get", true},
      {"kv.get", "kv.gets", false},
      {"kv.*", "kv.get", true},
      {"kv.*", "kv.", true},
      {"kv.*", "d1.query", false},
      {"*", "", true},
      {"", "", true},
      {"", "x", false},
      {"*.get", "r2.get", true},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbYbZ", false},
      {"**a**", "a", true},
      {"insert *", "insert usage", true},
      {"insert usage*", "insert usage; select x", true},
  };
  for (const auto& c : cases)
    EXPECT_EQ(MatchesPattern(c.pattern, c.text), c.matches) << c.pattern << " / " << c.text;
}

TEST_F(FaultRules, FireFromTheNthCallOnAsOftenAsTheySay) {
  for (int nth = 1; nth <= 5; ++nth) {
    for (int times : {1, 2, 3, 5, -1}) {
      faults.Clear();
      FaultRule rule = Rule("kv.get", times);
      rule.id = "rule";
      rule.nth = nth;
      faults.Add(rule);
      std::string expected;
      int fired = 0;
      for (int call = 1; call <= 8; ++call) {
        const bool fires = call >= nth && (times < 0 || call < nth + times);
        expected += fires ? 'x' : '.';
        fired += fires ? 1 : 0;
      }
      EXPECT_EQ(Pattern(8), expected) << nth << " " << times;
      ASSERT_EQ(faults.Counts().size(), 1U);
      EXPECT_EQ(faults.Counts()[0].planned, times);
      EXPECT_EQ(faults.Counts()[0].fired, fired);
      EXPECT_EQ(faults.Counts()[0].bypassed, 8 - fired);
    }
  }
}

TEST_F(FaultRules, OfTwoThatMeetACallTheFirstWinsAndTheOtherWaits) {
  FaultRule first = Rule("kv.*", 2);
  first.id = "first";
  FaultRule second = Rule("kv.get");
  second.id = "second";
  faults.Add(first);
  faults.Add(second);
  EXPECT_EQ(faults.Next(Call("kv.get"))->id, "first");
  EXPECT_EQ(faults.Next(Call("kv.get"))->id, "first");
  EXPECT_EQ(faults.Next(Call("kv.get"))->id, "second");
  EXPECT_FALSE(faults.Any());
  EXPECT_FALSE(faults.Next(Call("kv.get")));
}

TEST_F(FaultRules, MeetOnlyWhatTheirScopeNames) {
  FaultRule rule = Rule("ai.run", -1);
  rule.where.tenant = "sk-1";
  rule.where.model = "@cf/a";
  rule.where.key = "@cf/*";
  rule.where.step = 1;
  faults.Add(rule);
  const FaultedCall inside{"ai.run", "sk-1", "@cf/a", "@cf/a", 1, {}};
  EXPECT_TRUE(faults.Next(inside));
  FaultedCall other = inside;
  other.operation = "kv.get";
  EXPECT_FALSE(faults.Next(other));
  EXPECT_EQ(faults.Counts()[0].bypassed, 0) << "calls of other operations do not count";
  for (const auto& change : std::vector<void (*)(FaultedCall&)>{
           [](FaultedCall& call) { call.tenant = "sk-2"; },
           [](FaultedCall& call) { call.tenant.clear(); },
           [](FaultedCall& call) { call.model = "@cf/b"; },
           [](FaultedCall& call) { call.key = "x"; }, [](FaultedCall& call) { call.step = 0; }}) {
    other = inside;
    change(other);
    EXPECT_FALSE(faults.Next(other));
  }
  EXPECT_EQ(faults.Counts()[0].bypassed, 5);
}

TEST_F(FaultRules, CountTheirWindowFromWhenTheyWereAdded) {
  runtime.Advance(seconds(100));
  FaultRule rule = Rule("kv.get", -1);
  rule.where.from = seconds(5);
  rule.where.until = seconds(10);
  faults.Add(rule);
  EXPECT_EQ(Pattern(1), ".");
  runtime.Advance(seconds(5));
  EXPECT_EQ(Pattern(1), "x");
  runtime.Advance(milliseconds(4999));
  EXPECT_EQ(Pattern(1), "x");
  runtime.Advance(milliseconds(1));
  EXPECT_EQ(Pattern(1), ".");
}

TEST_F(FaultRules, DrawTheSameChancesFromTheSameSeed) {
  FaultRule rule = Rule("kv.get", -1);
  rule.probability = 0.3;
  faults.Add(rule);
  const std::string first = Pattern(1000);
  const auto fired = std::count(first.begin(), first.end(), 'x');
  EXPECT_GT(fired, 250);
  EXPECT_LT(fired, 350);
  faults.Clear();
  faults.Add(rule);
  EXPECT_EQ(Pattern(1000), first);
  Faults others(runtime, 8);
  others.Add(rule);
  std::string other;
  for (int i = 0; i < 1000; ++i) other += others.Next(Call("kv.get")) ? 'x' : '.';
  EXPECT_NE(other, first);
}

TEST_F(FaultRules, DrawDelaysAroundTheirMedian) {
  FaultRule rule = Rule("kv.get", -1);
  rule.delay = milliseconds(100);
  faults.Add(rule);
  EXPECT_EQ(faults.Next(Call("kv.get"))->delay, milliseconds(100));
  faults.Clear();
  rule.delay_sigma = 0.5;
  faults.Add(rule);
  int below = 0;
  for (int i = 0; i < 1000; ++i) {
    const Nanos delay = faults.Next(Call("kv.get"))->delay;
    EXPECT_GT(delay, Nanos::zero());
    EXPECT_LE(delay, kHang);
    below += delay < milliseconds(100) ? 1 : 0;
  }
  EXPECT_GT(below, 450);
  EXPECT_LT(below, 550);
}

TEST_F(FaultRules, RepeatOnlyAnswersGivenUnderThemAndYoungEnough) {
  FaultRule rule = Rule("kv.get", -1);
  rule.status = 0;
  rule.stale = seconds(60);
  FaultedCall call = Call("kv.get", "k");
  call.answered = runtime.Now();
  runtime.Advance(seconds(1));
  EXPECT_FALSE(faults.WantsStale());
  faults.Add(rule);
  EXPECT_TRUE(faults.WantsStale());
  EXPECT_FALSE(faults.Next(Call("kv.get", "k"))) << "nothing was answered yet";
  EXPECT_FALSE(faults.Next(call)) << "answered before the rule came";
  call.answered = runtime.Now();
  runtime.Advance(seconds(60));
  EXPECT_TRUE(faults.Next(call));
  runtime.Advance(milliseconds(1));
  EXPECT_FALSE(faults.Next(call));
  EXPECT_EQ(faults.Counts()[0].fired, 1);
  EXPECT_EQ(faults.Counts()[0].bypassed, 3);
}

TEST_F(FaultRules, KeepTheirCountsWhenTheyAreRemoved) {
  const std::string id = faults.Add(Rule("kv.get", -1));
  EXPECT_EQ(Pattern(2), "xx");
  faults.Remove(id);
  EXPECT_FALSE(faults.Any());
  EXPECT_FALSE(faults.Has(id));
  EXPECT_EQ(Pattern(1), ".");
  ASSERT_EQ(faults.Counts().size(), 1U);
  EXPECT_EQ(faults.Counts()[0].fired, 2);
  FaultRule again = Rule("kv.get");
  again.id = id;
  EXPECT_EQ(faults.Add(again), id);
  EXPECT_NE(faults.Add(Rule("kv.get")), id);
  EXPECT_THROW(faults.Add(again), CheckFailed);
  faults.Clear();
  EXPECT_TRUE(faults.Counts().empty());
}

std::string ErrorOf(const std::string& text) {
  const auto rule = FaultRuleFromJson(ParseJson(text).value());
  return rule ? "" : rule.error().message;
}

TEST(FaultJson, GoesBothWays) {
  for (const char* text : {
           R"({"operation":"kv.get","status":429})",
           R"({"id":"a","operation":"ai.run","tenant":"sk-1","model":"@cf/m","step":1,"nth":2,)"
           R"("times":-1,"probability":0.5,"delay":"250ms","delay_sigma":0.5,"status":429,)"
           R"("code":3040,"retry_after_seconds":3})",
           R"({"operation":"kv.get","key":"tenant:*","from":"5s","until":"1h","stale":"1m"})",
           R"({"operation":"d1.query","reset":"after"})",
           R"({"operation":"d1.query","reset":"before"})",
           R"({"operation":"r2.get","truncate_after_bytes":0})",
           R"({"operation":"r2.get","stall_after_bytes":10})",
           R"({"operation":"kv.*","malformed":true,"delay":"10us"})",
           R"({"operation":"kv.*","hang":true})",
           R"({"operation":"kv.get","delay":"7d"})",
           R"({"operation":"ai.run","status":200,"body":"{}"})",
       }) {
    const Json json = ParseJson(text).value();
    const auto rule = FaultRuleFromJson(json);
    ASSERT_TRUE(rule) << text << ": " << rule.error().message;
    EXPECT_EQ(FaultRuleToJson(*rule), json);
  }
  const auto nested = FaultRuleFromJson(
      ParseJson(R"({"operation":"kv.get","where":{"key":"k"},"hang":true})").value());
  ASSERT_TRUE(nested);
  EXPECT_EQ(nested->where.key, "k");
}

TEST(FaultJson, NamesTheFieldThatIsWrong) {
  const struct {
    const char* text;
    const char* named;
  } cases[] = {
      {R"([])", "object"},
      {R"({"hang":true})", "\"operation\" is missing"},
      {R"({"opration":"kv.get"})", "did you mean \"operation\"?"},
      {R"({"operation":"kv.get","xyzzyxyzzy":1})", "\"xyzzyxyzzy\" is no field"},
      {R"({"operation":"kv.get","where":{"where":{}},"hang":true})", "\"where\""},
      {R"({"operation":"kv.get","where":1,"hang":true})", "\"where\""},
      {R"({"operation":"kv.get"})", "not disturbed"},
      {R"({"operation":"kv.get","hang":true,"status":500})", "more than one way"},
      {R"({"operation":"kv.get","status":99})", "\"status\""},
      {R"({"operation":"kv.get","status":200})", "\"status\""},
      {R"({"operation":"kv.get","status":"500"})", "\"status\" must be an integer"},
      {R"({"operation":"kv.get","status":99999999999999999999})", "\"status\""},
      {R"({"operation":"kv.get","code":1,"hang":true})", "\"code\""},
      {R"({"operation":"kv.get","hang":true,"nth":0})", "\"nth\""},
      {R"({"operation":"kv.get","hang":true,"times":0})", "\"times\""},
      {R"({"operation":"kv.get","hang":true,"probability":0})", "\"probability\""},
      {R"({"operation":"kv.get","hang":true,"from":"5s","until":"5s"})", "\"until\""},
      {R"({"operation":"kv.get","delay":250})", "\"delay\" must be a duration"},
      {R"({"operation":"kv.get","delay":"250"})", "\"delay\" must be a duration"},
      {R"({"operation":"kv.get","hang":true,"delay_sigma":1})", "\"delay_sigma\""},
      {R"({"operation":"kv.get","reset":"during"})", "\"reset\""},
      {R"({"operation":"kv.put","stale":"5s"})", "\"stale\""},
  };
  for (const auto& c : cases)
    EXPECT_NE(ErrorOf(c.text).find(c.named), std::string::npos)
        << c.text << ": " << ErrorOf(c.text);
}

}  // namespace
}  // namespace mg::fake
