#include "fakes/ai/logs.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/bytes.h"
#include "fakes/ai/control_knobs.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

class AiLogsTest : public ::testing::Test {
 protected:
  AiLogsTest() {
    gateway.id = "g";
    gateway.most_log_rows = kMaxLogRows;
  }

  AiLogRow Row(std::string id) {
    AiLogRow row;
    row.id = std::move(id);
    row.created_ms = runtime.Wall().ms;
    row.provider = "workers-ai";
    row.model = "@cf/m";
    row.status_code = 200;
    row.success = true;
    return row;
  }
  void Add(const AiLogRow& row) { EXPECT_TRUE(logs.Append(gateway, row, 0)) << row.id; }

  // The ids that a query string finds, in its order; "!" when it is refused.
  std::string Found(const std::string& query_string) {
    AiLogQuery query;
    if (!ReadLogQuery(query_string, AiLogVerb::kList, query).empty()) return "!";
    const auto page = logs.List("g", query);
    if (!page) return "failed";
    std::string ids;
    for (const AiLogRow& row : page->rows) ids += row.id;
    return ids;
  }
  static std::string Filter(const std::string& json) { return "filters=" + PercentEncode(json); }

  test::SteppedRuntime runtime;
  AiLogs logs{"", runtime};
  AiGatewayConfig gateway;
};

TEST_F(AiLogsTest, FindsByEveryFilterInBothWireForms) {
  AiLogRow a = Row("a");
  a.tokens_in = 10;
  a.tokens_out = 5;
  a.cost_picodollars = PicodollarsOf(0.5);
  a.metadata_json = R"({"user":"u1","seats":3,"beta":true})";
  a.duration_ms = 100;
  Add(a);
  runtime.Advance(std::chrono::seconds(1));
  AiLogRow b = Row("b");
  b.model = "@cf/other";
  b.success = false;
  b.status_code = 429;
  b.cached = true;
  b.metadata_json = R"({"user":"u2","team":"u1"})";
  b.dlp_action = "BLOCK";
  Add(b);
  runtime.Advance(std::chrono::seconds(1));
  AiLogRow c = Row("c");
  c.tokens_in = 1;
  c.event_id = "mine";
  c.metadata_json = "null";
  Add(c);

  const struct {
    const char* key;
    const char* operation;
    const char* json_values;
    const char* text_values;  // of the dotted form, separated by '|'
    const char* ids;
  } cases[] = {
      {"id", "eq", R"(["a","c"])", "a|c", "ca"},
      {"id", "neq", R"(["a"])", "a", "cb"},
      {"success", "eq", "[true]", "true", "ca"},
      {"success", "eq", "[false]", "0", "b"},
      {"cached", "neq", "[true]", "true", "ca"},
      {"model", "contains", R"(["oth"])", "oth", "b"},
      {"tokens_in", "gt", "[1]", "1", "a"},
      {"tokens_in", "lt", "[10]", "10", "cb"},
      {"tokens", "eq", "[15]", "15", "a"},
      {"cost", "gt", "[0.4]", "0.4", "a"},
      {"cost", "eq", "[0.5]", "0.5", "a"},
      {"duration", "eq", "[100]", "100", "a"},
      {"created_at", "gt", R"(["2026-01-01T00:00:00Z"])", "2026-01-01T00:00:00Z", "cb"},
      {"event_id", "eq", R"(["mine"])", "mine", "c"},
      {"dlp_action", "eq", R"(["BLOCK"])", "BLOCK", "b"},
      {"metadata.key", "eq", R"(["user"])", "user", "ba"},
      {"metadata.key", "neq", R"(["team"])", "team", "ca"},
      {"metadata.value", "eq", R"(["u1"])", "u1", "ba"},
      {"metadata.value", "eq", "[3]", "3", "a"},
      {"metadata.value", "eq", "[true]", "true", "a"},
      {"metadata.value", "contains", R"(["u"])", "u", "ba"},
  };
  for (const auto& one : cases) {
    const std::string json = std::string(R"([{"key":")") + one.key + R"(","operator":")" +
                             one.operation + R"(","value":)" + one.json_values + "}]";
    EXPECT_EQ(Found(Filter(json)), one.ids) << json;
    std::string dotted =
        std::string("filters.key=") + one.key + "&filters.operator=" + one.operation;
    for (const std::string_view value : Split(one.text_values, '|'))
      dotted += "&filters.value=" + PercentEncode(value);
    EXPECT_EQ(Found(dotted), one.ids) << dotted;
  }
  EXPECT_EQ(Found(Filter(R"([{"key":"feedback","operator":"eq","value":[null]}])")), "cba");
}

