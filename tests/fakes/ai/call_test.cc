// How AI Gateway is reached and told what to do: paths, tokens, headers, and the knobs of what
// nobody is sure of.
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "fakes/ai/settings.h"
#include "tests/support/ai_gateway_fixture.h"
#include "tests/support/model_lever.h"

namespace mg::fake {
namespace {

using std::chrono::milliseconds;
using test::kFreeModel;
using test::kPremiumModel;

const std::string kApi = std::string("/client/v4/accounts/") + test::kWireAccount;

class AiCalls : public test::AiGatewayFixture {
 protected:
  // With these two headers; "" leaves one out.
  Response Sent(const std::string& target, const std::string& body, const char* gateway_token,
                const char* authorization, Headers extra = {}) {
    Request request;
    request.method = "POST";
    request.target = target;
    if (*gateway_token != '\0') request.headers.Set("cf-aig-authorization", gateway_token);
    if (*authorization != '\0') request.headers.Set("authorization", authorization);
    for (const auto& line : extra.lines()) request.headers.Set(line.name, line.value);
    request.body = Body(body);
    return Handle(std::move(request));
  }
  std::string Compat() const {
    return R"({"model":"workers-ai/)" + std::string(kFreeModel) +
           R"(","messages":[{"role":"user","content":"2+2"}]})";
  }
};

// The table of wire/ai-gateway.md 1: which token works where.
TEST_F(AiCalls, NeedTheTokenOfEachOfTheTwoServices) {
  constexpr const char* kGateway = "Bearer gateway-token";
  constexpr const char* kWorkers = "Bearer workers-token";
  const struct {
    const char* name;
    const char* knobs;
    const char* gateway_token;
    const char* authorization;
    int status;
    std::int64_t code;
  } cases[] = {
      {"authenticated, no token", "{}", "", "", 401, 2009},
      {"authenticated, wrong token", "{}", "Bearer wrong", kWorkers, 401, 2009},
      {"authenticated, both", "{}", kGateway, kWorkers, 200, 0},
      {"authenticated, without Bearer", "{}", "gateway-token", kWorkers, 200, 0},
      {"authenticated, the plain client's one key", "{}", "", kGateway, 200, 0},
      {"open, gateway token alone", R"({"gateway_authentication":false})", kGateway, "", 401,
       10000},
      {"open, Authorization alone", R"({"gateway_authentication":false})", "", kWorkers, 200, 0},
      {"open, both", R"({"gateway_authentication":false})", kGateway, kWorkers, 200, 0},
      {"open, neither", R"({"gateway_authentication":false})", "", "", 401, 10000},
      {"one token for both, as the changelog says", R"({"wai_auth_from_gateway_token":true})",
       kGateway, "", 200, 0},
      {"but it must be right", R"({"wai_auth_from_gateway_token":true})", kGateway, "Bearer wrong",
       401, 10000},
      {"a token of AI Gateway alone", R"({"gateway_token_runs_models":false})", kGateway, kGateway,
       401, 10000},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    gateway.SetKnobs(AiKnobs());
    SetKnobs(c.knobs);
    const Response response =
        Sent(base + "/compat/chat/completions", Compat(), c.gateway_token, c.authorization);
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(CodeOf(response), c.code);
  }
}

TEST_F(AiCalls, OfAStepNeedItsOwnAuthorization) {
  std::string step = Step(kFreeModel);
  const std::string headers = R"("headers":{"Authorization":"Bearer workers-token"},)";
  step.erase(step.find(headers), headers.size());
  EXPECT_EQ(CodeOf(Post(base, "[" + step + "]")), 10000) << "a client lost it";
  EXPECT_EQ(
      Post(base, R"([{"authorization":"Bearer workers-token",)" + step.substr(1) + "]").status,
      200);
  SetKnobs(R"({"wai_auth_from_gateway_token":true})");
  EXPECT_EQ(Post(base, "[" + step + "]").status, 200);
}

TEST_F(AiCalls, OverTheApiNeedTheTokenOfWorkersAi) {
  const std::string run = kApi + "/ai/run/" + kFreeModel;
  EXPECT_EQ(Sent(run, R"({"prompt":"hi"})", "", "Bearer workers-token").status, 200);
  EXPECT_EQ(CodeOf(Sent(run, R"({"prompt":"hi"})", "", "Bearer wrong")), 10000);
  EXPECT_EQ(CodeOf(Sent(run, R"({"prompt":"hi"})", "Bearer gateway-token", "")), 10000);
  SetKnobs(R"({"gateway_token_runs_models":false})");
  EXPECT_EQ(CodeOf(Sent(kApi + "/ai/v1/chat/completions", Question(kFreeModel), "",
                        "Bearer gateway-token")),
            10000);
}

