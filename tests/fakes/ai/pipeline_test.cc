// What a gateway's configuration, routes and counters do to the calls that pass it.
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "fakes/ai/control_knobs.h"
#include "tests/support/ai_gateway_fixture.h"
#include "tests/support/model_lever.h"

namespace mg::fake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::kFreeModel;
using test::kPremiumModel;

class AiPipeline : public test::AiGatewayFixture {
 protected:
  Json Manage(const std::string& method, const std::string& path, const Json& body = nullptr) {
    Request request;
    request.method = method;
    request.target =
        std::string("/client/v4/accounts/") + test::kWireAccount + "/ai-gateway/gateways" + path;
    if (!body.is_null()) request.body = Body(DumpJson(body));
    return Parsed(Handle(std::move(request)));
  }
  void Configure(const Json& more) {
    Json body{{"cache_invalidate_on_update", false},
              {"cache_ttl", 0},
              {"collect_logs", true},
              {"rate_limiting_interval", 0},
              {"rate_limiting_limit", 0}};
    body.update(more);
    const Json answer = Manage("PUT", "/moltgate", body);
    EXPECT_EQ(answer["success"], true) << DumpJson(answer);
  }
  Json Logs(const std::string& query = "") { return Manage("GET", "/moltgate/logs" + query); }
  Json LastLog() { return Logs("?per_page=1")["result"].at(0); }
  std::size_t ModelCalls() { return gateway.seen().size(); }
  static std::string Cache(const Response& response) {
    return std::string(response.headers.Get("cf-aig-cache-status"));
  }
  static FaultRule RuleOn(const char* operation, const char* id) {
    FaultRule rule;
    rule.id = id;
    rule.operation = operation;
    return rule;
  }
  Response Ask(const std::string& text = "2+2", Headers extra = {}) {
    return Chat(Question(kFreeModel, text), std::move(extra));
  }
  static std::string Streamed(const std::string& text = "2+2") {
    auto question = ParseJson(Question(kFreeModel, text)).value();
    question["stream"] = true;
    return DumpJson(question);
  }
};

TEST_F(AiPipeline, AHitIsTheSameBytesForNothingAndSharedAcrossUsers) {
  Configure({{"cache_ttl", 300}});
  const Response first = Ask("2+2", {{"cf-aig-metadata", R"({"user":"u1"})"}});
  EXPECT_EQ(Cache(first), "MISS");
  const Response second = Ask("2+2", {{"cf-aig-metadata", R"({"user":"u2"})"}});
  EXPECT_EQ(Cache(second), "HIT");
  EXPECT_EQ(second.body.bytes(), first.body.bytes());
  EXPECT_NE(second.headers.Get("cf-aig-log-id"), first.headers.Get("cf-aig-log-id"));
  EXPECT_EQ(ModelCalls(), 1U);
  const Json row = LastLog();
  EXPECT_EQ(row["cached"], true);
  EXPECT_EQ(row["cost"], 0);
  EXPECT_EQ(row["tokens_in"], 0);
  EXPECT_EQ(row["metadata"], (Json{{"user", "u2"}}));
  EXPECT_EQ(Cache(Ask("2 + 2")), "MISS");  // white space matters
  runtime.Advance(seconds(300));
  EXPECT_EQ(Cache(Ask()), "MISS");
}

TEST_F(AiPipeline, ACallMayAskForItsOwnCaching) {
  EXPECT_EQ(Cache(Ask()), "");  // no cache, no header
  EXPECT_EQ(Cache(Ask("2+2", {{"cf-aig-cache-ttl", "60"}})), "MISS");
  EXPECT_EQ(Cache(Ask("2+2", {{"cf-aig-cache-ttl", "60"}})), "HIT");
  EXPECT_EQ(Cache(Ask("2+2", {{"cf-aig-cache-ttl", "60"}, {"cf-aig-skip-cache", "true"}})), "MISS");
  EXPECT_EQ(Cache(Ask("2+2", {{"cf-aig-cache-ttl", "60"}})), "HIT");  // the older entry survives
  EXPECT_EQ(Cache(Ask("2+2", {{"cf-aig-cache-ttl", "0"}})), "");
  Configure({{"cache_ttl", 300}});
  EXPECT_EQ(Cache(Ask("3+3", {{"cf-aig-cache-ttl", "0"}})), "");
  EXPECT_EQ(Cache(Ask("3+3")), "MISS");
}

