// The models in the dialects of OpenAI's responses and of Anthropic's messages.
#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "tests/support/ai_gateway_fixture.h"

namespace mg::fake {
namespace {

using test::kFreeModel;

constexpr const char* kParameters = R"({"type":"object","properties":{"city":{"type":"string"}}})";

class AiDialects : public test::AiGatewayFixture {
 protected:
  Response Responses(const std::string& members) { return Ask("responses", members); }
  Response Messages(const std::string& members) {
    return Ask("messages", R"("max_tokens":100,)" + members);
  }

  // The data of each event, whose name has to be the data's type.
  static std::vector<Json> EventsOf(const Response& response) {
    EXPECT_EQ(response.headers.Get("content-type"), "text/event-stream");
    std::string text;
    for (;;) {
      const auto piece = response.body.stream()->Next(kNever);
      EXPECT_TRUE(piece);
      if (!piece || piece->empty()) break;
      text += *piece;
    }
    std::vector<Json> events;
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t data = rest.find("\ndata: "), end = rest.find("\n\n");
      events.push_back(ParseJson(rest.substr(data + 7, end - data - 7)).value());
      EXPECT_EQ(rest.substr(0, data), "event: " + StringAt(events.back(), "type"));
      rest.remove_prefix(end + 2);
    }
    return events;
  }
  static std::vector<std::string> TypesOf(const std::vector<Json>& events) {
    std::vector<std::string> types;
    for (const Json& event : events) {
      const std::string type = StringAt(event, "type");
      if (types.empty() || types.back() != type) types.push_back(type);
    }
    return types;
  }

 private:
  Response Ask(const char* path, const std::string& members) {
    return Post(base + "/workers-ai/v1/" + path,
                "{" + members + R"(,"model":")" + kFreeModel + "\"}");
  }
};

TEST_F(AiDialects, AResponseIsAnObjectWithItsOutputAndUsage) {
  const Json response = Parsed(Responses(R"("input":"2+2")"));
  EXPECT_EQ(response["object"], "response");
  EXPECT_EQ(response["status"], "completed");
  EXPECT_EQ(response["model"], kFreeModel);
  ASSERT_EQ(response["output"].size(), 1U);
  EXPECT_EQ(response["output"][0]["role"], "assistant");
  EXPECT_EQ(response["output"][0]["content"][0]["text"], "2 + 2 = 4");
  EXPECT_EQ(response["usage"]["input_tokens"], 3);
  EXPECT_EQ(response["usage"]["output_tokens"], 5);
  EXPECT_EQ(response["usage"]["total_tokens"], 8);
}

TEST_F(AiDialects, AResponseTakesInstructionsItemsAndTheOutputOfCalls) {
  const Json response = Parsed(Responses(
      R"("instructions":"be brief","input":[
        {"role":"user","content":[{"type":"input_text","text":"2+2"}]},
        {"type":"function_call","call_id":"c1","name":"add","arguments":"{}"},
        {"type":"function_call_output","call_id":"c1","output":"4"}])"));
  EXPECT_EQ(response["status"], "completed") << response;
  EXPECT_EQ(response["usage"]["input_tokens"], 2 + 3 + 1);
}

TEST_F(AiDialects, AResponseCallsAToolAndSaysWhereItWasCut) {
  const std::string tool = R"("tools":[{"type":"function","name":"weather","parameters":)" +
                           std::string(kParameters) + "}]";
  const Json call = Parsed(
      Responses(R"("input":"hello","tool_choice":{"type":"function","name":"weather"},)" + tool));
  ASSERT_EQ(call["output"].size(), 1U) << call;
  EXPECT_EQ(call["output"][0]["type"], "function_call");
  EXPECT_EQ(call["output"][0]["name"], "weather");
  EXPECT_EQ(call["output"][0]["arguments"], R"({"city":"city"})");
  const Json cut = Parsed(Responses(R"("input":"2+2","max_output_tokens":2)"));
  EXPECT_EQ(cut["status"], "incomplete");
  EXPECT_EQ(cut["incomplete_details"]["reason"], "max_output_tokens");
  const Json json = Parsed(Responses(R"("input":"2+2","text":{"format":{"type":"json_object"}})"));
  EXPECT_EQ(json["output"][0]["content"][0]["text"], R"({"answer":"2 + 2 = 4"})");
}

TEST_F(AiDialects, AResponseStreamsNumberedEventsThatEndWithTheWholeOfIt) {
  const auto events = EventsOf(Responses(R"("input":"2+2","stream":true)"));
  EXPECT_EQ(
      TypesOf(events),
      (std::vector<std::string>{
          "response.created", "response.in_progress", "response.output_item.added",
          "response.content_part.added", "response.output_text.delta", "response.output_text.done",
          "response.content_part.done", "response.output_item.done", "response.completed"}));
  std::string said;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i]["sequence_number"], i);
    if (events[i]["type"] == "response.output_text.delta") said += StringAt(events[i], "delta");
  }
  EXPECT_EQ(said, "2 + 2 = 4");
  EXPECT_EQ(events.back()["response"]["output"][0]["content"][0]["text"], said);
  EXPECT_EQ(events.back()["response"]["id"], events.front()["response"]["id"]);
}

