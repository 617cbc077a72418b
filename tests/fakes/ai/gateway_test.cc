#include "fakes/ai/gateway.h"

#include <gtest/gtest.h>

#include <optional>

#include "core/base/json.h"
#include "core/clients/ai_gateway.h"
#include "tests/support/ai_gateway_fixture.h"
#include "tests/support/ai_wire.h"
#include "tests/support/fixed_random.h"
#include "tests/support/model_lever.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

using test::kFreeModel;
using test::kPremiumModel;

using AiGatewayFake = test::AiGatewayFixture;

struct WireCase {
  const char* name;
  const char* model;  // that the lever is for
  test::ModelLever lever;
};

TEST_F(AiGatewayFake, AnswersAsTheServiceDoesOnTheWire) {
  const WireCase cases[] = {
      {"universal_one_step", "", {}},
      {"universal_fallback", kPremiumModel, {.status = 500}},
      {"direct_chat", "", {}},
      {"native_run", "", {}},
      {"rest_run", "", {}},
      {"compat_chat", "", {}},
      {"error_unauthorized", "", {}},
      {"error_workers_ai_unauthorized", "", {}},
      {"error_no_gateway", "", {}},
      {"error_time_limit", kFreeModel, {.hang = true}},
      {"error_spend_limit", kFreeModel, {.status = 429, .code = 2041}},
      {"error_capacity", kFreeModel, {.status = 429, .code = 3040}},
      {"error_deprecated_model", "", {}},
      {"error_no_such_model", "", {}},
      {"error_invalid_provider", "", {}},
      {"error_not_routed", "", {}},
      {"error_edge", kFreeModel, {.status = 522}},
  };
  for (const WireCase& c : cases) {
    SCOPED_TRACE(c.name);
    faults.Clear();
    if (*c.model != '\0') test::Pull(faults, c.model, c.lever);
    const Response expected = test::WireResponse(c.name);
    const Response response = Handle(test::WireRequest(c.name));
    EXPECT_EQ(response.status, expected.status);
    EXPECT_EQ(response.headers.Get("content-type"), expected.headers.Get("content-type"));
    for (const char* name : {"cf-aig-step", "cf-aig-log-id", "cf-aig-event-id", "cf-ray"})
      EXPECT_EQ(response.headers.Has(name), expected.headers.Has(name)) << name;
    EXPECT_EQ(response.headers.Get("cf-aig-step"), expected.headers.Get("cf-aig-step"));
    if (expected.headers.Get("content-type") != "application/json") {
      EXPECT_EQ(response.body.bytes(), expected.body.bytes());
      continue;
    }
    Json got = Parsed(response);
    Json want = Parsed(expected);
    for (Json* body : {&got, &want})
      for (const char* varying : {"id", "created"}) body->erase(varying);
    EXPECT_EQ(got, want);
  }
}

TEST_F(AiGatewayFake, NamesAnswersWithLogIdNeuronsAndRay) {
  const Response response = Chat(Question(kFreeModel), {{"cf-aig-event-id", "mine"}});
  EXPECT_EQ(response.headers.Get("cf-aig-event-id"), "mine");
  EXPECT_EQ(response.headers.Get("cf-aig-log-id").size(), 26U);
  EXPECT_EQ(response.headers.Get("cf-aig-log-id").substr(0, 2), "01");
  EXPECT_EQ(response.headers.Get("cf-ai-req-id").size(), 36U);
  // 3 tokens in, 5 out: (3 * 4119 + 5 * 34868) / 1e6
  EXPECT_EQ(response.headers.Get("cf-ai-neurons"), "0.186697");
  EXPECT_EQ(response.headers.Get("cf-ray").substr(16), "-LHR");
  EXPECT_FALSE(response.headers.Has("cf-aig-cache-status"));
  EXPECT_EQ(note.operation, "ai.run");
  EXPECT_EQ(note.subject, kFreeModel);
}