TEST_F(AiLogsTest, MetadataKeysAndValuesAreNotPaired) {
  AiLogRow row = Row("a");
  row.metadata_json = R"({"user":"u1","team":"t1"})";
  Add(row);
  // No entry says team=u1, and yet the row is found.
  EXPECT_EQ(Found("filters.key=metadata.key&filters.operator=eq&filters.value=team"
                  "&filters.key=metadata.value&filters.operator=eq&filters.value=u1"),
            "a");
}

TEST_F(AiLogsTest, DottedFiltersMayNameTheirMembersInAnyOrder) {
  Add(Row("a"));
  AiLogRow b = Row("b");
  b.cached = true;
  Add(b);
  EXPECT_EQ(Found("filters.value=a&filters.value=b&filters.operator=eq&filters.key=id"
                  "&filters.value=true&filters.operator=eq&filters.key=cached"),
            "b");
}

TEST_F(AiLogsTest, TakesTheOlderFlatFiltersTooAndOrdersAndPages) {
  for (const char* id : {"a", "b", "c", "d"}) {
    AiLogRow row = Row(id);
    row.tokens_in = *id - 'a';
    row.provider = *id == 'b' ? "zeta" : "alpha";
    row.metadata_json = std::string(R"({"who":"Person )") + id + "\"}";
    Add(row);
    runtime.Advance(std::chrono::seconds(1));
  }
  EXPECT_EQ(Found(""), "dcba");
  EXPECT_EQ(Found("order_by_direction=asc"), "abcd");
  EXPECT_EQ(Found("order_by=provider&order_by_direction=desc"), "bdca");
  EXPECT_EQ(Found("per_page=3"), "dcb");
  EXPECT_EQ(Found("per_page=3&page=2"), "a");
  EXPECT_EQ(Found("per_page=3&page=3"), "");
  EXPECT_EQ(Found("min_tokens_in=1&max_tokens_in=2"), "cb");
  EXPECT_EQ(Found("provider=zeta"), "b");
  EXPECT_EQ(Found("start_date=2026-01-01T00:00:02Z"), "dc");
  EXPECT_EQ(Found("search=person+b"), "b");
}

TEST_F(AiLogsTest, RefusesWhatItDoesNotKnowWithItsPath) {
  const struct {
    const char* query;
    const char* path;
    const char* message;
  } cases[] = {
      {"filters.key=metadata&filters.operator=eq&filters.value=x", "filters/0/key/",
       "Invalid enum value. Expected 'id' | "},
      {"filters.key=id&filters.operator=like&filters.value=x", "filters/0/operator/",
       "Invalid enum value. Expected 'eq' | 'neq' | 'contains' | 'lt' | 'gt', received 'like'"},
      {"filters.key=cost&filters.operator=eq&filters.value=much", "filters/0/value/",
       "Invalid value for cost"},
      {"filters.key=id&filters.operator=eq", "filters/0/value/", "Required"},
      {"filters=%7B%7D", "filters/", "Expected array"},
      {"order_by=cost", "order_by/", "Invalid enum value"},
      {"order_by_direction=up", "order_by_direction/", "Invalid enum value"},
      {"per_page=51", "per_page/", "Number must be less than or equal to 50"},
      {"page=0", "page/", "Number must be greater than or equal to 1"},
      {"page=x", "page/", "Expected number"},
  };
  for (const auto& c : cases) {
    AiLogQuery query;
    const auto problems = ReadLogQuery(c.query, AiLogVerb::kList, query);
    ASSERT_EQ(problems.size(), 1U) << c.query;
    std::string path;
    for (const std::string& part : problems[0].path) path += part + "/";
    EXPECT_EQ(path, c.path) << c.query;
    EXPECT_EQ(problems[0].message.compare(0, std::string(c.message).size(), c.message), 0)
        << problems[0].message;
  }
}

TEST_F(AiLogsTest, ARowCanBeReadOnlyAWhileAfterItWasWritten) {
  ASSERT_TRUE(logs.Append(gateway, Row("a"), 1000));
  EXPECT_EQ(Found(""), "");
  EXPECT_FALSE(logs.Get("g", "a"));
  EXPECT_FALSE(logs.Change("g", "a", {}));
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Found(""), "a");
  EXPECT_TRUE(logs.Get("g", "a"));
}

TEST_F(AiLogsTest, ChangesFeedbackScoreAndMetadata) {
  Add(Row("a"));
  AiLogChange change;
  change.feedback.emplace(-1);
  change.score.emplace("87.5");
  change.metadata_json.emplace(R"({"seen":true})");
  EXPECT_TRUE(logs.Change("g", "a", change));
  auto row = logs.Get("g", "a");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->feedback, -1);
  EXPECT_EQ(row->score, "87.5");
  EXPECT_EQ(row->metadata_json, R"({"seen":true})");
  change = {};
  change.feedback.emplace(std::nullopt);
  EXPECT_TRUE(logs.Change("g", "a", change));
  row = logs.Get("g", "a");
  EXPECT_FALSE(row->feedback);
  EXPECT_EQ(row->score, "87.5");
  EXPECT_FALSE(logs.Change("g", "b", change));
  EXPECT_FALSE(logs.Change("other", "a", change));
}

