#include "core/gateway/routes/chat_input.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/world.h"

namespace mg {
namespace {

Json ChatWith(const std::string& members) {
  return *ParseJson(R"({"messages":[{"role":"user","content":"hi"}])" +
                    (members.empty() ? "" : "," + members) + "}");
}

Json ChatOf(const std::string& messages) {
  return *ParseJson(R"({"messages":)" + messages + "}");
}

std::string Param(const Json& chat) {
  const auto problem = CheckChat(chat);
  return problem ? problem->param : "";
}

TEST(ChatInput, AcceptsWhatOpenAisClientsSend) {
  for (
      const char* members : {
          "",
          R"("model":"auto","temperature":0.2,"top_p":1,"n":1,"stream":false,"stop":"x","user":"u")",
          R"("model":null,"temperature":null,"max_tokens":null,"tools":null,"stop":null,"stream":null)",
          R"("max_tokens":100,"seed":-5,"logprobs":true,"top_logprobs":5,"stop":["a","b","c","d"])",
          R"("max_completion_tokens":1,"presence_penalty":-2,"frequency_penalty":2.0)",
          R"("stream":true,"stream_options":{"include_usage":true})",
          R"("response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{}}})",
          R"("response_format":{"type":"text"})",
          R"("tools":[{"type":"function","function":{"name":"get_weather-1","parameters":{}}}])",
          R"("tool_choice":"required","parallel_tool_calls":false)",
          R"("tool_choice":{"type":"function","function":{"name":"f"}})",
          R"("something_new":{"a":[1]},"metadata":{},"logit_bias":{"1":-100})",
      })
    EXPECT_EQ(Param(ChatWith(members)), "") << members;
  EXPECT_EQ(Param(ChatOf(R"([
      {"role":"system","content":"s"},
      {"role":"developer","content":[{"type":"text","text":"t"}]},
      {"role":"user","name":"ann","content":[{"type":"image_url","image_url":{"url":"https://x"}},
                                             {"type":"something_new"}]},
      {"role":"assistant","content":null,"tool_calls":[
          {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"c1","content":"4"},
      {"role":"assistant","content":"done","refusal":null}])")),
            "");
}

TEST(ChatInput, NamesTheParameterThatIsWrong) {
  const struct {
    const char* members;
    const char* param;
  } cases[] = {
      {R"("model":7)", "model"},
      {R"("temperature":"hot")", "temperature"},
      {R"("temperature":5.1)", "temperature"},
      {R"("temperature":-0.1)", "temperature"},
      {R"("top_p":3)", "top_p"},
      {R"("presence_penalty":-2.5)", "presence_penalty"},
      {R"("n":0)", "n"},
      {R"("n":1.5)", "n"},
      {R"("n":129)", "n"},
      {R"("max_tokens":0)", "max_tokens"},
      {R"("max_tokens":"100")", "max_tokens"},
      {R"("max_tokens":1e3)", "max_tokens"},
      {R"("max_completion_tokens":-1)", "max_completion_tokens"},
      {R"("top_logprobs":21)", "top_logprobs"},
      {R"("seed":"x")", "seed"},
      {R"("stream":"true")", "stream"},
      {R"("stream":1)", "stream"},
      {R"("logprobs":0)", "logprobs"},
      {R"("stop":7)", "stop"},
      {R"("stop":["a",7])", "stop"},
      {R"("stop":["a","b","c","d","e"])", "stop"},
      {R"("stream_options":{"include_usage":true})", "stream_options"},
      {R"("stream":true,"stream_options":[])", "stream_options"},
      {R"("stream":true,"stream_options":{"include_usage":1})", "stream_options.include_usage"},
      {R"("response_format":"json")", "response_format"},
      {R"("response_format":{"type":"xml"})", "response_format.type"},
      {R"("response_format":{"type":"json_schema"})", "response_format.json_schema"},
      {R"("tools":{})", "tools"},
      {R"("tools":[7])", "tools[0]"},
      {R"("tools":[{"type":"code"}])", "tools[0].type"},
      {R"("tools":[{"type":"function"}])", "tools[0].function"},
      {R"("tools":[{"type":"function","function":{"name":"a b"}}])", "tools[0].function.name"},
      {R"("tools":[{"type":"function","function":{"name":"a","parameters":7}}])",
       "tools[0].function.parameters"},
      {R"("tool_choice":"any")", "tool_choice"},
      {R"("tool_choice":{"type":"function"})", "tool_choice"},
  };
  for (const auto& c : cases) {
    const auto problem = CheckChat(ChatWith(c.members));
    ASSERT_TRUE(problem) << c.members;
    EXPECT_EQ(problem->param, c.param) << c.members;
    EXPECT_NE(problem->message.find(c.param), std::string::npos) << problem->message;
  }
}

TEST(ChatInput, NamesThePlaceWithinTheMessages) {
  const struct {
    const char* messages;
    const char* param;
  } cases[] = {
      {"null", "messages"},
      {"{}", "messages"},
      {"[]", "messages"},
      {"[7]", "messages[0]"},
      {R"([{"content":"x"}])", "messages[0].role"},
      {R"([{"role":"User","content":"x"}])", "messages[0].role"},
      {R"([{"role":"user","content":"x"},{"role":7,"content":"x"}])", "messages[1].role"},
      {R"([{"role":"user"}])", "messages[0].content"},
      {R"([{"role":"user","content":null}])", "messages[0].content"},
      {R"([{"role":"assistant","content":null}])", "messages[0].content"},
      {R"([{"role":"user","content":7}])", "messages[0].content"},
      {R"([{"role":"user","content":[]}])", "messages[0].content"},
      {R"([{"role":"user","content":["x"]}])", "messages[0].content[0]"},
      {R"([{"role":"user","content":[{"text":"x"}]}])", "messages[0].content[0].type"},
      {R"([{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text"},
      {R"([{"role":"user","content":[{"type":"image_url","image_url":"x"}]}])",
       "messages[0].content[0].image_url"},
      {R"([{"role":"user","content":"x","name":7}])", "messages[0].name"},
      {R"([{"role":"tool","content":"x"}])", "messages[0].tool_call_id"},
      {R"([{"role":"assistant","tool_calls":{}}])", "messages[0].tool_calls"},
      {R"([{"role":"assistant","tool_calls":[{}]}])", "messages[0].tool_calls[0].id"},
      {R"([{"role":"assistant","tool_calls":[{"id":"c"}]}])",
       "messages[0].tool_calls[0].function.name"},
      {R"([{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":{}}}]}])",
       "messages[0].tool_calls[0].function.arguments"},
  };
  for (const auto& c : cases) EXPECT_EQ(Param(ChatOf(c.messages)), c.param) << c.messages;
  EXPECT_EQ(Param(*ParseJson("{}")), "messages");
}

TEST(ChatInput, IsRefusedInOpenAisShapeWithItsParam) {
  test::World w;
  w.AddTenant("acme");
  const Response refused = w.Chat("acme", w.AddKey("acme"), "hi", R"(,"temperature":9)");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(*ParseJson(refused.body.bytes()),
            *ParseJson(R"({"error":{"message":"\"temperature\" must be from 0 to 5.",
                "type":"invalid_request_error","code":"invalid_input","param":"temperature"}})"));
  EXPECT_TRUE(w.ai.seen().empty());
}

}  // namespace
}  // namespace mg