TEST_F(AiPipeline, AKeyOfTheCallersOwnMissesTwice) {
  const Headers key{{"cf-aig-cache-key", "mine"}, {"cf-aig-cache-ttl", "60"}};
  EXPECT_EQ(Cache(Ask("2+2", key)), "MISS");
  EXPECT_EQ(Cache(Ask("2+2", key)), "MISS");
  EXPECT_EQ(Cache(Ask("3+3", key)), "HIT");  // the body has no say
  SetKnobs(R"({"cache_key_double_miss":false})");
  const Headers other{{"cf-aig-cache-key", "other"}, {"cf-aig-cache-ttl", "60"}};
  EXPECT_EQ(Cache(Ask("2+2", other)), "MISS");
  EXPECT_EQ(Cache(Ask("2+2", other)), "HIT");
}

TEST_F(AiPipeline, ByTheDocumentationAKeyHitsAtOnceUnlessSaidOtherwise) {
  const auto hits_second = [this](const char* key) {
    const Headers headers{{"cf-aig-cache-key", key}, {"cf-aig-cache-ttl", "60"}};
    EXPECT_EQ(Cache(Ask("2+2", headers)), "MISS");
    return Cache(Ask("2+2", headers)) == "HIT";
  };
  SetKnobs(R"({"docs_mode":true})");
  EXPECT_TRUE(hits_second("mine"));
  SetKnobs(R"({"cache_key_double_miss":true,"docs_mode":true})");
  EXPECT_FALSE(hits_second("other"));
}

TEST_F(AiPipeline, SomeAccountsCacheFor300SecondsUnasked) {
  SetKnobs(R"({"cache_300s":true})");
  EXPECT_EQ(Cache(Ask("2+2", {{"cf-aig-cache-ttl", "0"}})), "MISS");
  runtime.Advance(seconds(296));
  Configure({{"cache_invalidate_on_update", true}});
  EXPECT_EQ(Cache(Ask("2+2", {{"cf-aig-cache-ttl", "0"}})), "HIT");
  EXPECT_EQ(Cache(Ask("2+2", {{"cf-aig-skip-cache", "true"}})), "MISS");
  runtime.Advance(seconds(8));
  EXPECT_EQ(Cache(Ask()), "MISS");
}

TEST_F(AiPipeline, FailuresAndStreamsAreNotCached) {
  Configure({{"cache_ttl", 300}});
  test::Pull(faults, kFreeModel, {.status = 500, .times = 1});
  EXPECT_EQ(Ask().status, 500);
  EXPECT_EQ(Cache(Ask()), "MISS");
  for (int i = 0; i < 2; ++i) {
    const Response stream = Chat(Streamed("3+3"));
    EXPECT_EQ(Cache(stream), "MISS");
    EXPECT_EQ(Events(stream).back(), "[DONE]");
  }
}

TEST_F(AiPipeline, EachStepOfAUniversalCallHasItsOwnCaching) {
  const auto steps = [&] {
    Json step = ParseJson(Step(kPremiumModel)).value();
    Json cached = ParseJson(Step(kFreeModel)).value();
    cached["headers"]["cf-aig-cache-ttl"] = "60";
    return Post(base, DumpJson(Json::array({step, cached})));
  };
  test::Pull(faults, kPremiumModel, {.status = 500, .times = 2});
  EXPECT_EQ(Cache(steps()), "MISS");
  EXPECT_EQ(Cache(steps()), "HIT");
  EXPECT_EQ(Cache(steps()), "");  // the first step answers again, and it asked for no caching
}