TEST_F(AiLogsTest, AtItsCapAGatewayStopsOrDropsTheOldest) {
  gateway.most_log_rows = 2;
  Add(Row("a"));
  Add(Row("b"));
  EXPECT_FALSE(logs.Append(gateway, Row("c"), 0));
  EXPECT_EQ(Found(""), "ba");
  gateway.deletes_oldest_log = true;
  EXPECT_TRUE(logs.Append(gateway, Row("d"), 0));
  EXPECT_EQ(Found(""), "db");
  AiGatewayConfig other = gateway;
  other.id = "other";
  EXPECT_TRUE(logs.Append(other, Row("a"), 0));
  EXPECT_EQ(Found(""), "db");
}

TEST_F(AiLogsTest, TooLargeARowIsNotKeptAndOldPayloadsGoFirst) {
  AiLogRow large = Row("large");
  large.request_bytes = static_cast<std::int64_t>(kMaxLogRowBytes) + 1;
  EXPECT_FALSE(logs.Append(gateway, large, 0));
  const std::string nine_megabytes(std::size_t{9} << 20, 'x');
  for (const char* id : {"a", "b", "c", "d"}) {
    AiLogRow row = Row(id);
    row.request = nine_megabytes;
    row.response = "answer";
    Add(row);
  }
  EXPECT_FALSE(logs.Get("g", "a")->request);
  EXPECT_FALSE(logs.Get("g", "a")->response);
  EXPECT_EQ(logs.Get("g", "b")->request, nine_megabytes);
  EXPECT_EQ(logs.Get("g", "d")->response, "answer");
}

TEST_F(AiLogsTest, DeletesWhatAQueryFinds) {
  for (const char* id : {"a", "b", "c", "d"}) {
    AiLogRow row = Row(id);
    row.tokens_in = *id - 'a';
    Add(row);
    runtime.Advance(std::chrono::seconds(1));
  }
  AiLogQuery query;
  ASSERT_TRUE(ReadLogQuery("filters.key=tokens_in&filters.operator=gt&filters.value=0&limit=2"
                           "&order_by=tokens_in&order_by_direction=asc",
                           AiLogVerb::kDelete, query)
                  .empty());
  EXPECT_TRUE(logs.Delete("g", query));
  EXPECT_EQ(Found(""), "da");
  gateway.most_log_rows = 3;
  EXPECT_TRUE(logs.Append(gateway, Row("e"), 0));  // there is room again
  logs.Forget("g");
  EXPECT_EQ(Found(""), "");
}

TEST_F(AiLogsTest, SaysTheRangesOfAllThatWasFound) {
  for (const std::int64_t tokens : {3, 9, 5}) {
    AiLogRow row = Row(std::to_string(tokens));
    row.tokens_in = tokens;
    row.tokens_out = 1;
    Add(row);
  }
  AiLogQuery query;
  ASSERT_TRUE(ReadLogQuery("meta_info=true&per_page=1", AiLogVerb::kList, query).empty());
  const auto page = logs.List("g", query);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->total, 3);
  ASSERT_EQ(page->ranges.size(), kLogRanges);
  EXPECT_EQ(page->ranges[2].least, 3);
  EXPECT_EQ(page->ranges[2].most, 9);
  EXPECT_EQ(page->ranges[4].most, 10);
}

TEST(AiLogs, SurviveARestart) {
  const std::string folder = ::testing::TempDir() + "ai_logs_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  test::SteppedRuntime runtime;
  AiGatewayConfig gateway;
  gateway.id = "g";
  gateway.most_log_rows = 1;
  AiLogRow row;
  row.id = "a";
  row.request = "question";
  {
    AiLogs logs(folder + "/logs.sqlite", runtime);
    EXPECT_TRUE(logs.Append(gateway, row, 0));
  }
  AiLogs logs(folder + "/logs.sqlite", runtime);
  ASSERT_TRUE(logs.Get("g", "a"));
  EXPECT_EQ(logs.Get("g", "a")->request, "question");
  row.id = "b";
  EXPECT_FALSE(logs.Append(gateway, row, 0));  // the cap is remembered too
  logs.Reset();
  EXPECT_TRUE(logs.Append(gateway, row, 0));
}

}  // namespace
}  // namespace mg::fake
