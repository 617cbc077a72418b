#include "fakes/ai/management.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/json.h"
#include "tests/support/ai_wire.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

const Json kRequired{{"cache_invalidate_on_update", false},
                     {"cache_ttl", nullptr},
                     {"collect_logs", true},
                     {"rate_limiting_interval", nullptr},
                     {"rate_limiting_limit", nullptr}};

class AiManagementTest : public ::testing::Test {
 protected:
  struct Answer {
    int status = 0;
    Json json;
    std::string text, gap;
    const Json& result() const { return json.at("result"); }
    std::int64_t code() const { return json.at("errors").at(0).at("code").get<std::int64_t>(); }
  };

  Answer Call(const std::string& method, const std::string& path, const Json& body = nullptr) {
    Request request;
    request.method = method;
    request.target =
        std::string("/client/v4/accounts/") + test::kWireAccount + "/ai-gateway" + path;
    request.headers = {{"host", "127.0.0.1:8788"}};
    if (!body.is_null()) request.body = Body(DumpJson(body));
    note = {};
    Response response = management.Handle(request, note);
    Answer answer{response.status, Json(), response.body.bytes(),
                  std::string(response.headers.Get(kGapHeader))};
    auto json = ParseJson(answer.text);
    if (json) answer.json = std::move(*json);
    return answer;
  }
  static Json With(const Json& more) {
    Json body = kRequired;
    body.update(more);
    return body;
  }
  AiGateways::Config Own() { return control.gateways.Find("moltgate"); }
  void Log(const std::string& id) {
    AiLogRow row;
    row.id = id;
    row.created_ms = runtime.Wall().ms;
    row.metadata_json = R"({"user":"u1"})";
    row.cost_picodollars = PicodollarsOf(2.807e-6);
    row.request = R"({"q":1})";
    row.request_bytes = 7;
    row.request_content_type = "application/json";
    row.response = "data: [DONE]\n\n";
    row.response_bytes = 14;
    row.response_content_type = "text/event-stream";
    EXPECT_TRUE(control.logs.Append(*Own(), row, 0));
  }

  const Credentials credentials = test::WireCredentials();
  test::SteppedRuntime runtime;
  test::FixedRandom random;
  AiControl control{credentials, "", runtime, random};
  AiManagement management{credentials, control, runtime, random};
  CallNote note;
};