TEST_F(AiPipeline, RateLimitedCallsSayNoRetryAfterAndAreLogged) {
  Configure({{"rate_limiting_limit", 2}, {"rate_limiting_interval", 60}});
  EXPECT_EQ(Ask().status, 200);
  // A call counts once, however many steps it has, and a refused one asks no further step.
  const std::string steps = "[" + Step("@cf/nobody/nothing") + "," + Step(kFreeModel) + "]";
  EXPECT_EQ(Post(base, steps).status, 200);
  const Response refused = Post(base, steps);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.body.bytes(),
            R"({"description":"Rate limited","error":[{"code":2003,"message":"Rate limited"}],)"
            R"("httpCode":429,"internalCode":2003,"message":"Rate limited","messages":[],)"
            R"("name":"AiGatewayError","result":[],"success":false})");
  EXPECT_FALSE(refused.headers.Has("retry-after"));
  EXPECT_EQ(refused.headers.Get("cf-aig-log-id").size(), 26U);
  EXPECT_EQ(refused.headers.Get("cf-aig-step"), "0");
  const Json row = LastLog();
  EXPECT_EQ(row["status_code"], 429);
  EXPECT_EQ(row["success"], false);
  EXPECT_EQ(row["cost"], 0);
  runtime.Advance(seconds(60));
  EXPECT_EQ(Ask().status, 200);
}

TEST_F(AiPipeline, HitsCountForNoLimitAndAreServedToWhoIsOverBudget) {
  Configure(
      {{"cache_ttl", 300},
       {"rate_limiting_limit", 1},
       {"rate_limiting_interval", 600},
       {"spend_limits",
        {{"rules", Json::array({{{"limit", 1e-9}, {"limitType", "cost"}, {"window", 60}}})}}}});
  EXPECT_EQ(Ask().status, 200);
  runtime.Advance(seconds(3));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Cache(Ask()), "HIT");
  EXPECT_EQ(CodeOf(Ask("3+3")), 2003);
}

TEST_F(AiPipeline, ABudgetLeaksARequestThenBlocksWithoutRetryAfter) {
  Configure({{"spend_limits",
              {{"rules", Json::array({{{"id", "tiny"},
                                       {"limit", 0.000001},
                                       {"limitType", "cost"},
                                       {"window", 60},
                                       {"metadata", {{"user", {{"mode", "partition"}}}}}}})}}}});
  const Headers u1{{"cf-aig-metadata", R"({"user":"u1"})"}};
  EXPECT_EQ(Ask("2+2", u1).status, 200);
  EXPECT_EQ(Ask("3+3", u1).status, 200);  // the first was not booked yet
  runtime.Advance(seconds(2));
  const Response refused = Ask("2+2", u1);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(CodeOf(refused), 2041);
  EXPECT_FALSE(refused.headers.Has("retry-after"));
  EXPECT_EQ(Parsed(refused)["message"],
            "Spend limit exceeded: rule 'tiny' (cost limit 1e-06 per 60s, fixed) for "
            "internal-workers-ai " +
                std::string(kFreeModel));
  EXPECT_EQ(LastLog()["status_code"], 429);
  EXPECT_EQ(Ask("2+2", {{"cf-aig-metadata", R"({"user":"u2"})"}}).status, 200);
  EXPECT_EQ(Ask("2+2", {{"cf-aig-metadata", R"({"user":null})"}}).status, 200);  // wiped: no key
  SetKnobs(R"({"spend_code":2045})");
  EXPECT_EQ(CodeOf(Ask("2+2", u1)), 2045);
  runtime.Advance(seconds(58));  // the next minute of the clock
  EXPECT_EQ(Ask("2+2", u1).status, 200);
}

