// What the models of the AI Gateway fake can do beside talking: JSON mode, tools, embeddings, and
// what they cost and refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/ai/catalogue.h"
#include "fakes/ai/schema.h"
#include "tests/support/ai_gateway_fixture.h"

namespace mg::fake {
namespace {

using test::kFreeModel;
using test::kPremiumModel;
using ::testing::HasSubstr;

constexpr const char* kNewModel = "@cf/openai/gpt-oss-20b";
constexpr const char* kWeather =
    R"("tools":[{"type":"function","function":{"name":"getWeather","parameters":)"
    R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}}}}])";

class AiModelsFake : public test::AiGatewayFixture {
 protected:
  // With further members, each after a comma.
  Response ChatWith(const std::string& members, const std::string& text = "2+2",
                    const std::string& model = kFreeModel) {
    std::string body = Question(model, text);
    body.pop_back();
    return Chat(body + "," + members + "}");
  }
  Response NativeWith(const std::string& members, const std::string& text = "2+2",
                      const std::string& model = kFreeModel) {
    return Post(base + "/workers-ai/run/" + model,
                R"({"prompt":)" + DumpJson(Json(text)) + "," + members + "}");
  }
  static std::string Content(const Response& response) {
    return Parsed(response)["choices"][0]["message"]["content"].get<std::string>();
  }
};

TEST_F(AiModelsFake, AnswerInJsonAnObjectNativelyAndATextInOpenAisForm) {
  const std::string object = R"("response_format":{"type":"json_object"})";
  EXPECT_EQ(Content(ChatWith(object)), R"({"answer":"2 + 2 = 4"})");
  EXPECT_EQ(Parsed(NativeWith(object))["result"]["response"], Json({{"answer", "2 + 2 = 4"}}));
  const std::string schema =
      R"({"type":"object","properties":{"sum":{"type":"string"},"sure":{"type":"boolean"}}})";
  for (const std::string& format :
       {R"("response_format":{"type":"json_schema","json_schema":)" + schema + "}",
        R"("response_format":{"type":"json_schema","json_schema":{"name":"x","schema":)" + schema +
            "}}"}) {
    EXPECT_EQ(Parsed(NativeWith(format))["result"]["response"],
              Json({{"sum", "2 + 2 = 4"}, {"sure", true}}));
  }
}

TEST_F(AiModelsFake, RefuseJsonThatTheyCannotMakeOrStream) {
  EXPECT_EQ(CodeOf(ChatWith(
                R"("response_format":{"type":"json_schema","json_schema":{"pattern":"a+"}})")),
            5024);
  EXPECT_EQ(CodeOf(ChatWith(R"("response_format":{"type":"json_object"},"stream":true)")), 5006);
  EXPECT_EQ(CodeOf(ChatWith(R"("response_format":{"type":"xml"})")), 5006);
  EXPECT_EQ(CodeOf(ChatWith(R"("response_format":{"type":"json_schema"})")), 5006);
}

TEST_F(AiModelsFake, CallAToolThatTheQuestionNamesOrThatTheyMustCall) {
  const Json answer = Parsed(ChatWith(kWeather, "How is the weather in Oslo?"));
  const Json& message = answer["choices"][0]["message"];
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "tool_calls");
  EXPECT_TRUE(message["content"].is_null());
  EXPECT_EQ(message["tool_calls"][0]["type"], "function");
  EXPECT_EQ(message["tool_calls"][0]["function"]["name"], "getWeather");
  EXPECT_EQ(message["tool_calls"][0]["function"]["arguments"], R"({"city":"city","days":1})");
  EXPECT_THAT(message["tool_calls"][0]["id"].get<std::string>(), HasSubstr("chatcmpl-tool-"));
  EXPECT_GT(answer["usage"]["completion_tokens"], 0);

  const Json native = Parsed(NativeWith(kWeather, "How is the weather in Oslo?"))["result"];
  EXPECT_TRUE(native["response"].is_null());
  EXPECT_EQ(
      native["tool_calls"],
      Json::array({{{"name", "getWeather"}, {"arguments", {{"city", "city"}, {"days", 1}}}}}));

  EXPECT_EQ(Content(ChatWith(kWeather)), "2 + 2 = 4") << "not asked for";
  const auto calls = [&](const std::string& choice, const std::string& text) {
    return Parsed(ChatWith(std::string(kWeather) + R"(,"tool_choice":)" + choice,
                           text))["choices"][0]["finish_reason"] == "tool_calls";
  };
  EXPECT_TRUE(calls(R"("required")", "2+2"));
  EXPECT_TRUE(calls(R"({"type":"function","function":{"name":"getWeather"}})", "2+2"));
  EXPECT_FALSE(calls(R"("none")", "the weather"));
}