TEST_F(AiManagementTest, CreatesReadsReplacesAndDeletesAGateway) {
  const Answer made = Call("POST", "/gateways", With({{"id", "my-gw"}, {"authentication", true}}));
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.result()["id"], "my-gw");
  EXPECT_EQ(made.result()["cache_ttl"], 0);  // null is stored as 0
  EXPECT_EQ(made.result()["created_at"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(made.result()["is_default"], false);
  EXPECT_EQ(made.result()["log_management_strategy"], "STOP_INSERTING");
  EXPECT_EQ(note.operation, "ai.gateways");
  EXPECT_EQ(note.subject, "my-gw");
  EXPECT_EQ(Call("POST", "/gateways", With({{"id", "my-gw"}})).status, 409);

  runtime.Advance(std::chrono::seconds(5));
  const Answer put = Call("PUT", "/gateways/my-gw", With({{"cache_ttl", 300}}));
  ASSERT_EQ(put.status, 200) << put.text;
  EXPECT_EQ(put.result()["cache_ttl"], 300);
  EXPECT_EQ(put.result()["authentication"], true);  // left out: as it was
  EXPECT_EQ(put.result()["created_at"], "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(put.result()["modified_at"], "2026-01-01T00:00:05.000Z");
  EXPECT_EQ(control.gateways.Find("my-gw")->cache_ttl_seconds, 300);

  EXPECT_EQ(Call("GET", "/gateways/my-gw").result(), put.result());
  EXPECT_EQ(Call("DELETE", "/gateways/my-gw").status, 200);
  const Answer gone = Call("GET", "/gateways/my-gw");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.code(), 7002);
}

TEST_F(AiManagementTest, TheOwnGatewayIsThereAndTheDefaultOneComesWithItsFirstCall) {
  EXPECT_TRUE(Own()->authentication);
  EXPECT_TRUE(Own()->collect_logs);
  EXPECT_EQ(Call("GET", "/gateways/default").status, 404);
  EXPECT_EQ(control.gateways.FindOrMakeDefault("other"), nullptr);
  ASSERT_NE(control.gateways.FindOrMakeDefault("default"), nullptr);
  EXPECT_EQ(Call("GET", "/gateways/default").result()["is_default"], true);
  EXPECT_EQ(Call("GET", "/gateways/default").result()["authentication"], true);
}

TEST_F(AiManagementTest, RefusesABodyMemberByMember) {
  const struct {
    Json more;
    const char* path;
    const char* message;
  } cases[] = {
      {{{"id", "Not a name"}}, R"(["body","id"])", "Invalid gateway id"},
      {{{"cache_ttl", "x"}}, R"(["body","cache_ttl"])", "Expected number, received string"},
      {{{"cache_ttl", 1.5}}, R"(["body","cache_ttl"])", "Expected integer, received float"},
      {{{"collect_logs", nullptr}},
       R"(["body","collect_logs"])",
       "Expected boolean, received null"},
      {{{"rate_limiting_technique", "leaky"}},
       R"(["body","rate_limiting_technique"])",
       "Invalid enum value. Expected 'fixed' | 'sliding', received 'leaky'"},
      {{{"retry_max_attempts", 6}},
       R"(["body","retry_max_attempts"])",
       "Number must be less than or equal to 5"},
      {{{"retry_delay", -1}},
       R"(["body","retry_delay"])",
       "Number must be greater than or equal to 0"},
      {{{"guardrails", {{"prompt", {{"S1", "WARN"}}}, {"response", Json::object()}}}},
       R"(["body","guardrails","prompt","S1"])",
       "Invalid enum value. Expected 'FLAG' | 'BLOCK', received 'WARN'"},
      {{{"dlp", {{"enabled", true}}}}, R"(["body","dlp","action"])", "Required"},
      {{{"spend_limits", {{"rules", Json::array({{{"limit", 1}, {"limitType", "cost"}}})}}}},
       R"(["body","spend_limits","rules","0","window"])",
       "Required"},
      {{{"spend_limits",
         {{"rules", Json::array({{{"limit", 1},
                                  {"limitType", "cost"},
                                  {"window", 60},
                                  {"metadata", {{"user", {{"mode", "filter"}}}}}}})}}}},
       R"(["body","spend_limits","rules","0","metadata","user","values"])",
       "Required"},
  };
  for (const auto& c : cases) {
    Json body = With({{"id", "my-gw"}});
    body.update(c.more);
    const Answer answer = Call("POST", "/gateways", body);
    ASSERT_EQ(answer.status, 400) << DumpJson(c.more) << answer.text;
    EXPECT_EQ(answer.code(), 7001);
    EXPECT_EQ(DumpJson(answer.json["errors"][0]["path"]), c.path);
    EXPECT_EQ(answer.json["errors"][0]["message"], c.message);
  }
  const Answer empty = Call("POST", "/gateways", Json::object());
  EXPECT_EQ(empty.json["errors"].size(), 6U);  // id and the five that are required
  EXPECT_EQ(Call("POST", "/gateways", Json::array()).status, 400);
  EXPECT_EQ(Call("GET", "/gateways/my-gw").status, 404);
}

TEST_F(AiManagementTest, WhatLeavesThisMachineIsAGap) {
  for (const auto& [more, gap] :
       {std::pair<Json, std::string>{{{"logpush", true}}, "ai.logpush"},
        {{{"otel", Json::array({{{"url", "https://x"}, {"headers", Json::object()}}})}}, "ai.otel"},
        {{{"workers_ai_billing_mode", "unified"}}, "ai.unified_billing"}}) {
    Json body = With({{"id", "my-gw"}});
    body.update(more);
    const Answer answer = Call("POST", "/gateways", body);
    EXPECT_EQ(answer.status, 501);
    EXPECT_EQ(answer.gap, gap);
  }
  EXPECT_EQ(Call("GET", "/gateways/moltgate/datasets").gap, "ai.datasets");
  EXPECT_EQ(Call("GET", "/evaluation-types").gap, "ai.evaluations");
  EXPECT_EQ(Call("POST", "/billing/topup").gap, "ai.billing");
}

TEST_F(AiManagementTest, ListsPagesAndSearchesGatewaysUpToTheirLimit) {
  for (int i = 1; i < 20; ++i)
    ASSERT_EQ(Call("POST", "/gateways", With({{"id", "gw-" + std::to_string(i)}})).status, 200);
  EXPECT_EQ(Call("POST", "/gateways", With({{"id", "one-more"}})).code(), 7001);
  const Answer page = Call("GET", "/gateways?per_page=8&page=3");
  EXPECT_EQ(page.result().size(), 4U);
  EXPECT_EQ(page.json["result_info"],
            (Json{{"page", 3}, {"per_page", 8}, {"count", 4}, {"total_count", 20}}));
  EXPECT_EQ(Call("GET", "/gateways?page=4&per_page=8").result().size(), 0U);
  EXPECT_EQ(Call("GET", "/gateways?search=gw-1").result().size(), 11U);
  EXPECT_EQ(Call("GET", "/gateways?per_page=0").code(), 7001);
}

TEST_F(AiManagementTest, AConfigurationReachesTheDataPathAsItIsWritten) {
  const Json body =
      With({{"rate_limiting_limit", 5},
            {"rate_limiting_interval", 60},
            {"rate_limiting_technique", "sliding"},
            {"spend_limits",
             {{"enabled", true},
              {"rules",
               Json::array(
                   {{{"limit", 0.5},
                     {"limitType", "cost"},
                     {"window", 3600},
                     {"technique", "sliding"},
                     {"metadata",
                      {{"user", {{"mode", "partition"}}},
                       {"plan", {{"mode", "filter"}, {"values", {"free"}}}}}}},
                    {{"limit", 1}, {"limitType", "cost"}, {"window", 60}, {"enabled", false}}})}}},
            {"guardrails", {{"prompt", {{"S1", "BLOCK"}}}, {"response", {{"P1", "FLAG"}}}}},
            {"dlp", {{"enabled", true}, {"action", "FLAG"}, {"profiles", {"pci"}}}}});
  const Answer put = Call("PUT", "/gateways/moltgate", body);
  ASSERT_EQ(put.status, 200) << put.text;
  const AiGateways::Config config = Own();
  EXPECT_EQ(config->rate_limit, 5);
  EXPECT_TRUE(config->rate_sliding);
  ASSERT_EQ(config->spend_rules.size(), 1U);  // the other is not enabled
  EXPECT_EQ(config->spend_rules[0].id, "rule-1");
  EXPECT_EQ(config->spend_rules[0].limit_picodollars, 500'000'000'000);
  EXPECT_EQ(config->spend_rules[0].partition_keys, std::vector<std::string>{"user"});
  EXPECT_EQ(config->spend_rules[0].must_be_one_of.at("plan"), std::vector<std::string>{"free"});
  EXPECT_TRUE(config->guardrails.prompt.at("S1"));
  EXPECT_FALSE(config->guardrails.response.at("P1"));
  ASSERT_EQ(config->dlp.size(), 1U);
  EXPECT_TRUE(config->dlp[0].checks_request && config->dlp[0].checks_response);
  EXPECT_FALSE(config->dlp[0].blocks);
  EXPECT_EQ(put.result()["spend_limits"]["rules"][0]["id"], "rule-1");
}

TEST_F(AiManagementTest, APutMayEmptyTheCache) {
  const AiCacheSubject subject{"moltgate", "workers-ai", "e", "", "b"};
  const AiCacheUse use = CacheUseOf({}, 60, subject, {});
  for (const bool invalidates : {false, true}) {
    control.cache.Store(use, {200, {}, "x"}, runtime.Wall().ms, {});
    Call("PUT", "/gateways/moltgate", With({{"cache_invalidate_on_update", invalidates}}));
    EXPECT_EQ(control.cache.Find(use, runtime.Wall().ms).has_value(), !invalidates);
  }
}

TEST_F(AiManagementTest, ALogRowHasItsMetadataAsAnObjectAndItsPayloadsRaw) {
  Log("01A");
  const Answer list = Call("GET", "/gateways/moltgate/logs?meta_info=true");
  ASSERT_EQ(list.status, 200) << list.text;
  ASSERT_EQ(list.result().size(), 1U);
  EXPECT_EQ(list.result()[0]["metadata"], (Json{{"user", "u1"}}));
  EXPECT_DOUBLE_EQ(list.result()[0]["cost"].get<double>(), 2.807e-6);
  EXPECT_EQ(list.json["result_info"]["total_count"], 1);
  EXPECT_EQ(list.json["result_info"]["per_page"], 20);
  EXPECT_TRUE(list.json["result_info"].contains("max_total_tokens"));
  EXPECT_FALSE(list.result()[0].contains("request_head"));

  const Answer one = Call("GET", "/gateways/moltgate/logs/01A");
  EXPECT_EQ(one.result()["request_head"], R"({"q":1})");
  EXPECT_EQ(one.result()["request_head_complete"], true);
  EXPECT_EQ(one.result()["response_size"], 14);
  EXPECT_EQ(Call("GET", "/gateways/moltgate/logs/01A/request").text, R"({"q":1})");
  EXPECT_EQ(Call("GET", "/gateways/moltgate/logs/01A/response").text, "data: [DONE]\n\n");
  EXPECT_EQ(Call("GET", "/gateways/moltgate/logs/01B").code(), 7002);
  EXPECT_EQ(Call("GET",
                 "/gateways/moltgate/logs?filters.key=nothing&filters.operator=eq"
                 "&filters.value=1")
                .code(),
            7001);
}

TEST_F(AiManagementTest, ALogCanBeJudgedAndDeleted) {
  Log("01A");
  const std::string log = "/gateways/moltgate/logs/01A";
  EXPECT_EQ(
      Call("PATCH", log, {{"feedback", 1}, {"score", 87.5}, {"metadata", {{"a", true}}}}).status,
      200);
  const Json judged = Call("GET", log).result();
  EXPECT_EQ(judged["feedback"], 1);
  EXPECT_EQ(judged["score"], 87.5);
  EXPECT_EQ(judged["metadata"], (Json{{"a", true}}));
  for (const Json& wrong : {Json{{"feedback", 2}}, Json{{"feedback", "up"}}, Json{{"score", 101}},
                            Json{{"metadata", {{"a", nullptr}}}}, Json{{"metadata", "text"}}})
    EXPECT_EQ(Call("PATCH", log, wrong).code(), 7001) << DumpJson(wrong);
  EXPECT_EQ(Call("PATCH", "/gateways/moltgate/logs/none", {{"feedback", 1}}).code(), 7002);
  EXPECT_EQ(Call("DELETE",
                 "/gateways/moltgate/logs?filters.key=feedback&filters.operator=eq"
                 "&filters.value=1")
                .result(),
            (Json{{"success", true}}));
  EXPECT_EQ(Call("GET", log).status, 404);
}

TEST_F(AiManagementTest, RoutesAreMadeVersionedDeployedAndRenamed) {
  const auto elements = [](const std::string& model) {
    return Json::array(
        {{{"id", "s"}, {"type", "start"}, {"outputs", {{"next", {{"elementId", "m"}}}}}},
         {{"id", "m"},
          {"type", "model"},
          {"outputs", {{"success", {{"elementId", "e"}}}, {"fallback", {{"elementId", "e"}}}}},
          {"properties",
           {{"provider", "workers-ai"}, {"model", model}, {"timeout", 0}, {"retries", 0}}}},
         {{"id", "e"}, {"type", "end"}, {"outputs", Json::object()}}});
  };
  const std::string routes = "/gateways/moltgate/routes";
  const Answer made = Call("POST", routes, {{"name", "support"}, {"elements", elements("@cf/a")}});
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.result()["version"]["active"], "true");
  EXPECT_EQ(made.result()["deployment"]["version_id"], made.result()["version"]["version_id"]);
  EXPECT_EQ(made.result()["gateway_id"], "moltgate");
  const std::string route = routes + "/" + made.result()["id"].get<std::string>();
  EXPECT_EQ(Call("POST", routes, {{"name", "support"}, {"elements", elements("@cf/a")}}).status,
            409);
  const Answer wrong = Call("POST", routes, {{"name", "x"}, {"elements", Json::array()}});
  EXPECT_EQ(wrong.code(), 7001);
  EXPECT_EQ(DumpJson(wrong.json["errors"][0]["path"]), R"(["body","elements"])");

  const Answer version = Call("POST", route + "/versions", {{"elements", elements("@cf/b")}});
  ASSERT_EQ(version.status, 200) << version.text;
  EXPECT_EQ(version.result()["active"], "false");
  EXPECT_EQ(Call("GET", route).result()["elements"], elements("@cf/a"));
  const std::string version_id = version.result()["version_id"].get<std::string>();
  EXPECT_EQ(Call("POST", route + "/deployments", {{"version_id", "none"}}).code(), 7002);
  EXPECT_EQ(Call("POST", route + "/deployments", {{"version_id", version_id}}).status, 200);
  EXPECT_EQ(Call("GET", route).result()["elements"], elements("@cf/b"));
  const Json shown = Call("GET", route + "/versions/" + version_id).result();
  EXPECT_EQ(shown["active"], "true");
  EXPECT_EQ(ParseJson(shown["data"].get<std::string>()).value(), elements("@cf/b"));
  EXPECT_EQ(Call("GET", route + "/versions").json["data"]["versions"].size(), 2U);
  EXPECT_EQ(Call("GET", route + "/deployments").json["data"]["deployments"].size(), 2U);

  EXPECT_EQ(Call("PATCH", route, {{"name", "help"}}).json["route"]["name"], "help");
  EXPECT_EQ(Call("GET", routes + "?per_page=5").json["data"]["routes"].size(), 1U);
  EXPECT_NE(control.routes.FindByName("moltgate", "help"), nullptr);
  EXPECT_EQ(Call("DELETE", route).status, 200);
  EXPECT_EQ(Call("GET", route).code(), 7002);
}

TEST_F(AiManagementTest, KeysOfProvidersAreKeptAsDigestsAndFoundByAlias) {
  const std::string configs = "/gateways/moltgate/provider_configs";
  const Json body{{"alias", "team"},
                  {"default_config", true},
                  {"provider_slug", "workers-ai"},
                  {"secret", "workers-token"}};
  const Answer made = Call("POST", configs, body);
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.text.find("workers-token"), std::string::npos);
  EXPECT_FALSE(made.result().contains("secret_sha256"));
  EXPECT_EQ(Call("POST", configs, body).status, 409);
  EXPECT_EQ(Call("POST", configs, {{"alias", "x"}}).code(), 7001);
  EXPECT_EQ(Call("GET", configs).result().size(), 1U);
  EXPECT_EQ(control.providers.KeyDigest("moltgate", "workers-ai", "team").size(), 64U);
  EXPECT_EQ(control.providers.KeyDigest("moltgate", "workers-ai", ""),
            control.providers.KeyDigest("moltgate", "workers-ai", "team"));
  EXPECT_EQ(control.providers.KeyDigest("moltgate", "workers-ai", "other"), "");
  EXPECT_EQ(control.providers.KeyDigest("default", "workers-ai", "team"), "");
  const AiError missing = control.providers.NoSuchKey("moltgate", "workers-ai", "other");
  EXPECT_EQ(missing.code, 2040);
  EXPECT_EQ(missing.message,
            "Provider 'workers-ai' has no BYOK credential named 'other'. Configured aliases: team");
}

