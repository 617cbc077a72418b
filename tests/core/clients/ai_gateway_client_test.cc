#include <gtest/gtest.h>

#include "core/base/json.h"
#include "core/clients/ai_gateway.h"
#include "core/clients/chat_body.h"
#include "tests/support/ai_wire.h"
#include "tests/support/fixed_random.h"
#include "tests/support/local_transport.h"
#include "tests/support/stepped_runtime.h"

namespace mg {
namespace {

using test::kFreeModel;
using test::kPremiumModel;

constexpr const char* kMetadata =
    R"({"platform":"web","sandbox_id":"sk-986c0dc956dc822b","tier":"free","workload":"chat"})";
constexpr const char* kChat =
    R"( { "stream" : false, "messages":[{"role":"user","content":"What is 2+2?"}] , "model":"auto",
        "temperature" :0.20 } )";

ChatBody Chat() {
  return *ReadChatBody(kChat);
}

// Keeps the last request and answers with one response.
class Recorder final : public Handler {
 public:
  Response Handle(Request& request, const Peer&, CancelToken&) override {
    last = request;
    return answer;
  }
  Request last;
  Response answer;
};

class AiGatewayWire : public ::testing::Test {
 protected:
  AiGatewayWire() { transport.Route(test::kWireOrigin, service); }

  static AiGatewaySettings SettingsOfWire() {
    AiGatewaySettings settings;
    settings.base = std::string(test::kWireOrigin) + "/v1/" + test::kWireAccount + "/moltgate";
    settings.api_key = "gateway-token";
    settings.workers_ai_token = "workers-token";
    return settings;
  }
  void ExpectSent(const std::string& name) {
    const Request expected = test::WireRequest(name);
    EXPECT_EQ(service.last.method, expected.method);
    EXPECT_EQ(service.last.target, expected.target);
    EXPECT_EQ(service.last.body.bytes(), expected.body.bytes());
    for (const auto& line : expected.headers.lines())
      EXPECT_EQ(service.last.headers.Get(line.name), line.value) << line.name;
    EXPECT_EQ(service.last.headers.lines().size(), expected.headers.lines().size() + 1);  // host
  }

  test::SteppedRuntime runtime;
  test::LocalTransport transport{runtime};
  Recorder service;
  AiGatewayClient client{transport, SettingsOfWire()};
  CancelToken cancel;
};

TEST_F(AiGatewayWire, SendsOneStepWithTheCallersBodyAsItWasWritten) {
  service.answer = test::WireResponse("universal_one_step");
  const auto response = client.Universal({{kFreeModel, 8000}}, Chat(), kMetadata, {}, cancel);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body.bytes(), service.answer.body.bytes());
  ExpectSent("universal_one_step");
}

TEST_F(AiGatewayWire, SendsPrimaryAndFallbackAsTwoSteps) {
  service.answer = test::WireResponse("universal_fallback");
  const auto response =
      client.Universal({{kPremiumModel, 20000}, {kFreeModel, 8000}}, Chat(), kMetadata, {}, cancel);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->headers.Get("cf-aig-step"), "1");
  ExpectSent("universal_fallback");
  EXPECT_EQ(service.last.body.bytes().find("maxAttempts"), std::string::npos);
}

TEST_F(AiGatewayWire, SpeaksToWorkersAiItselfInTheDirectStrategy) {
  service.answer = test::WireResponse("direct_chat");
  ASSERT_TRUE(client.Direct({kFreeModel, 8000}, Chat(), kMetadata, {}, cancel));
  ExpectSent("direct_chat");
}

TEST_F(AiGatewayWire, SpeaksToADeployedRouteInTheDynamicStrategy) {
  AiGatewaySettings settings = SettingsOfWire();
  settings.dynamic_route = "support";
  AiGatewayClient dynamic(transport, settings);
  const ChatBody chat = *ReadChatBody(R"({"stream":true,"model":"auto","n":1})");
  ASSERT_TRUE(dynamic.Dynamic(chat, kMetadata, {}, cancel));
  EXPECT_EQ(service.last.target,
            "/v1/" + std::string(test::kWireAccount) + "/moltgate/compat/chat/completions");
  EXPECT_EQ(service.last.body.bytes(), R"({"model":"dynamic/support","stream":true,"n":1})");
  EXPECT_EQ(service.last.headers.Get("authorization"), "Bearer workers-token");
  EXPECT_EQ(service.last.headers.Get("cf-aig-authorization"), "Bearer gateway-token");
  EXPECT_EQ(service.last.headers.Get("cf-aig-metadata"), kMetadata);
}