TEST_F(AiGatewayFake, ChecksTheTwoCredentialsApart) {
  const struct {
    const char* gateway_token;
    const char* provider_token;
    int status;
    std::int64_t code;
  } cases[] = {
      {"Bearer gateway-token", "Bearer workers-token", 200, 0},
      {"Bearer gateway-token", "Bearer gateway-token", 200, 0},
      {"gateway-token", "Bearer workers-token", 200, 0},
      {"Bearer workers-token", "Bearer workers-token", 401, 2009},
      {"", "Bearer workers-token", 401, 2009},
      {"Bearer gateway-token", "", 401, 10000},
      {"Bearer gateway-token", "workers-token", 401, 10000},
      {"Bearer gateway-token", "Bearer ", 401, 10000},
  };
  for (const auto& c : cases) {
    const Response response = Chat(Question(kFreeModel), {{"cf-aig-authorization", c.gateway_token},
                                                          {"authorization", c.provider_token}});
    EXPECT_EQ(response.status, c.status) << c.gateway_token << " / " << c.provider_token;
    EXPECT_EQ(CodeOf(response), c.code) << c.gateway_token << " / " << c.provider_token;
  }
}

TEST_F(AiGatewayFake, TakesAPlainOpenAiClientsKeyOnCompatAlone) {
  Request request = test::WireRequest("compat_chat");
  EXPECT_EQ(Handle(request).status, 200);
  request.headers.Set("authorization", "Bearer workers-token");
  EXPECT_EQ(CodeOf(Handle(request)), 2009);
  request.headers.Set("cf-aig-authorization", "Bearer gateway-token");
  EXPECT_EQ(Handle(request).status, 200);
  request.headers.Remove("authorization");
  EXPECT_EQ(CodeOf(Handle(request)), 10000);
}

TEST_F(AiGatewayFake, FallsThroughFailedStepsAndRelaysTheLastFailure) {
  const std::string missing = Step("@cf/nobody/nothing");
  Response response = Post(base, "[" + missing + "," + Step(kFreeModel) + "]");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("cf-aig-step"), "1");
  response = Post(base, "[" + Step(kFreeModel, "{}", "none") + "," + missing + "]");
  EXPECT_EQ(CodeOf(response), 5007);
  EXPECT_EQ(response.headers.Get("cf-aig-step"), "1");
}

TEST_F(AiGatewayFake, RetriesOnlyWhatMayPassAndWaitsBetween) {
  test::Pull(faults, kFreeModel, {.status = 503, .times = 2});
  const std::string config = R"({"maxAttempts":3,"retryDelay":1000,"backoff":"exponential"})";
  EXPECT_EQ(Post(base, "[" + Step(kFreeModel, config) + "]").status, 200);
  EXPECT_EQ(Elapsed(), std::chrono::seconds(3));
  EXPECT_EQ(gateway.seen().size(), 3U);

  test::Pull(faults, kFreeModel, {.status = 404, .times = 1});
  EXPECT_EQ(Post(base, "[" + Step(kFreeModel, config) + "]").status, 404);
  EXPECT_EQ(gateway.seen().size(), 4U);
}

TEST_F(AiGatewayFake, WaitsConstantlyAndLinearlyToo) {
  for (const auto& [backoff, seconds] :
       {std::pair<std::string, int>{"constant", 2}, {"linear", 3}, {"nonsense", 2}}) {
    test::Pull(faults, kFreeModel, {.status = 500, .times = 2});
    const Nanos before = Elapsed();
    Chat(Question(kFreeModel), {{"cf-aig-max-attempts", "3"},
                                {"cf-aig-retry-delay", "1000"},
                                {"cf-aig-backoff", backoff}});
    EXPECT_EQ(Elapsed() - before, std::chrono::seconds(seconds)) << backoff;
  }
}

TEST_F(AiGatewayFake, CutsASlowModelAtTheStepsTimeLimit) {
  test::Pull(faults, kPremiumModel, {.hang = true});
  const Response response = Post(
      base, "[" + Step(kPremiumModel, R"({"requestTimeout":300})") + "," + Step(kFreeModel) + "]");
  EXPECT_EQ(response.headers.Get("cf-aig-step"), "1");
  EXPECT_EQ(Elapsed(), std::chrono::milliseconds(300));
}