TEST_F(AiPipeline, AStreamIsBookedAndLoggedWhenItEnds) {
  Configure({{"spend_limits",
              {{"rules",
                Json::array({{{"limit", 0.000001}, {"limitType", "cost"}, {"window", 600}}})}}}});
  Response stream = Chat(Streamed());
  const std::string log_id(stream.headers.Get("cf-aig-log-id"));
  runtime.Advance(seconds(5));
  EXPECT_EQ(Logs()["result_info"]["total_count"], 0);
  EXPECT_EQ(Ask().status, 200);  // nothing is booked while it runs
  EXPECT_EQ(Events(stream).back(), "[DONE]");
  EXPECT_EQ(Manage("GET", "/moltgate/logs/" + log_id)["errors"][0]["code"], 7002);  // not yet
  runtime.Advance(seconds(1));
  const Json row = Manage("GET", "/moltgate/logs/" + log_id)["result"];
  EXPECT_EQ(row["tokens_out"], 5);
  EXPECT_EQ(row["duration"], 5000);
  EXPECT_EQ(row["response_content_type"], "text/event-stream");
  EXPECT_EQ(row["response_head"].get<std::string>().substr(0, 6), "data: ");
  runtime.Advance(seconds(1));
  EXPECT_EQ(CodeOf(Ask()), 2041);
}

TEST_F(AiPipeline, ARowSaysWhatACallWasAndCost) {
  const Response response = Ask(
      "2+2",
      {{"cf-aig-event-id", "mine"}, {"user-agent", "test"}, {"content-type", "application/json"}});
  const Json row = Manage(
      "GET", "/moltgate/logs/" + std::string(response.headers.Get("cf-aig-log-id")))["result"];
  EXPECT_EQ(row["event_id"], "mine");
  EXPECT_EQ(row["provider"], "workers-ai");
  EXPECT_EQ(row["model"], kFreeModel);
  EXPECT_EQ(row["model_type"], "Text Generation");
  EXPECT_EQ(row["path"], "v1/chat/completions");
  EXPECT_EQ(row["request_type"], "provider");
  EXPECT_EQ(row["status_code"], 200);
  EXPECT_EQ(row["step"], 0);
  EXPECT_EQ(row["authentication"], true);
  EXPECT_EQ(row["tokens_in"], 3);
  EXPECT_EQ(row["tokens_out"], 5);
  // (3 * 4119 + 5 * 34868) / 1e6 neurons at $0.011 for a thousand
  EXPECT_NEAR(row["cost"].get<double>(), 0.186697 * 0.011 / 1000, 1e-12);
  EXPECT_EQ(row["request_head"], Question(kFreeModel, "2+2"));
  EXPECT_EQ(row["response_head"], response.body.bytes());
}

TEST_F(AiPipeline, EveryStepThatWasAskedHasARow) {
  test::Pull(faults, kPremiumModel, {.status = 503, .times = 1});
  Post(base, "[" + Step(kPremiumModel) + "," + Step(kFreeModel) + "]");
  const Json rows = Logs("?order_by=success&order_by_direction=asc")["result"];
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["step"], 0);
  EXPECT_EQ(rows[0]["status_code"], 503);
  EXPECT_EQ(rows[0]["cost"], 0);
  EXPECT_EQ(rows[1]["step"], 1);
  EXPECT_EQ(rows[1]["request_type"], "universal");
}

TEST_F(AiPipeline, CallersAndGatewaysMayKeepNoLogOrNoPayload) {
  EXPECT_FALSE(Ask("2+2", {{"cf-aig-collect-log", "false"}}).headers.Has("cf-aig-log-id"));
  EXPECT_EQ(Logs()["result_info"]["total_count"], 0);
  const Response bare = Ask("2+2", {{"cf-aig-collect-log-payload", "false"}});
  const std::string log = "/moltgate/logs/" + std::string(bare.headers.Get("cf-aig-log-id"));
  EXPECT_FALSE(Manage("GET", log)["result"].contains("request_head"));
  EXPECT_EQ(Manage("GET", log + "/request")["errors"][0]["code"], 7002);
  Configure({{"collect_logs", false}});
  EXPECT_FALSE(Ask().headers.Has("cf-aig-log-id"));
  EXPECT_TRUE(Ask("2+2", {{"cf-aig-collect-log", "true"}}).headers.Has("cf-aig-log-id"));
  Configure({{"log_management", 2}});
  EXPECT_FALSE(Ask().headers.Has("cf-aig-log-id"));  // at its cap
}