TEST_F(AiModelsFake, AnswerInWordsOnceAToolHasSpoken) {
  const std::string body = R"({"model":")" + std::string(kFreeModel) + R"(",)" + kWeather +
                           R"(,"messages":[{"role":"user","content":"the weather?"},)"
                           R"({"role":"assistant","content":null,"tool_calls":[{"id":"1"}]},)"
                           R"({"role":"tool","tool_call_id":"1","content":"sunny"}]})";
  EXPECT_EQ(Parsed(Chat(body))["choices"][0]["finish_reason"], "stop");
}

TEST_F(AiModelsFake, RefuseToolsAndChoicesThatAreNone) {
  EXPECT_EQ(CodeOf(ChatWith(std::string(kWeather) + R"(,"tool_choice":"any")")), 8001);
  EXPECT_EQ(CodeOf(ChatWith(std::string(kWeather) +
                            R"(,"tool_choice":{"type":"function","function":{"name":"x"}})")),
            5006);
  for (const char* tools : {R"("tools":{})", R"("tools":[1])", R"("tools":[{"name":""}])",
                            R"("tools":[{"name":"x","parameters":[]}])"})
    EXPECT_EQ(CodeOf(ChatWith(tools)), 5006) << tools;
  EXPECT_EQ(ChatWith(R"("tools":[{"name":"x","parameters":{"type":"object"}}])").status, 200);
}

TEST_F(AiModelsFake, StreamAToolCallInPieces) {
  const auto events = Events(ChatWith(std::string(kWeather) + R"(,"stream":true)", "the weather?"));
  std::string arguments, name, id;
  for (const std::string& event : events) {
    const auto json = ParseJson(event);
    if (!json || !(*json).contains("choices") || (*json)["choices"].empty()) continue;
    const Json& delta = (*json)["choices"][0]["delta"];
    if (!delta.contains("tool_calls")) continue;
    const Json& call = delta["tool_calls"][0];
    EXPECT_EQ(call["index"], 0);
    id += StringAt(call, "id");
    name += StringAt(call["function"], "name");
    arguments += StringAt(call["function"], "arguments");
  }
  EXPECT_EQ(name, "getWeather");
  EXPECT_EQ(arguments, R"({"city":"city","days":1})");
  EXPECT_EQ(id.rfind("chatcmpl-tool-"), 0U) << "once";
  EXPECT_THAT(events[events.size() - 3], HasSubstr(R"("finish_reason":"tool_calls")"));

  const auto native =
      Events(NativeWith(std::string(kWeather) + R"(,"stream":true)", "the weather?"));
  EXPECT_THAT(native[0], HasSubstr(R"({"tool_calls":[{"name":"getWeather","arguments":{"city")"));
}

TEST_F(AiModelsFake, MayAnswerNativeCallsWithACompletion) {
  const Json by_model = Parsed(NativeWith(R"("max_tokens":50)", "2+2", kNewModel))["result"];
  EXPECT_EQ(by_model["object"], "chat.completion");
  EXPECT_EQ(by_model["choices"][0]["message"]["content"], "2 + 2 = 4");
  SetKnobs(R"({"result_form":"choices"})");
  EXPECT_TRUE(Parsed(NativeWith(R"("max_tokens":50)"))["result"].contains("choices"));
  SetKnobs(R"({"result_form":"response"})");
  EXPECT_TRUE(
      Parsed(NativeWith(R"("max_tokens":50)", "2+2", kNewModel))["result"].contains("response"));
}

TEST_F(AiModelsFake, OfTheNewerKindStreamChunksAndThenTheTrueUsageNatively) {
  const auto events = Events(NativeWith(R"("stream":true)", "2+2", kNewModel));
  EXPECT_THAT(events[0], HasSubstr("chat.completion.chunk"));
  EXPECT_THAT(events[events.size() - 2], HasSubstr(R"({"response":"","usage":)"));
}