TEST_F(AiDialects, AResponseStreamsTheArgumentsOfACall) {
  const auto events =
      EventsOf(Responses(R"("input":"hello","stream":true,"tool_choice":"required","tools":)"
                         R"([{"type":"function","name":"weather","parameters":)" +
                         std::string(kParameters) + "}]"));
  std::string arguments;
  for (const Json& event : events)
    if (event["type"] == "response.function_call_arguments.delta")
      arguments += StringAt(event, "delta");
  EXPECT_EQ(arguments, R"({"city":"city"})");
  EXPECT_EQ(events.back()["response"]["output"][0]["arguments"], arguments);
}

TEST_F(AiDialects, AResponseRefusesWhatItCannotRead) {
  for (const char* members :
       {R"("messages":[])", R"("input":[])", R"("input":7)", R"("input":[{"role":"user"}])",
        R"("input":[{"type":"image"}])", R"("input":"x","instructions":1)",
        R"("input":"x","previous_response_id":"resp_1")", R"("input":"x","background":true)",
        R"("input":"x","tools":[{"type":"web_search"}])", R"("input":"x","tools":{})"})
    EXPECT_EQ(CodeOf(Responses(members)), 5006) << members;
  EXPECT_EQ(Parsed(Responses(R"("input":"2+2","background":false)"))["status"], "completed");
}

TEST_F(AiDialects, AMessageHasBlocksAStopReasonAndUsage) {
  const Json message = Parsed(Messages(R"("messages":[{"role":"user","content":"2+2"}])"));
  EXPECT_EQ(message["type"], "message");
  EXPECT_EQ(message["role"], "assistant");
  EXPECT_EQ(message["content"], Json::array({{{"type", "text"}, {"text", "2 + 2 = 4"}}}));
  EXPECT_EQ(message["stop_reason"], "end_turn");
  EXPECT_EQ(message["usage"], Json({{"input_tokens", 3}, {"output_tokens", 5}}));
}

TEST_F(AiDialects, AMessageTakesSystemTextBlocksAndTheResultsOfTools) {
  const Json message = Parsed(Messages(
      R"("system":[{"type":"text","text":"be brief"}],"messages":[
        {"role":"user","content":[{"type":"text","text":"2+2"}]},
        {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"add","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"4"}]}])"));
  EXPECT_EQ(message["usage"]["input_tokens"], 2 + 3 + 1) << message;
}

TEST_F(AiDialects, AMessageUsesAToolAndSaysWhereItWasCut) {
  const std::string asked = R"("messages":[{"role":"user","content":"hello"}],)";
  const Json used =
      Parsed(Messages(asked + R"("tool_choice":{"type":"tool","name":"weather"},"tools":)" +
                      R"([{"name":"weather","input_schema":)" + kParameters + "}]"));
  EXPECT_EQ(used["stop_reason"], "tool_use") << used;
  EXPECT_EQ(used["content"][0]["type"], "tool_use");
  EXPECT_EQ(used["content"][0]["input"], Json({{"city", "city"}}));
  const Json cut = Parsed(Post(base + "/workers-ai/v1/messages",
                               R"({"max_tokens":2,"messages":[{"role":"user","content":"2+2"}],)"
                               R"("model":")" +
                                   std::string(kFreeModel) + "\"}"));
  EXPECT_EQ(cut["stop_reason"], "max_tokens");
}

TEST_F(AiDialects, AMessageStreamsBlockAfterBlock) {
  const auto events =
      EventsOf(Messages(R"("stream":true,"messages":[{"role":"user","content":"2+2"}])"));
  EXPECT_EQ(TypesOf(events),
            (std::vector<std::string>{"message_start", "content_block_start", "content_block_delta",
                                      "content_block_stop", "message_delta", "message_stop"}));
  std::string said;
  for (const Json& event : events)
    if (event["type"] == "content_block_delta") said += StringAt(event["delta"], "text");
  EXPECT_EQ(said, "2 + 2 = 4");
  EXPECT_EQ(events[0]["message"]["usage"]["input_tokens"], 3);
  EXPECT_EQ(events[events.size() - 2]["usage"]["output_tokens"], 5);
}

TEST_F(AiDialects, AMessageRefusesWhatItCannotRead) {
  for (const char* members :
       {R"("input":"x")", R"("messages":[])", R"("messages":[{"role":"system","content":"x"}])",
        R"("messages":[{"role":"user"}])", R"("messages":[{"role":"user","content":[{}]}])",
        R"("messages":[{"role":"user","content":"x"}],"system":1)",
        R"("messages":[{"role":"user","content":"x"}],"tools":[{"type":"bash","name":"b"}])",
        R"("messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"maybe"})"})
    EXPECT_EQ(CodeOf(Messages(members)), 5006) << members;
  EXPECT_EQ(CodeOf(Post(base + "/workers-ai/v1/messages",
                        R"({"messages":[{"role":"user","content":"x"}],"model":")" +
                            std::string(kFreeModel) + "\"}")),
            5006)
      << "max_tokens is required";
}

TEST_F(AiDialects, TheOldPathsSpeakNeither) {
  for (const char* path : {"/compat/responses", "/compat/messages"})
    EXPECT_EQ(CodeOf(Post(base + path, R"({"model":"workers-ai/)" + std::string(kFreeModel) +
                                           R"(","input":"x","messages":[],"max_tokens":1})")),
              7003)
        << path;
}

}  // namespace
}  // namespace mg::fake