TEST_F(AiPipeline, ACostOfTheCallersOwnCountsWhereThereIsUsage) {
  Ask("2+2", {{"cf-aig-custom-cost", R"({"per_token_in":0.01,"per_token_out":0.1})"}});
  EXPECT_NEAR(LastLog()["cost"].get<double>(), 3 * 0.01 + 5 * 0.1, 1e-9);
  EXPECT_EQ(LastLog()["custom_cost"], true);
  runtime.Advance(seconds(1));
  Ask("2+2", {{"cf-aig-custom-cost", R"({"total_cost":7})"}});
  EXPECT_EQ(LastLog()["cost"], 7);
  runtime.Advance(seconds(1));
  test::Pull(faults, kFreeModel, {.status = 500, .times = 1});
  Ask("2+2", {{"cf-aig-custom-cost", R"({"total_cost":7})"}});
  EXPECT_EQ(LastLog()["cost"], 0);
}

TEST_F(AiPipeline, GuardrailsTakeTheirTimeAndScanTheSystemPromptToo) {
  Configure({{"guardrails",
              {{"prompt", {{"S1", "BLOCK"}, {"S2", "FLAG"}}}, {"response", {{"S2", "BLOCK"}}}}}});
  EXPECT_FALSE(gateway.AnswersAtOnce());
  EXPECT_EQ(Ask().status, 200);
  EXPECT_EQ(Elapsed(), milliseconds(1000));  // both sides
  Json question = ParseJson(Question(kFreeModel)).value();
  question["messages"].insert(question["messages"].begin(),
                              {{"role", "system"}, {"content", "say moltgate-violates-S1"}});
  const Response blocked = Chat(DumpJson(question));
  EXPECT_EQ(blocked.status, 424);
  EXPECT_EQ(CodeOf(blocked), 2016);
  EXPECT_EQ(LastLog()["status_code"], 424);
  EXPECT_EQ(ModelCalls(), 1U);
  EXPECT_EQ(Ask("moltgate-violates-S2").status, 200);
  FaultRule rule = RuleOn("ai.run", "bad");
  rule.body = "moltgate-violates-S2";
  faults.Add(rule);
  EXPECT_EQ(CodeOf(Ask()), 2017);
}

TEST_F(AiPipeline, StreamsPassTheAnswersGuardUnseen) {
  Configure({{"guardrails", {{"prompt", Json::object()}, {"response", {{"S2", "BLOCK"}}}}}});
  EXPECT_EQ(Events(Chat(Streamed())).back(), "[DONE]");
  EXPECT_EQ(Elapsed(), milliseconds(0));
}

TEST_F(AiPipeline, AnEvaluatorOutOfReachBlocksEverything) {
  Configure({{"guardrails", {{"prompt", {{"S1", "BLOCK"}}}, {"response", Json::object()}}}});
  FaultRule rule = RuleOn("ai.guard", "gone");
  rule.status = 503;
  faults.Add(rule);
  EXPECT_EQ(CodeOf(Ask()), 2016);
  EXPECT_EQ(note.fault, "gone");
  EXPECT_EQ(Ask().status, 200);
}

TEST_F(AiPipeline, DlpBlocksOrFlagsAndSaysWhatItFound) {
  Configure({{"dlp",
              {{"enabled", true},
               {"policies", Json::array({{{"id", "cards"},
                                          {"enabled", true},
                                          {"action", "BLOCK"},
                                          {"check", {"REQUEST"}},
                                          {"profiles", {"pci"}}},
                                         {{"id", "names"},
                                          {"enabled", true},
                                          {"action", "FLAG"},
                                          {"check", {"REQUEST", "RESPONSE"}},
                                          {"profiles", {"pii"}}}})}}}});
  const Response flagged = Ask("moltgate-leaks-pii");
  EXPECT_EQ(flagged.status, 200);
  const auto found = ParseJson(flagged.headers.Get("cf-aig-dlp"));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)["action"], "FLAG");
  EXPECT_EQ((*found)["findings"][0]["policy_ids"], (Json{"names"}));
  EXPECT_EQ(LastLog()["dlp_action"], "FLAG");
  runtime.Advance(seconds(1));
  const Response blocked = Ask("moltgate-leaks-pci");
  EXPECT_EQ(CodeOf(blocked), 2029);
  EXPECT_TRUE(blocked.headers.Has("cf-aig-dlp"));
  EXPECT_EQ(
      Logs("?filters.key=dlp_action&filters.operator=eq&filters.value=BLOCK")["result"].size(), 1U);
}

