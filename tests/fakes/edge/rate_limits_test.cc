#include "fakes/edge/rate_limits.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "fakes/edge/settings_json.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

EdgeSettings SettingsOf(const std::string& json) {
  EdgeSettings settings;
  const Status set = SetEdgeSettings(*ParseJson(json), settings);
  EXPECT_TRUE(set) << (set ? "" : set.error().message);
  return settings;
}

std::string ErrorOf(const std::string& json) {
  EdgeSettings settings;
  const Status set = SetEdgeSettings(*ParseJson(json), settings);
  EXPECT_EQ(settings.rules.size(), 1u);  // unchanged
  return set ? "" : set.error().message;
}

// A rule with these members of "ratelimit" in place of the usual ones.
std::string Rule(const std::string& limit, const std::string& rest = "") {
  return R"({"rules": [{"expression": "true", "ratelimit": )" + limit + rest + "}]}";
}

constexpr const char* kUsual =
    R"({"characteristics": ["cf.colo.id", "ip.src"], "period": 10, "requests_per_period": 2,
        "mitigation_timeout": 0})";

TEST(EdgeRateLimits, AddUpScoresOfAnswersAndStopTheNextRequest) {
  const EdgeSettings settings = SettingsOf(Rule(
      R"({"characteristics": ["cf.colo.id"], "period": 60, "score_per_period": 10,
          "score_response_header_name": "x-cost", "mitigation_timeout": 60})"));
  test::SteppedRuntime runtime;
  RateLimits limits(settings, runtime);
  const Request request;
  const auto visit = [&](const char* cost) {
    if (limits.AtRequest({request, "h", "1.1.1.1", "XX", "LOC"})) return false;
    Response response;
    response.headers.Set("x-cost", cost);
    limits.AtResponse({request, "h", "1.1.1.1", "XX", "LOC", false, &response});
    return true;
  };
  EXPECT_TRUE(visit("10"));
  EXPECT_TRUE(visit("-5"));  // no score
  EXPECT_TRUE(visit("9223372036854775807"));
  EXPECT_FALSE(visit("0"));
  runtime.Advance(std::chrono::seconds(60));
  EXPECT_TRUE(visit("1"));
}

TEST(EdgeRateLimits, BindingsOfOneNamespaceShareTheirCounters) {
  const EdgeSettings settings = SettingsOf(R"({"ratelimits": [
      {"name": "A", "namespace_id": "1", "simple": {"limit": 2, "period": 10}},
      {"name": "B", "namespace_id": "1", "simple": {"limit": 2, "period": 10}},
      {"name": "C", "namespace_id": "2", "slack": 1, "simple": {"limit": 2, "period": 60}}]})");
  test::SteppedRuntime runtime;
  RateLimits limits(settings, runtime);
  const auto admits = [&](const char* name, const char* key) { return *limits.Limit(name, key); };
  EXPECT_TRUE(admits("A", "x"));
  EXPECT_TRUE(admits("B", "x"));
  EXPECT_FALSE(admits("A", "x"));
  EXPECT_TRUE(admits("A", "y"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(admits("C", "x"));  // one more than its limit
  EXPECT_FALSE(admits("C", "x"));
  runtime.Advance(std::chrono::seconds(10));
  EXPECT_TRUE(admits("B", "x"));
  EXPECT_FALSE(admits("C", "x"));
  EXPECT_EQ(limits.Limit("D", "x").error().code, Code::kNotFound);
}

TEST(EdgeRateLimits, RefuseSettingsByName) {
  EXPECT_EQ(ErrorOf(R"({"countri": "DE"})"),
            "\"countri\" is no setting of the edge; did you mean \"country\"?");
  EXPECT_EQ(ErrorOf(R"({"country": "d\r\n"})"), "\"country\" must be a code such as \"DE\"");
  const std::pair<const char*, const char*> kWrong[] = {
      {R"({"characteristics": ["ip.src"], "period": 10, "requests_per_period": 2,
           "mitigation_timeout": 0})",
       "\"characteristics\" must have \"cf.colo.id\""},
      {R"({"characteristics": ["cf.colo.id"], "period": 15, "requests_per_period": 2,
           "mitigation_timeout": 0})",
       "\"period\" must be one of 10 60 120 300 600 3600"},
      {R"({"characteristics": ["cf.colo.id"], "period": 10, "requests_per_period": 0,
           "mitigation_timeout": 0})",
       "\"requests_per_period\" must be a number from 1"},
      {R"({"characteristics": ["cf.colo.id", "cf.unique_visitor_id"], "period": 10,
           "requests_per_period": 1, "mitigation_timeout": 0})",
       "this edge knows no field \"cf.unique_visitor_id\""},
      {R"({"characteristics": ["cf.colo.id"], "period": 10, "requests_per_period": 1,
           "mitigation_timeout": 7})",
       "\"mitigation_timeout\" must be one of 0 10 60 120 300 600 3600 86400"}};
  for (const auto& [limit, message] : kWrong)
    EXPECT_EQ(ErrorOf(Rule(limit)), std::string("rule 0: ") + message);
  for (const char* rest :
       {R"(, "action": "skip")", R"(, "actions": "block")", R"(, "enabled": 1)",
        R"(, "action": "log", "action_parameters": {"response": {"content_type": "text/html"}})",
        R"(, "action_parameters": {"response": {"status_code": 500, "content_type": "text/html"}})",
        R"(, "action_parameters": {"response": {"content_type": "text/css"}})"}) {
    EXPECT_NE(ErrorOf(Rule(kUsual, rest)), "") << rest;
  }
}

TEST(EdgeRateLimits, SayWhatTheyWereSetTo) {
  const EdgeSettings settings = SettingsOf(Rule(kUsual));
  EdgeSettings again;
  ASSERT_TRUE(SetEdgeSettings(EdgeSettingsToJson(settings), again));
  EXPECT_EQ(EdgeSettingsToJson(again), EdgeSettingsToJson(settings));
  EXPECT_EQ(EdgeSettingsToJson(EdgeSettings{})["rules"][0]["ratelimit"]["requests_per_period"],
            1000);
}

TEST(EdgeCounterTable, ForgetsEndedCountersAndWhenFullTheOldest) {
  EdgeCounters counters(3);
  const EdgeCounters::Rule rule{1, 1000, 0};
  for (const char* key : {"a", "b", "c"}) EXPECT_FALSE(counters.Count(key, rule, 1, 0).over);
  EXPECT_TRUE(counters.Count("a", rule, 1, 0).over);
  EXPECT_FALSE(counters.Count("d", rule, 1, 0).over);  // in place of "a"
  EXPECT_EQ(counters.size(), 3u);
  EXPECT_FALSE(counters.Count("a", rule, 1, 1).over);
  EXPECT_TRUE(counters.Count("d", rule, 1, 1).over);
  EXPECT_FALSE(counters.Count("x", rule, 0, 5000).over);
  counters.Count("x", rule, 0, 5000);
  EXPECT_EQ(counters.size(), 0u);
}

TEST(EdgeCounterTable, OfAMillionKeysHoldsAQuarter) {
  EdgeCounters counters;
  const EdgeCounters::Rule rule{1, 1000, 0};
  for (int i = 0; i < 1'000'000; ++i) counters.Count(std::to_string(i), rule, 1, 0);
  EXPECT_EQ(counters.size(), kMaxEdgeCounters);
}

}  // namespace
}  // namespace mg::fake