TEST_F(AiCalls, ComeByEveryPathOfTheApi) {
  const std::string chat = Question(kFreeModel);
  const std::string envelope =
      R"({"model":")" + std::string(kFreeModel) + R"(","input":{"prompt":"2+2"}})";
  std::string encoded = kFreeModel;
  encoded.replace(encoded.find('/'), 1, "%2F");
  const struct {
    std::string path;
    std::string body;
    bool through_gateway;
  } cases[] = {
      {"/ai/run/" + std::string(kFreeModel), R"({"prompt":"2+2"})", false},
      {"/ai/run/" + encoded, R"({"prompt":"2+2"})", false},
      {"/ai/run", envelope, true},
      {"/ai/v1/chat/completions", chat, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.path);
    const Response response = Sent(kApi + c.path, c.body, "", "Bearer workers-token");
    EXPECT_EQ(response.status, 200) << response.body.bytes();
    EXPECT_NE(response.body.bytes().find("2 + 2 = 4"), std::string::npos);
    EXPECT_EQ(response.headers.Has("cf-aig-log-id"), c.through_gateway);
    EXPECT_EQ(response.headers.Get("cf-aig-step"), c.through_gateway ? "0" : "");
  }
  const Headers gateway_id{{"cf-aig-gateway-id", "moltgate"}};
  EXPECT_EQ(Sent(kApi + cases[0].path, cases[0].body, "", "Bearer workers-token", gateway_id)
                .headers.Get("cf-aig-step"),
            "0");
  EXPECT_EQ(CodeOf(Sent(kApi + cases[0].path, cases[0].body, "", "Bearer workers-token",
                        {{"cf-aig-gateway-id", "nobody"}})),
            2001);
  EXPECT_EQ(CodeOf(Sent(kApi + "/ai/run", "{}", "", "Bearer workers-token")), 5006);
  EXPECT_EQ(CodeOf(Sent(kApi + "/ai/run", R"({"model":"@cf/x/y","input":{}})", "",
                        "Bearer workers-token")),
            7003);
}

TEST_F(AiCalls, MayBeMadeByTheRunPathAlone) {
  SetKnobs(R"({"strict_run_path":true})");
  EXPECT_EQ(CodeOf(Native(R"({"prompt":"hi"})")), 7003);
  EXPECT_EQ(Post(base + "/workers-ai/run/" + kFreeModel, R"({"prompt":"hi"})").status, 200);
}

TEST_F(AiCalls, MayHaveErrorsWithoutNames) {
  SetKnobs(R"({"legacy_envelope":true})");
  const Json body = Parsed(Post("/v1/" + std::string(test::kWireAccount) + "/nobody", "[]"));
  EXPECT_EQ(body["error"][0]["code"], 2001);
  EXPECT_EQ(body.size(), 4U) << body;
}

TEST_F(AiCalls, IgnoreOrRefuseSettingsThatMakeNoSense) {
  const char* wrong[][2] = {
      {"cf-aig-request-timeout", "soon"},   {"cf-aig-request-timeout", "0"},
      {"cf-aig-max-attempts", "6"},         {"cf-aig-retry-delay", "5001"},
      {"cf-aig-backoff", "quadratic"},      {"cf-aig-cache-ttl", "99999999"},
      {"cf-aig-skip-cache", "yes"},         {"cf-aig-collect-log", "1"},
      {"cf-aig-collect-log-payload", "no"}, {"cf-aig-custom-cost", R"({"per_token_in":1})"},
      {"cf-aig-otel-trace-id", "xyz"},      {"cf-aig-zdr", "maybe"},
  };
  for (const auto& [name, value] : wrong) {
    SCOPED_TRACE(std::string(name) + ": " + value);
    gateway.SetKnobs(AiKnobs());
    EXPECT_EQ(Chat(Question(kFreeModel), {{name, value}}).status, 200);
    SetKnobs(R"({"refuse_bad_settings":true})");
    EXPECT_EQ(CodeOf(Chat(Question(kFreeModel), {{name, value}})), 7001);
  }
  EXPECT_EQ(Chat(Question(kFreeModel), {{"cf-aig-metadata", "nonsense"}}).status, 200);
}

TEST(AiSettingsOfHeaders, AreReadWithTheirTypes) {
  AiSettings settings;
  EXPECT_EQ(ApplyAiHeaders({{"cf-cache-ttl", "5"},
                            {"CF-AIG-Cache-TTL", "120"},
                            {"cf-skip-cache", "true"},
                            {"cf-aig-cache-key", "mine"},
                            {"cf-aig-collect-log", "true"},
                            {"cf-aig-collect-log-payload", "false"},
                            {"cf-aig-event-id", "e1"},
                            {"cf-aig-byok-alias", "spare"},
                            {"cf-aig-custom-cost", R"({"per_token_in":0.5,"per_token_out":2})"},
                            {"cf-aig-otel-parent-span-id", "0123456789abcdef"}},
                           settings),
            "");
  EXPECT_EQ(settings.cache_ttl_s, 120) << "the new name counts";
  EXPECT_TRUE(settings.skip_cache);
  EXPECT_EQ(settings.cache_key, "mine");
  EXPECT_EQ(settings.collect_log, true);
  EXPECT_EQ(settings.collect_log_payload, false);
  EXPECT_EQ(settings.event_id, "e1");
  EXPECT_EQ(settings.byok_alias, "spare");
  ASSERT_TRUE(settings.custom_cost);
  EXPECT_FALSE(settings.custom_cost->total);
  EXPECT_EQ(settings.custom_cost->per_token_out, 2);
  EXPECT_EQ(ApplyAiHeaders({{"cf-aig-custom-cost", R"({"total_cost":0.1})"}}, settings), "");
  EXPECT_EQ(settings.custom_cost->total, 0.1);
}