TEST_F(AiManagementTest, CustomProvidersHaveCodesOfTheirOwn) {
  const Json body{{"name", "Mine"}, {"slug", "mine"}, {"base_url", "https://models.example"}};
  const Answer made = Call("POST", "/custom-providers", body);
  ASSERT_EQ(made.status, 200) << made.text;
  const Answer again = Call("POST", "/custom-providers", body);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.code(), 1003);
  const Answer plain = Call("POST", "/custom-providers",
                            {{"name", "X"}, {"slug", "x"}, {"base_url", "http://x.example"}});
  EXPECT_EQ(plain.status, 400);
  EXPECT_EQ(plain.code(), 1002);
  EXPECT_EQ(Call("GET", "/custom-providers?search=min").result().size(), 1U);
  EXPECT_EQ(Call("GET", "/custom-providers?enable=false").result().size(), 0U);
  EXPECT_TRUE(control.providers.HasCustomSlug("mine"));
  const std::string path = "/custom-providers/" + made.result()["id"].get<std::string>();
  EXPECT_EQ(Call("DELETE", path).status, 200);
  const Answer gone = Call("GET", path);
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(gone.code(), 1004);
}

TEST_F(AiManagementTest, SaysUrlsAndTheBalance) {
  const std::string base = std::string("http://127.0.0.1:8788/v1/") + test::kWireAccount;
  EXPECT_EQ(Call("GET", "/gateways/moltgate/url/workers-ai").result(),
            base + "/moltgate/workers-ai");
  EXPECT_EQ(Call("GET", "/gateways/moltgate/url/universal").result(), base + "/moltgate");
  EXPECT_EQ(Call("GET", "/billing/credit-balance").result()["balance"], 0);
  for (const auto& [method, path] : {std::pair<std::string, std::string>{"GET", "/nothing"},
                                     {"PATCH", "/gateways"},
                                     {"POST", "/gateways/moltgate/url/x"},
                                     {"GET", ""},
                                     {"PUT", "/gateways/moltgate/routes/x/y/z/w"}})
    EXPECT_EQ(Call(method, path).code(), 7003) << method << path;
}