TEST_F(AiGatewayFake, DoesNotTimeTheLastOfSeveralTries) {
  test::Pull(faults, kPremiumModel, {.hang = true});
  const Response response =
      Post(base, "[" + Step(kPremiumModel, R"({"requestTimeout":300,"maxAttempts":2})") + "," +
                     Step(kFreeModel) + "]");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Elapsed(), std::chrono::milliseconds(600'300));
}

TEST_F(AiGatewayFake, LetsConfigOverruleAStepHeaderAndThatARequestHeader) {
  test::Pull(faults, kFreeModel, {.latency_ms = 250});
  const Headers request_limit{{"cf-aig-request-timeout", "100"}};
  EXPECT_EQ(CodeOf(Chat(Question(kFreeModel), request_limit)), 2005);
  std::string step = Step(kFreeModel);
  const std::string plain = R"("headers":{)";
  step.replace(step.find(plain), plain.size(), R"("headers":{"CF-AIG-Request-Timeout":"300",)");
  EXPECT_EQ(Post(base, "[" + step + "]", request_limit).status, 200);
  step.replace(step.find(R"("config":{})"), 11, R"("config":{"requestTimeout":200})");
  EXPECT_EQ(CodeOf(Post(base, "[" + step + "]", request_limit)), 2005);
}

TEST_F(AiGatewayFake, ReleasesAHangingCallWhenTheCallerGoes) {
  test::SteppedRuntime still(false);
  Faults still_faults(still, 1);
  AiGateway slow(credentials, "", still, random, still_faults);
  test::Pull(still_faults, kFreeModel, {.hang = true});
  Request request = test::WireRequest("direct_chat");
  request.headers.Remove("cf-aig-request-timeout");
  int status = 0;
  auto call = still.Spawn("call", [&] { status = slow.Handle(request, note, caller).status; });
  caller.Cancel();
  call->Join();
  EXPECT_EQ(status, 408);
}

TEST_F(AiGatewayFake, KeepsFiveEntriesOfMetadataAndNoneOfAMapWithANull) {
  const struct {
    const char* header;
    const char* kept;
  } cases[] = {
      {R"({"z":"1","a":2,"cf.x":3,"b":true})", R"({"z":"1","a":2,"b":true})"},
      {R"({"a":1,"b":2,"c":3,"d":4,"e":5,"f":6})", R"({"a":1,"b":2,"c":3,"d":4,"e":5})"},
      {R"({"a":1,"b":null})", "null"},
      {R"({"a":1,"b":{}})", "null"},
      {R"({"a":1,"b":2,"c":3,"d":4,"e":5,"f":[]})", "null"},
      {"not json", "null"},
      {"[1]", "null"},
      {"", ""},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Chat(Question(kFreeModel), {{"cf-aig-metadata", c.header}}).status, 200);
    EXPECT_EQ(gateway.seen().back().metadata_json, c.kept) << c.header;
  }
}

TEST_F(AiGatewayFake, CountsALeverDown) {
  test::Pull(faults, kFreeModel, {.status = 429, .retry_after_seconds = 3, .times = 2});
  for (int i = 0; i < 2; ++i) {
    const Response response = Chat(Question(kFreeModel));
    EXPECT_EQ(CodeOf(response), 3040);
    EXPECT_EQ(response.headers.Get("retry-after"), "3");
  }
  EXPECT_EQ(Chat(Question(kFreeModel)).status, 200);
  test::Pull(faults, kFreeModel, {.status = 500});
  EXPECT_EQ(CodeOf(Chat(Question(kFreeModel))), 3043);
  faults.Clear();
  gateway.Reset();
  EXPECT_EQ(Chat(Question(kFreeModel)).status, 200);
  EXPECT_EQ(gateway.seen().size(), 1U);
}

TEST_F(AiGatewayFake, MeetsFaultsByTenantStepAndTry) {
  FaultRule rule;
  rule.id = "second-step";
  rule.operation = "ai.run";
  rule.where.tenant = "sk-1";
  rule.where.step = 1;
  rule.status = 503;
  rule.times = 1;
  faults.Add(rule);
  const std::string steps =
      "[" + Step("@cf/nobody/nothing") + "," + Step(kFreeModel, R"({"maxAttempts":2})") + "]";
  EXPECT_EQ(Post(base, steps).status, 200) << "of another tenant";
  const std::string metadata = R"({"sandbox_id":"sk-1"})";
  note = CallNote();
  EXPECT_EQ(Post(base, steps, {{"cf-aig-metadata", metadata}}).status, 200);
  EXPECT_EQ(note.tenant, "sk-1");
  EXPECT_EQ(note.fault, "second-step");
  EXPECT_EQ(note.model, kFreeModel);
  EXPECT_EQ(note.step, 1);
  EXPECT_EQ(note.attempt, 3);
  const auto seen = gateway.seen();
  ASSERT_GE(seen.size(), 2U);
  const auto& refused = seen[seen.size() - 2];
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.attempt, 1);
  EXPECT_EQ(refused.fault, "second-step");
  EXPECT_EQ(seen.back().attempt, 2);
  EXPECT_EQ(seen.back().fault, "");
}