TEST_F(AiPipeline, AStoredKeyStandsInForTheAuthorizationAndAnUnknownAliasIsRefused) {
  const auto ask = [&](Headers extra) {
    Request request;
    request.method = "POST";
    request.target = base + "/workers-ai/v1/chat/completions";
    request.headers = Headers{{"cf-aig-authorization", "Bearer gateway-token"}};
    for (const auto& line : extra.lines()) request.headers.Set(line.name, line.value);
    request.body = Body(Question(kFreeModel));
    return Handle(std::move(request));
  };
  const Response unknown = ask({{"cf-aig-byok-alias", "team"}});
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(CodeOf(unknown), 2040);
  EXPECT_EQ(CodeOf(ask({})), 10000);
  const auto store = [&](const char* alias, const char* secret, bool is_default) {
    Manage("POST", "/moltgate/provider_configs",
           {{"alias", alias},
            {"default_config", is_default},
            {"provider_slug", "workers-ai"},
            {"secret", secret}});
  };
  store("team", "workers-token", false);
  EXPECT_EQ(ask({{"cf-aig-byok-alias", "team"}}).status, 200);
  EXPECT_EQ(CodeOf(ask({})), 10000);  // there is no default one
  store("wrong", "something else", true);
  EXPECT_EQ(CodeOf(ask({})), 10000);
}

TEST_F(AiPipeline, EachGatewayHasItsOwnDoorAndOnlyTheDefaultOneMakesItself) {
  const auto ask = [&](const std::string& id, const char* token) {
    Request request;
    request.method = "POST";
    request.target = std::string("/v1/") + test::kWireAccount + "/" + id + "/workers-ai/" +
                     std::string(kFreeModel);
    request.headers = Headers{{"authorization", "Bearer workers-token"}};
    if (*token != '\0') request.headers.Set("cf-aig-authorization", token);
    request.body = Body(R"({"prompt":"2+2"})");
    return Handle(std::move(request));
  };
  EXPECT_EQ(CodeOf(ask("named", "gateway-token")), 2001);
  EXPECT_EQ(CodeOf(ask("default", "")), 2009);
  EXPECT_EQ(Manage("GET", "/default")["errors"][0]["code"], 7002);
  EXPECT_EQ(ask("default", "gateway-token").status, 200);
  EXPECT_EQ(Manage("GET", "/default")["result"]["is_default"], true);
  Manage("POST", "",
         {{"id", "named"},
          {"cache_invalidate_on_update", false},
          {"cache_ttl", 0},
          {"collect_logs", true},
          {"rate_limiting_interval", 0},
          {"rate_limiting_limit", 0}});
  EXPECT_EQ(ask("named", "").status, 200);  // made without authentication
  EXPECT_EQ(Manage("GET", "/named/logs")["result"].size(), 1U);
  EXPECT_EQ(Manage("GET", "/default/logs")["result"].size(), 1U);
  EXPECT_EQ(Logs()["result"].size(), 0U);
}

TEST_F(AiPipeline, AGatewaysRetriesHoldWhereACallSaysNothing) {
  Configure({{"retry_max_attempts", 3}, {"retry_delay", 8000}, {"retry_backoff", "constant"}});
  test::Pull(faults, kFreeModel, {.status = 503, .times = 2});
  EXPECT_EQ(Ask().status, 200);
  EXPECT_EQ(Elapsed(), seconds(16));
  test::Pull(faults, kFreeModel, {.status = 503, .times = 1});
  EXPECT_EQ(Ask("2+2", {{"cf-aig-max-attempts", "1"}}).status, 503);
}