TEST_F(AiManagementTest, DeletingAGatewayTakesEverythingOfIt) {
  Call("POST", "/gateways/moltgate/provider_configs",
       {{"alias", "a"}, {"default_config", true}, {"provider_slug", "p"}, {"secret", "s"}});
  Log("01A");
  Call("DELETE", "/gateways/moltgate");
  Call("POST", "/gateways", With({{"id", "moltgate"}}));
  EXPECT_EQ(Call("GET", "/gateways/moltgate/logs").result().size(), 0U);
  EXPECT_EQ(Call("GET", "/gateways/moltgate/provider_configs").result().size(), 0U);
}

TEST_F(AiManagementTest, ResetIsAsOnAFirstStart) {
  Call("POST", "/gateways", With({{"id", "my-gw"}}));
  Call("PUT", "/gateways/moltgate", With({{"cache_ttl", 60}}));
  Call("POST", "/custom-providers",
       {{"name", "M"}, {"slug", "m"}, {"base_url", "https://m.example"}});
  Log("01A");
  control.Reset();
  EXPECT_EQ(Call("GET", "/gateways").result().size(), 1U);
  EXPECT_EQ(Own()->cache_ttl_seconds, 0);
  EXPECT_EQ(Call("GET", "/custom-providers").result().size(), 0U);
  EXPECT_EQ(Call("GET", "/gateways/moltgate/logs").result().size(), 0U);
}