TEST_F(AiModelsFake, SayOtherWordsForAnotherSeedAndTheSameForTheSame) {
  const auto said = [this](const std::string& seed) {
    return Content(ChatWith(R"("seed":)" + seed, "tell me a story"));
  };
  EXPECT_EQ(said("7"), said("7"));
  int different = 0;
  for (int seed = 1; seed < 12; ++seed) different += said(std::to_string(seed)) != said("12");
  EXPECT_GT(different, 5);
}

TEST_F(AiModelsFake, MayCountNeuronsInTheirUsage) {
  SetKnobs(R"({"usage_neurons":true})");
  const Json usage = Parsed(Chat(Question(kFreeModel)))["usage"];
  EXPECT_DOUBLE_EQ(usage["neurons"].get<double>(), 0.186697);
  EXPECT_EQ(usage["prompt_tokens_details"]["cached_tokens"], 0);
}

TEST_F(AiModelsFake, CostWhatWasSeenToBeBilled) {
  const AiModel& model = *FindAiModel("@cf/meta/llama-3.2-3b-instruct");
  EXPECT_EQ(NeuronsText(MicroNeurons(model, 42, 2)), "0.2552");
  EXPECT_NEAR(static_cast<double>(MicroNeurons(model, 42, 2) * kPicodollarsPerMicroNeuron) / 1e12,
              2.807e-6, 5e-10);
  const AiModel& fp8 = *FindAiModel("@cf/meta/llama-3.1-8b-instruct-fp8");
  EXPECT_NEAR(static_cast<double>(MicroNeurons(fp8, 25, 13) * kPicodollarsPerMicroNeuron) / 1e12,
              7.525e-6, 5e-10);
}