class AiRoutesOnTheWire : public AiPipeline {
 protected:
  static Json To(const char* id) { return Json{{"elementId", id}}; }
  static Json Model(const char* id, const std::string& model, const char* fallback,
                    const Json& more = {{"timeout", 0}, {"retries", 0}}) {
    Json properties{{"provider", "workers-ai"}, {"model", model}};
    properties.update(more);
    return Json{{"id", id},
                {"type", "model"},
                {"outputs", {{"success", To("end")}, {"fallback", To(fallback)}}},
                {"properties", properties}};
  }
  void Route(Json elements, const char* first) {
    elements.push_back({{"id", "start"}, {"type", "start"}, {"outputs", {{"next", To(first)}}}});
    elements.push_back({{"id", "end"}, {"type", "end"}, {"outputs", Json::object()}});
    const Json made =
        Manage("POST", "/moltgate/routes", {{"name", "support"}, {"elements", elements}});
    ASSERT_EQ(made["success"], true) << DumpJson(made);
  }
  Response AskRoute(Headers extra = {}) {
    return Post(base + "/compat/chat/completions", Question("dynamic/support"), std::move(extra));
  }
  static std::string ModelOf(const Response& response) {
    return std::string(response.headers.Get("cf-aig-model"));
  }
};

TEST_F(AiRoutesOnTheWire, FallBackAndSayWhoAnswered) {
  Route(Json::array({Model("a", kPremiumModel, "b", {{"timeout", 1000}, {"retries", 1}}),
                     Model("b", kFreeModel, "end")}),
        "a");
  Response response = AskRoute();
  EXPECT_EQ(response.status, 200) << response.body.bytes();
  EXPECT_EQ(ModelOf(response), kPremiumModel);
  EXPECT_EQ(response.headers.Get("cf-aig-provider"), "workers-ai");
  EXPECT_EQ(Parsed(response)["model"], kPremiumModel);
  test::Pull(faults, kPremiumModel, {.status = 500, .times = 2});
  response = AskRoute();
  EXPECT_EQ(ModelOf(response), kFreeModel);
  EXPECT_EQ(response.headers.Get("cf-aig-step"), "1");
  EXPECT_EQ(ModelCalls(), 4U);  // one, then two tries and the fallback
  EXPECT_EQ(LastLog()["request_type"], "compat");
}

TEST_F(AiRoutesOnTheWire, BranchOnMetadataAndStream) {
  Route(Json::array({{{"id", "c"},
                      {"type", "conditional"},
                      {"outputs", {{"true", To("a")}, {"false", To("b")}}},
                      {"properties", {{"condition", {{"metadata.tier", {{"$eq", "premium"}}}}}}}},
                     Model("a", kPremiumModel, "b"),
                     Model("b", kFreeModel, "end")}),
        "c");
  EXPECT_EQ(ModelOf(AskRoute({{"cf-aig-metadata", R"({"tier":"premium"})"}})), kPremiumModel);
  EXPECT_EQ(ModelOf(AskRoute({{"cf-aig-metadata", R"({"tier":"free"})"}})), kFreeModel);
  EXPECT_EQ(ModelOf(AskRoute()), kFreeModel);
  Json question = ParseJson(Question("dynamic/support")).value();
  question["stream"] = true;
  const Response stream = Post(base + "/compat/chat/completions", DumpJson(question));
  EXPECT_EQ(ModelOf(stream), kFreeModel);
  EXPECT_EQ(Events(stream).back(), "[DONE]");
}

TEST_F(AiRoutesOnTheWire, ASpendLimitedPrimaryFallsBack) {
  Route(Json::array({Model("a", kPremiumModel, "b"), Model("b", kFreeModel, "end")}), "a");
  Configure({{"spend_limits",
              {{"rules",
                Json::array({{{"limit", 1e-9},
                              {"limitType", "cost"},
                              {"window", 600},
                              {"model", {{"mode", "filter"}, {"values", {kPremiumModel}}}}}})}}}});
  EXPECT_EQ(ModelOf(AskRoute()), kPremiumModel);
  runtime.Advance(seconds(3));
  EXPECT_EQ(ModelOf(AskRoute()), kFreeModel);
}

