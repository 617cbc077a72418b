#include <gtest/gtest.h>

#include "core/base/json.h"
#include "fakes/kv/kv.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_fixture.h"

namespace mg::fake {
namespace {

class KvMany : public testing::Test {
 protected:
  Response Call(std::string method, const std::string& below, std::string body = "",
                const std::string& location = "") {
    Request request;
    request.method = std::move(method);
    request.target = root + below;
    if (!location.empty()) request.headers.Set("x-moltgate-location", location);
    request.body = std::move(body);
    note = {};
    return kv.Handle(request, note, cancel);
  }
  Json Answer(const std::string& method, const std::string& below, const std::string& body = "") {
    return ParseJson(Call(method, below, body).body.bytes()).value();
  }
  std::int64_t CodeOf(const Response& response) {
    return IntAt(ParseJson(response.body.bytes()).value()["errors"][0], "code", 0);
  }

  Credentials credentials = test::FixtureCredentials();
  std::string root = "/client/v4/accounts/" + credentials.account_id + "/storage/kv/namespaces";
  std::string space = "/" + credentials.kv_namespace_id;
  std::string value = space + "/values/k";
  test::SteppedRuntime runtime;
  CancelToken cancel;
  CallNote note;
  Kv kv{credentials, "", runtime};
};

TEST_F(KvMany, MakesRenamesListsAndDeletesNamespaces) {
  const Json made = Answer("POST", "", R"({"title":"sessions"})")["result"];
  const std::string id = StringAt(made, "id");
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(made["title"], "sessions");
  EXPECT_EQ(made["supports_url_encoding"], true);
  EXPECT_EQ(CodeOf(Call("POST", "", R"({"title":"sessions"})")), 10014);
  EXPECT_EQ(CodeOf(Call("POST", "", R"({"title":""})")), 10019);
  EXPECT_EQ(CodeOf(Call("POST", "", "x")), 10012);
  EXPECT_EQ(CodeOf(Call("PUT", "/" + id, R"({"title":"moltgate"})")), 10014);
  EXPECT_EQ(Answer("PUT", "/" + id, R"({"title":"s2"})")["result"]["title"], "s2");
  EXPECT_EQ(Answer("GET", "/" + id)["result"]["title"], "s2");
  EXPECT_EQ(Answer("GET", "?order=title&direction=desc")["result"][0]["title"], "s2");
  const Json page = Answer("GET", "?page=2&per_page=1&order=title");
  EXPECT_EQ(page["result"][0]["title"], "s2");
  EXPECT_EQ(
      page["result_info"],
      (Json{{"page", 2}, {"per_page", 1}, {"count", 1}, {"total_count", 2}, {"total_pages", 2}}));
  EXPECT_TRUE(Answer("GET", "?page=3&per_page=1")["result"].empty());
  ASSERT_EQ(Call("PUT", "/" + id + "/values/k", "v").status, 200);
  EXPECT_EQ(Call("GET", value).status, 404) << "namespaces are apart";
  EXPECT_EQ(Answer("DELETE", "/" + id)["result"], Json());
  EXPECT_EQ(Call("GET", "/" + id + "/values/k").status, 404);
}

TEST_F(KvMany, PrefixesTheRefusalOfAnUnknownNamespaceButNotOfADelete) {
  const std::string other = "/" + std::string(32, 'a');
  const auto message = [&](const Json& answer) { return StringAt(answer["errors"][0], "message"); };
  EXPECT_EQ(message(Answer("GET", other)), "get namespace: 'namespace not found'");
  EXPECT_EQ(message(Answer("DELETE", other)), "namespace not found");
  EXPECT_EQ(CodeOf(Call("GET", "/xyz")), 10011);
}

TEST_F(KvMany, AnswersTheOlderPathToo) {
  Call("PUT", value, "v");
  Request request;
  request.target = "/client/v4/accounts/" + credentials.account_id + "/workers/namespaces" + value;
  EXPECT_EQ(kv.Handle(request, note, cancel).body.bytes(), "v");
}

TEST_F(KvMany, WritesReadsAndDeletesManyKeysAtOnce) {
  const Json put = Answer("PUT", space + "/bulk",
                          R"([{"key":"a","value":"QUJD","base64":true},
      {"key":"b/c","value":"{\"n\":1}","expiration_ttl":60,"metadata":{"m":1}}])");
  EXPECT_EQ(put["result"],
            (Json{{"successful_key_count", 2}, {"unsuccessful_keys", Json::array()}}));
  EXPECT_EQ(Call("GET", space + "/values/a").body.bytes(), "ABC");
  const Json plain = Answer("POST", space + "/bulk/get", R"({"keys":["a","none"]})");
  EXPECT_EQ(plain["result"]["values"], (Json{{"a", "ABC"}, {"none", nullptr}}));
  const Json full =
      Answer("POST", space + "/bulk/get", R"({"keys":["b/c"],"type":"json","withMetadata":true})");
  EXPECT_EQ(full["result"]["values"]["b/c"],
            (Json{{"value", {{"n", 1}}}, {"metadata", {{"m", 1}}}, {"expiration", 1767225660}}));
  EXPECT_EQ(CodeOf(Call("POST", space + "/bulk/get", R"({"keys":["a"],"type":"json"})")), 10012);
  EXPECT_EQ(Answer("DELETE", space + "/bulk", R"(["a"])")["result"]["successful_key_count"], 1);
  EXPECT_EQ(Answer("POST", space + "/bulk/delete", R"(["b/c"])")["result"]["successful_key_count"],
            1);
  EXPECT_TRUE(Answer("GET", space + "/keys")["result"].empty());
}

TEST_F(KvMany, RefusesABulkWriteWholeWhenOneOfItsPairsIsWrong) {
  for (const char* wrong : {R"({"key":"","value":"v"})", R"({"value":"v"})", R"({"key":"k"})",
                            R"({"key":"k","value":1})", R"({"key":"k","value":"!","base64":true})",
                            R"({"key":"k","value":"v","expiration_ttl":59})",
                            R"({"key":"k","value":"v","expiration_ttl":"x"})"}) {
    const std::string body = std::string(R"([{"key":"ok","value":"v"},)") + wrong + "]";
    EXPECT_EQ(Call("PUT", space + "/bulk", body).status, 400) << wrong;
  }
  EXPECT_TRUE(Answer("GET", space + "/keys")["result"].empty());
  EXPECT_EQ(CodeOf(Call("PUT", space + "/bulk", "[]")), 10029);
  EXPECT_EQ(CodeOf(Call("PUT", space + "/bulk", "{}")), 10012);
  Json many = Json::array();
  for (int i = 0; i < 101; ++i) many.push_back("k" + std::to_string(i));
  EXPECT_EQ(CodeOf(Call("POST", space + "/bulk/get", DumpJson(Json{{"keys", many}}))), 10029);
}

TEST_F(KvMany, ReadsAndMissesAreOldAtOtherLocationsForAMinute) {
  KvKnobs knobs;
  knobs.consistency = KvKnobs::Consistency::kEventual;
  kv.SetKnobs(knobs);
  EXPECT_EQ(Call("GET", value, "", "AMS").status, 404);
  EXPECT_EQ(Call("GET", value, "", "NRT").status, 404);
  ASSERT_EQ(Call("PUT", value, "v1", "AMS").status, 200);
  EXPECT_EQ(Call("GET", value, "", "AMS").body.bytes(), "v1") << "it wrote it";
  EXPECT_EQ(Call("GET", value, "", "NRT").status, 404) << "the miss is remembered";
  EXPECT_EQ(Call("GET", value, "", "SYD").body.bytes(), "v1") << "never asked before";
  runtime.Advance(std::chrono::seconds(60));
  EXPECT_EQ(Call("GET", value, "", "NRT").body.bytes(), "v1");
  ASSERT_EQ(Call("DELETE", value, "", "SYD").status, 200);
  EXPECT_EQ(Call("GET", value, "", "NRT").body.bytes(), "v1");
  kv.SetKnobs({});
  EXPECT_EQ(Call("GET", value, "", "NRT").status, 404);
}

TEST_F(KvMany, TakesOneWriteASecondForAKeyWhereConsistencyIsEventual) {
  KvKnobs knobs;
  knobs.consistency = KvKnobs::Consistency::kEventual;
  kv.SetKnobs(knobs);
  EXPECT_EQ(Call("PUT", value, "v1").status, 200);
  const Response refused = Call("PUT", value, "v2");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(CodeOf(refused), 971);
  EXPECT_EQ(refused.headers.Get("retry-after"), "1");
  EXPECT_EQ(Call("PUT", space + "/values/other", "v").status, 200);
  const Json bulk = Answer("PUT", space + "/bulk", R"([{"key":"k","value":"v"}])")["result"];
  EXPECT_EQ(bulk["unsuccessful_keys"], Json::array({"k"}));
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Call("PUT", value, "v2").status, 200);
}