TEST(AiControl, SurvivesARestartAndKeepsNoSecretOnDisk) {
  const std::string folder = ::testing::TempDir() + "ai_control_test";
  std::filesystem::remove_all(folder);
  test::SteppedRuntime runtime;
  test::FixedRandom random;
  const Credentials credentials = test::WireCredentials();
  const auto call = [&](AiControl& control, const std::string& path, const Json& body) {
    AiManagement management(credentials, control, runtime, random);
    Request request;
    request.method = body.is_null() ? "GET" : "POST";
    request.target = "/client/v4/accounts/x/ai-gateway" + path;
    request.body = Body(DumpJson(body));
    CallNote note;
    return management.Handle(request, note).body.bytes();
  };
  Json gateway = kRequired;
  gateway["id"] = "my-gw";
  {
    AiControl control(credentials, folder, runtime, random);
    call(control, "/gateways", gateway);
    call(control, "/gateways/my-gw/provider_configs",
         {{"alias", "a"},
          {"default_config", true},
          {"provider_slug", "p"},
          {"secret", "not-for-disk"}});
  }
  AiControl control(credentials, folder, runtime, random);
  EXPECT_NE(call(control, "/gateways/my-gw", nullptr).find("\"my-gw\""), std::string::npos);
  EXPECT_NE(call(control, "/gateways/my-gw/provider_configs", nullptr).find("\"alias\":\"a\""),
            std::string::npos);
  EXPECT_EQ(control.providers.KeyDigest("my-gw", "p", "a").size(), 64U);
  Database db(folder + "/ai.sqlite");
  Statement rows(db, "SELECT count(*) FROM documents WHERE body LIKE '%not-for-disk%'");
  ASSERT_EQ(rows.Step(), SQLITE_ROW);
  EXPECT_EQ(rows.Int(0), 0);
}

}  // namespace
}  // namespace mg::fake