TEST_F(AiCalls, SayNoLogIdWhereNothingIsLogged) {
  const Response response = Chat(Question(kFreeModel), {{"cf-aig-collect-log", "false"}});
  EXPECT_FALSE(response.headers.Has("cf-aig-log-id"));
  EXPECT_TRUE(response.headers.Has("cf-aig-event-id"));
}

TEST_F(AiCalls, TakeMetadataAndEventIdFromAStepTooAndForIt) {
  std::string step = Step(kFreeModel);
  const std::string plain = R"("headers":{)";
  step.replace(
      step.find(plain), plain.size(),
      R"("headers":{"cf-aig-metadata":"{\"sandbox_id\":\"sk-2\"}","cf-aig-event-id":"e2",)");
  const Response response =
      Post(base, "[" + step + "]",
           {{"cf-aig-metadata", R"({"sandbox_id":"sk-1"})"}, {"cf-aig-event-id", "e1"}});
  EXPECT_EQ(response.headers.Get("cf-aig-event-id"), "e2");
  EXPECT_EQ(note.tenant, "sk-2");
  EXPECT_EQ(gateway.seen().back().metadata_json, R"({"sandbox_id":"sk-2"})");
}

TEST_F(AiCalls, MayFailInOneOfTwoWaysWhenEveryStepFailed) {
  const std::string two = "[" + Step(kPremiumModel) + "," + Step(kFreeModel) + "]";
  test::Pull(faults, kPremiumModel, {.status = 503});
  test::Pull(faults, kFreeModel, {.status = 429});
  EXPECT_EQ(CodeOf(Post(base, two)), 3040);
  SetKnobs(R"({"all_failed":"aig2005"})");
  const Response wrapped = Post(base, two);
  EXPECT_EQ(wrapped.status, 400);
  EXPECT_EQ(CodeOf(wrapped), 2005);
  EXPECT_EQ(wrapped.headers.Get("cf-aig-step"), "1");
  EXPECT_TRUE(wrapped.headers.Has("cf-aig-log-id"));
  test::Pull(faults, kFreeModel, {.status = 400});
  EXPECT_EQ(CodeOf(Post(base, two)), 5006) << "the caller's own mistake";
}

TEST_F(AiCalls, MayFailInOneOfThreeWaysAtTheTimeLimit) {
  test::Pull(faults, kFreeModel, {.hang = true});
  const Headers limit{{"cf-aig-request-timeout", "100"}};
  for (const auto& [word, status] :
       {std::pair<std::string, int>{"aig2005", 400}, {"http408", 408}, {"http504", 504}}) {
    SetKnobs(R"({"time_limit_error":")" + word + R"("})");
    EXPECT_EQ(Chat(Question(kFreeModel), limit).status, status) << word;
  }
}

TEST_F(AiCalls, CountTriesAndExemptTheLastAsTheKnobsSay) {
  test::Pull(faults, kFreeModel, {.status = 500});
  const auto tries_of = [this](const Headers& headers) {
    gateway.Reset();
    Chat(Question(kFreeModel), headers);
    return gateway.seen().size();
  };
  EXPECT_EQ(tries_of({{"cf-aig-max-attempts", "2"}}), 2U);
  SetKnobs(R"({"tries_are_extra":true})");
  EXPECT_EQ(tries_of({{"cf-aig-max-attempts", "2"}}), 3U);
  EXPECT_EQ(tries_of({}), 1U);
  test::Pull(faults, kFreeModel, {.status = 404});
  EXPECT_EQ(tries_of({{"cf-aig-max-attempts", "2"}}), 1U);
  SetKnobs(R"({"retry_all_failures":true,"tries_are_extra":false,"final_try_exempt":false})");
  EXPECT_EQ(tries_of({{"cf-aig-max-attempts", "2"}}), 2U);
  test::Pull(faults, kFreeModel, {.hang = true});
  const Nanos before = Elapsed();
  Chat(Question(kFreeModel), {{"cf-aig-max-attempts", "2"}, {"cf-aig-request-timeout", "100"}});
  EXPECT_EQ(Elapsed() - before, milliseconds(200));
}

}  // namespace
}  // namespace mg::fake