TEST_F(KvMany, LeavesOutTheFirstKeysOfABulkWriteWhenAsked) {
  KvKnobs knobs;
  knobs.bulk_failures = 1;
  kv.SetKnobs(knobs);
  const Json put =
      Answer("PUT", space + "/bulk", R"([{"key":"a","value":"v"},{"key":"b","value":"v"}])");
  EXPECT_TRUE(put["success"].get<bool>());
  EXPECT_EQ(put["result"], (Json{{"successful_key_count", 1}, {"unsuccessful_keys", {"a"}}}));
  EXPECT_EQ(Call("GET", space + "/values/a").status, 404);
}

TEST_F(KvMany, GivesEmptyPagesWithACursorWhenListingsAreSparse) {
  KvKnobs knobs;
  knobs.sparse_pages = true;
  kv.SetKnobs(knobs);
  for (int i = 10; i < 25; ++i) Call("PUT", space + "/values/k" + std::to_string(i), "v");
  std::size_t keys = 0, empty_pages = 0;
  std::string cursor;
  do {
    const Json page = Answer("GET", space + "/keys?limit=10&cursor=" + cursor);
    keys += page["result"].size();
    empty_pages += page["result"].empty() ? 1 : 0;
    cursor = StringAt(page["result_info"], "cursor");
  } while (!cursor.empty() && empty_pages < 10);
  EXPECT_EQ(keys, 15u);
  EXPECT_EQ(empty_pages, 2u);
}

}  // namespace
}  // namespace mg::fake