TEST_F(AiGatewayWire, LetsOneKeyServeBothUnlessWorkersAiHasItsOwn) {
  AiGatewaySettings settings = SettingsOfWire();
  settings.workers_ai_token.clear();
  AiGatewayClient one_key(transport, settings);
  ASSERT_TRUE(one_key.Direct({kFreeModel, 1}, Chat(), kMetadata, {}, cancel));
  EXPECT_EQ(service.last.headers.Get("authorization"), "Bearer gateway-token");
  EXPECT_EQ(service.last.headers.Get("cf-aig-authorization"), "Bearer gateway-token");
  ASSERT_TRUE(one_key.Universal({{kFreeModel, 1}}, Chat(), kMetadata, {}, cancel));
  EXPECT_NE(service.last.body.bytes().find(R"("Authorization":"Bearer gateway-token")"),
            std::string::npos);
}

TEST_F(AiGatewayWire, HandsErrorAnswersBackAsAnswers) {
  service.answer = test::WireResponse("error_capacity");
  const auto response = client.Universal({{kFreeModel, 8000}}, Chat(), kMetadata, {}, cancel);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 429);
}

TEST_F(AiGatewayWire, HandsTransportErrorsOn) {
  transport.before = [](int, const Request&) { return Error{Code::kUnavailable, "refused", true}; };
  EXPECT_EQ(client.Direct({kFreeModel, 1}, Chat(), kMetadata, {}, cancel).error().code,
            Code::kUnavailable);
  EXPECT_EQ(transport.calls(), 1);
}

TEST(ChatBodyText, KeepsEveryMemberButModelAndStreamAsItWasWritten) {
  const auto body = ReadChatBody(
      "{\"a\" : 1e400 ,\"model\":\"x\", \"n\":{\"model\":[\"}\\\"\",{}]},\"\\u006dodel\":\"y\",\r\n"
      "\"stream\":true,\"seed\":12345678901234567890123}");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->model_json, R"("y")");
  EXPECT_EQ(
      WithModel(*body, "m\"1"),
      R"({"model":"m\"1","stream":true,"a":1e400,"n":{"model":["}\"",{}]},"seed":12345678901234567890123})");
  EXPECT_EQ(WithModel(*ReadChatBody(" {} "), "m"), R"({"model":"m"})");
  EXPECT_EQ(ReadChatBody(R"({"a":1})")->model_json, std::nullopt);
}

TEST(ChatBodyText, KeepsStreamOnlyWhereItIsTrue) {
  const auto sent = [](const char* text) { return WithModel(*ReadChatBody(text), "m"); };
  EXPECT_EQ(sent(R"({"stream" : true,"a":1})"), R"({"model":"m","stream":true,"a":1})");
  for (const char* stream : {"false", "null", "1", "\"true\"", "{}"})
    EXPECT_EQ(sent((R"({"stream":)" + std::string(stream) + R"(,"a":1})").c_str()),
              R"({"model":"m","a":1})");
  EXPECT_EQ(sent(R"({"stream":true,"stream":false})"), R"({"model":"m"})");
}

TEST(ChatBodyText, RefusesWhatIsNotOneObject) {
  for (const char* text :
       {"", "[]", "{", "}", "{}{}", "{} x", R"({"a"})", R"({"a":})", R"({"a":1,})", R"({,"a":1})",
        R"({"a":1 "b":2})", R"({"a":[}]})", R"({"a":{]})", R"({"a":"x)", R"({"a":"x\)", R"({a:1})",
        R"({"a":1},{"provider":"x"})", R"({"a":1]})", "\"x\""})
    EXPECT_FALSE(ReadChatBody(text)) << text;
  const std::string deep = R"({"a":)" + std::string(1'000'000, '[');
  EXPECT_FALSE(ReadChatBody(deep));
}

// Whatever strict JSON the caller wrote, the text sent is JSON with the same members.
TEST(ChatBodyText, AgreesWithAParserOnMutatedBodies) {
  test::FixedRandom random(5);
  const std::string good =
      R"({"model":"auto","messages":[{"role":"user","content":"a \"b\" \\ {}[],:"}],"n":[1,2.5,null,true],"stream":false})";
  int accepted = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text = good;
    for (std::uint64_t n = 1 + random.Below(3); n > 0; --n) {
      const std::size_t at = random.Below(text.size());
      if (random.Below(2) == 0) {
        text[at] = "{}[]\",:\\ 1a"[random.Below(11)];
      } else {
        text.erase(at, 1);
      }
    }
    const auto body = ReadChatBody(text);
    auto parsed = ParseJson(text);
    if (!parsed || !parsed->is_object()) continue;
    ++accepted;
    ASSERT_TRUE(body) << text;
    const Json* stream = Find(*parsed, "stream");
    if (stream == nullptr || *stream != Json(true)) parsed->erase("stream");
    (*parsed)["model"] = "m";
    const auto sent = ParseJson(WithModel(*body, "m"));
    ASSERT_TRUE(sent) << text;
    EXPECT_EQ(*sent, *parsed) << text;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace mg