TEST_F(AiModelsFake, RefuseAsTheirKindDoes) {
  std::string words;
  for (int i = 0; i < 131'000; ++i) words += "w ";
  const Response vllm = ChatWith(R"("max_tokens":1000)", words, "@cf/google/gemma-4-26b-a4b-it");
  EXPECT_EQ(CodeOf(vllm), 8007) << "131,072 are enforced, whatever is documented";
  EXPECT_THAT(vllm.body.bytes(), HasSubstr("maximum context length is 131072 tokens"));
  EXPECT_EQ(CodeOf(ChatWith(R"("lora":"mine")")), 5005);
  EXPECT_EQ(CodeOf(ChatWith(R"("top_p":2)", "2+2", kPremiumModel)), 5006);
  EXPECT_EQ(ChatWith(R"("top_p":2)").status, 200);
  EXPECT_EQ(ChatWith(R"("presence_penalty":-2)", "2+2", kPremiumModel).status, 200);
  EXPECT_EQ(CodeOf(ChatWith(R"("presence_penalty":-2)")), 5006);
}

TEST_F(AiModelsFake, EmbedTextsNativelyAndInOpenAisForm) {
  const std::string path = base + "/workers-ai/@cf/baai/bge-base-en-v1.5";
  const Json native = Parsed(Post(path, R"({"text":["a cat","the cat","tax law"]})"))["result"];
  EXPECT_EQ(native["shape"], Json::array({3, 768}));
  EXPECT_EQ(native["pooling"], "mean");
  const auto dot = [&](int a, int b) {
    double sum = 0;
    for (int i = 0; i < 768; ++i)
      sum += native["data"][a][i].get<double>() * native["data"][b][i].get<double>();
    return sum;
  };
  EXPECT_NEAR(dot(0, 0), 1, 1e-3);
  EXPECT_GT(dot(0, 1), dot(0, 2)) << "texts that share a word are nearer";

  const std::string model = R"({"model":"@cf/baai/bge-small-en-v1.5","input":)";
  const Json floats = Parsed(Post(base + "/workers-ai/v1/embeddings", model + R"("a cat"})"));
  EXPECT_EQ(floats["object"], "list");
  EXPECT_EQ(floats["data"][0]["embedding"].size(), 384U);
  EXPECT_EQ(floats["usage"], Json({{"prompt_tokens", 2}, {"total_tokens", 2}}));
  const Json base64 = Parsed(
      Post(base + "/workers-ai/v1/embeddings", model + R"("a cat","encoding_format":"base64"})"));
  EXPECT_EQ(Base64Decode(base64["data"][0]["embedding"].get<std::string>())->size(), 384U * 4);
  EXPECT_EQ(Parsed(Post(base + "/compat/embeddings",
                        R"({"model":"workers-ai/@cf/baai/bge-m3","input":["x"]})"))["data"]
                .size(),
            1U);
}

TEST_F(AiModelsFake, CountNoTokensOfBgeM3) {
  const Response response = Post(base + "/workers-ai/@cf/baai/bge-m3", R"({"text":"many words"})");
  EXPECT_EQ(response.headers.Get("cf-ai-neurons"), "0.0");
  EXPECT_TRUE(Parsed(response)["result"]["response"].is_null());
  EXPECT_EQ(Post(base + "/workers-ai/@cf/baai/bge-small-en-v1.5", R"({"text":"many words"})")
                .headers.Get("cf-ai-neurons"),
            "0.003682");
}

TEST_F(AiModelsFake, RefuseBadEmbeddings) {
  const std::string path = base + "/workers-ai/@cf/baai/bge-base-en-v1.5";
  std::string many = R"({"text":["a")";
  for (int i = 0; i < 100; ++i) many += R"(,"a")";
  for (const std::string& body :
       {std::string("{}"), std::string(R"({"text":[]})"), std::string(R"({"text":[1]})"),
        std::string(R"({"text":""})"), std::string(R"({"text":"a","pooling":"max"})"), many + "]}"})
    EXPECT_EQ(CodeOf(Post(path, body)), 5006) << body;
  EXPECT_EQ(CodeOf(ChatWith(R"("n":1)", "2+2", "@cf/baai/bge-m3")), 5007);
  EXPECT_EQ(CodeOf(Post(base + "/workers-ai/v1/embeddings",
                        R"({"model":")" + std::string(kFreeModel) + R"(","input":"x"})")),
            5007);
}

TEST_F(AiModelsFake, AreListedWithPrices) {
  Request request;
  request.target = base + "/compat/v1/models";
  request.headers.Set("cf-aig-authorization", "Bearer gateway-token");
  const Json list = Parsed(Handle(request));
  EXPECT_EQ(list["object"], "list");
  bool found = false;
  for (const Json& model : list["data"]) {
    EXPECT_NE(model["id"], "workers-ai/@cf/meta/llama-3.1-8b-instruct") << "deprecated";
    if (model["id"] != "workers-ai/" + std::string(kFreeModel)) continue;
    found = true;
    EXPECT_NEAR(model["cost_in"].get<double>(), 0.045e-6, 1e-9);
    EXPECT_NEAR(model["cost_out"].get<double>(), 0.384e-6, 1e-9);
  }
  EXPECT_TRUE(found);
}

TEST(JsonSchemaInstance, FitsItsSchemaOrIsNone) {
  const struct {
    const char* schema;
    const char* instance;  // "": none
  } cases[] = {
      {R"({"type":"integer","minimum":3,"multipleOf":5})", "5"},
      {R"({"type":"integer","exclusiveMinimum":3})", "4"},
      {R"({"type":"number","maximum":0.5})", "0.5"},
      {R"({"type":"number","minimum":-5,"maximum":-1})", "-1.0"},
      {R"({"type":"integer","minimum":2,"maximum":1})", ""},
      {R"({"type":"string","maxLength":2})", R"("te")"},
      {R"({"type":"string","minLength":6})", R"("text..")"},
      {R"({"type":"string","format":"date"})", R"("2026-01-01")"},
      {R"({"type":"string","pattern":"x"})", ""},
      {R"({"type":["null","boolean"]})", "true"},
      {R"({"enum":["b","a"]})", R"("b")"},
      {R"({"const":7})", "7"},
      {R"({"type":"array","items":{"type":"null"},"minItems":2})", "[null,null]"},
      {R"({"type":"array","items":{},"minItems":3,"maxItems":2})", ""},
      {R"({"anyOf":[{"type":"boolean"},{"type":"null"}]})", "true"},
      {R"({"$defs":{"n":{"type":"integer"}},"properties":{"x":{"$ref":"#/$defs/n"}}})",
       R"({"x":1})"},
      {R"({"properties":{"x":{"$ref":"#"}}})", ""},
      {R"({"type":"object","required":["name"]})", R"({"name":"text"})"},
      {R"({"$ref":"#/nowhere"})", ""},
      {R"({"type":"date"})", ""},
      {"7", ""},
  };
  for (const auto& c : cases) {
    const auto made = InstanceOf(*ParseJson(c.schema), [](std::string_view) { return "text"; });
    EXPECT_EQ(made ? DumpJson(*made) : "", c.instance) << c.schema;
  }
}

}  // namespace
}  // namespace mg::fake