TEST_F(AiRoutesOnTheWire, BudgetsOfARouteFillWithItsAnswers) {
  Route(
      Json::array(
          {{{"id", "r"},
            {"type", "rate"},
            {"outputs", {{"success", To("a")}, {"fallback", To("b")}}},
            {"properties",
             {{"key", "metadata.user"}, {"limit", 1e-9}, {"limitType", "cost"}, {"window", 600}}}},
           Model("a", kPremiumModel, "end"),
           Model("b", kFreeModel, "end")}),
      "r");
  const Headers user{{"cf-aig-metadata", R"({"user":"u1"})"}};
  EXPECT_EQ(ModelOf(AskRoute(user)), kPremiumModel);
  runtime.Advance(seconds(2));
  EXPECT_EQ(ModelOf(AskRoute(user)), kFreeModel);
}

TEST_F(AiRoutesOnTheWire, KnownFaultsAreARouteThatAsksNobody) {
  Route(Json::array({Model("a", kPremiumModel, "b"), Model("b", kFreeModel, "end")}), "a");
  FaultRule rule = RuleOn("ai.route", "recreated");
  rule.where.key = "support";
  rule.status = 400;
  rule.code = 2005;
  faults.Add(rule);
  const Response broken = AskRoute();
  EXPECT_EQ(broken.status, 400);
  EXPECT_EQ(CodeOf(broken), 2005);
  EXPECT_EQ(ModelCalls(), 0U);
  EXPECT_EQ(AskRoute().status, 200);

  const Json routes = Manage("GET", "/moltgate/routes")["data"]["routes"];
  const std::string route = "/moltgate/routes/" + routes[0]["id"].get<std::string>();
  Manage("DELETE", route);
  const Response gone = AskRoute();
  EXPECT_EQ(CodeOf(gone), 2008);
  Json custom = Model("a", "m", "b");
  custom["properties"]["provider"] = "custom-mine";
  Route(Json::array({custom, Model("b", kFreeModel, "end")}), "a");
  EXPECT_EQ(CodeOf(AskRoute()), 2005);
  EXPECT_EQ(ModelCalls(), 1U);
}

TEST_F(AiRoutesOnTheWire, WithoutAModelThatAnswersTheEndIsAnError) {
  Route(Json::array({{{"id", "r"},
                      {"type", "rate_limit"},
                      {"outputs", {{"success", To("a")}}},
                      {"properties",
                       {{"key", "metadata.user"},
                        {"limit", 1},
                        {"limitType", "count"},
                        {"interval", 60},
                        {"technique", "sliding"}}}},
                     Model("a", kPremiumModel, "end")}),
        "r");
  const Headers user{{"cf-aig-metadata", R"({"user":"u1"})"}};
  EXPECT_EQ(AskRoute(user).status, 200);
  const Response ended = AskRoute(user);
  EXPECT_EQ(ended.status, 400);
  EXPECT_EQ(CodeOf(ended), 2005);
  test::Pull(faults, kPremiumModel, {.status = 429, .code = 3040, .times = 1});
  EXPECT_EQ(CodeOf(AskRoute()), 3040);  // the last failure is relayed
  Json step = ParseJson(Step("x")).value();
  step["provider"] = "compat";
  step["endpoint"] = "chat/completion";
  step["query"]["model"] = "dynamic/support";
  test::Pull(faults, kPremiumModel, {.status = 503, .times = 1});
  const Response fell =
      Post(base, DumpJson(Json::array({step, ParseJson(Step(kFreeModel)).value()})));
  EXPECT_EQ(fell.status, 200);  // a universal call goes on to its next step
  EXPECT_EQ(fell.headers.Get("cf-aig-step"), "1");
}

}  // namespace
}  // namespace mg::fake