TEST_F(AiGatewayFake, LosesCutsAndSpoilsItsAnswer) {
  FaultRule rule;
  rule.operation = "ai.run";
  rule.reset = FaultRule::Reset::kAfter;
  faults.Add(rule);
  const std::string two = "[" + Step(kPremiumModel) + "," + Step(kFreeModel) + "]";
  EXPECT_TRUE(Post(base, two).drop_connection) << "the fallback's too";
  EXPECT_EQ(gateway.seen().size(), 1U);
  EXPECT_EQ(gateway.seen().back().status, 0);
  rule.reset = FaultRule::Reset::kNone;
  rule.truncate_after_bytes = 5;
  faults.Add(rule);
  const Response cut = Chat(Question(kFreeModel));
  ASSERT_TRUE(cut.body.is_stream());
  EXPECT_EQ(cut.body.stream()->Next(kNever)->size(), 5U);
  EXPECT_FALSE(cut.body.stream()->Next(kNever));
  rule.truncate_after_bytes = -1;
  rule.malformed = true;
  faults.Add(rule);
  const Response spoiled = Chat(Question(kFreeModel));
  EXPECT_EQ(spoiled.status, 200);
  EXPECT_FALSE(ParseJson(spoiled.body.bytes()));
  rule.malformed = false;
  rule.status = 502;
  rule.body = "<html>";
  faults.Add(rule);
  const Response page = Chat(Question(kFreeModel));
  EXPECT_EQ(page.status, 502);
  EXPECT_EQ(page.body.bytes(), "<html>");
}

TEST_F(AiGatewayFake, RefusesBadInput) {
  const std::string start = R"({"model":")" + std::string(kFreeModel) + R"(",)";
  const std::string good = R"("messages":[{"role":"user","content":"hi"}])";
  for (const std::string& rest :
       {std::string(R"("messages":[]})"), std::string(R"("messages":"hi"})"),
        std::string(R"("prompt":"hi"})"), std::string(R"("messages":[{"content":"hi"}]})"),
        std::string(R"("messages":[{"role":"user","content":null}]})"),
        std::string(R"("messages":[{"role":"user","content":[]}]})"),
        std::string(R"("messages":[{"role":"user","content":[{"type":"image_url"}]}]})"),
        good + R"(,"max_tokens":0})", good + R"(,"max_tokens":1.5})", good + R"(,"temperature":9})",
        good + R"(,"top_k":"many"})", good + R"(,"stream":"yes"})"})
    EXPECT_EQ(CodeOf(Chat(start + rest)), 5006) << rest;
  EXPECT_EQ(CodeOf(Chat("{" + good + "}")), 5006);
  EXPECT_EQ(CodeOf(Chat("[]")), 5006);
  EXPECT_EQ(CodeOf(Chat("{")), 5006);
  EXPECT_EQ(CodeOf(Chat(start + good + R"(,"max_tokens":18446744073709551615})")), 3030);
  EXPECT_EQ(CodeOf(Native(R"({"prompt":"a","messages":[{"role":"user","content":"b"}]})")), 5006);
  EXPECT_EQ(
      CodeOf(Native(R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}]})")),
      5006);
  EXPECT_EQ(CodeOf(Native("{}")), 5006);
}

TEST_F(AiGatewayFake, TakesTextPartsAndToolCallsInOpenAisDialect) {
  const std::string start = R"({"model":")" + std::string(kFreeModel) + R"(","messages":[)";
  const Json parts = Parsed(Chat(
      start +
      R"({"role":"system","content":"be brief"},{"role":"user","content":[{"type":"text","text":"2+2"}]}]})"));
  EXPECT_EQ(parts["choices"][0]["message"]["content"], "2 + 2 = 4");
  EXPECT_EQ(parts["usage"]["prompt_tokens"], 5);
  EXPECT_EQ(Chat(start + R"({"role":"user","content":"hi"},)"
                         R"({"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}]})")
                .status,
            200);
}

TEST_F(AiGatewayFake, EndsALongAnswerAtMaxTokens) {
  const std::string body = R"({"model":")" + std::string(kFreeModel) +
                           R"(","max_tokens":4,"messages":[{"role":"user","content":"story"}]})";
  const Json answer = Parsed(Chat(body));
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(answer["usage"]["completion_tokens"], 4);
  EXPECT_EQ(answer["usage"]["total_tokens"], 5);
}

TEST_F(AiGatewayFake, RefusesAPromptBeyondTheModelsContext) {
  std::string words;
  for (int i = 0; i < 24'000; ++i) words += "w ";
  EXPECT_EQ(CodeOf(Chat(Question(kPremiumModel, words))), 3030);
  EXPECT_EQ(Chat(Question(kFreeModel, words)).status, 200);
}

TEST_F(AiGatewayFake, RefusesWhatItDoesNotDoWithTheGapHeader) {
  const struct {
    std::string target;
    std::string body;
    const char* gap;
  } cases[] = {
      {std::string("/client/v4/accounts/") + test::kWireAccount + "/ai/run/" + kFreeModel +
           "?queueRequest=true",
       "{}", "ai.batch"},
      {base + "/openai/chat/completions", "{}", "ai.provider"},
      {base + "/compat/chat/completions", R"({"model":"openai/gpt-4"})", "ai.provider"},
      {std::string("/client/v4/accounts/") + test::kWireAccount +
           "/ai-gateway/gateways/moltgate/datasets",
       "{}", "ai.datasets"},
  };
  for (const auto& c : cases) {
    const Response response = Post(c.target, c.body);
    EXPECT_EQ(response.headers.Get(kGapHeader), c.gap) << c.target;
    EXPECT_EQ(response.status, 501) << c.target;
    EXPECT_FALSE(Parsed(response)["success"].get<bool>());
  }
  EXPECT_TRUE(gateway.seen().empty());
}

TEST_F(AiGatewayFake, KnowsNoOtherPaths) {
  const std::string api = std::string("/client/v4/accounts/") + test::kWireAccount;
  for (const std::string& target :
       {std::string("/"), std::string("/v1"), std::string("/v1/x"), api + "/ai", api + "/ai/x",
        std::string("/v1/%zz/moltgate"), base + "/workers-ai/chat", base + "/workers-ai",
        base + "/compat/completions"})
    EXPECT_EQ(CodeOf(Post(target, "{}")), 7003) << target;
  EXPECT_EQ(CodeOf(Post(base + "/nobody/chat", "{}")), 2008);
  EXPECT_EQ(CodeOf(Post(api + "/ai/run/@cf/nobody/nothing", R"({"prompt":"hi"})")), 7003);
  EXPECT_EQ(
      CodeOf(Post(std::string("/v1/") + test::kWireAccount + "/default/workers-ai/" + kFreeModel,
                  R"({"prompt":"hi"})")),
      0);
  Request get;
  get.target = base;
  get.headers.Set("cf-aig-authorization", "gateway-token");
  EXPECT_EQ(CodeOf(Handle(get)), 7003);
}

TEST_F(AiGatewayFake, RefusesAUniversalBodyThatIsNoArrayOfSteps) {
  for (const char* body :
       {"", "{", "{}", "[]", "[1]", "[{}]", "null", R"([{"provider":"workers-ai","endpoint":"x"}])",
        R"([{"provider":1,"endpoint":"x","query":{}}])"})
    EXPECT_EQ(CodeOf(Post(base, body)), 7001) << body;
}

// Every mutation of a good request is answered, in JSON, with a status of the service.
TEST_F(AiGatewayFake, SurvivesMutatedRequests) {
  test::FixedRandom mutate(99);
  const std::string good = "[" + Step(kFreeModel, R"({"requestTimeout":10,"maxAttempts":2})") + "]";
  for (int round = 0; round < 1500; ++round) {
    std::string body = good;
    for (std::uint64_t n = 1 + mutate.Below(4); n > 0; --n) {
      const std::size_t at = mutate.Below(body.size());
      switch (mutate.Below(3)) {
        case 0:
          body[at] = static_cast<char>(mutate.Below(256));
          break;
        case 1:
          body.erase(at, 1 + mutate.Below(8));
          break;
        default:
          body.insert(at, 1, "{}[]\",:0\\"[mutate.Below(9)]);
      }
      if (body.empty()) body = "[";
    }
    const Response response = Post(base, body, {{"cf-aig-metadata", body.substr(0, 60)}});
    EXPECT_GE(response.status, 200);
    EXPECT_TRUE(ParseJson(response.body.bytes()).ok());
  }
}

}  // namespace
}  // namespace mg::fake
