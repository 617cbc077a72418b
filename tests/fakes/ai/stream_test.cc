// The streams of the AI Gateway fake: their shapes, their time, and how they go wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/base/json.h"
#include "fakes/ai/model.h"
#include "tests/support/ai_gateway_fixture.h"

namespace mg::fake {
namespace {

using std::chrono::milliseconds;
using test::kFreeModel;
using test::kPremiumModel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class AiStreams : public test::AiGatewayFixture {
 protected:
  static std::string Streamed(std::string question) {
    question.pop_back();
    return question + R"(,"stream":true})";
  }
  Response StreamedChat(const std::string& text = "2+2", Headers extra = {}) {
    return Chat(Streamed(Question(kFreeModel, text)), std::move(extra));
  }
  Response StreamedRun(const std::string& text = "2+2") {
    return Native(R"({"prompt":")" + text + R"(","stream":true})");
  }
  static Json At(const std::vector<std::string>& events, std::size_t i) {
    auto json = ParseJson(events.at(i));
    EXPECT_TRUE(json.ok()) << events.at(i);
    return json.ok() ? *json : Json();
  }
  static std::string Said(const std::vector<std::string>& events) {
    std::string text;
    for (const std::string& event : events) {
      const auto json = ParseJson(event);
      if (!json) continue;
      if (const Json* piece = Find(*json, "response")) text += piece->get<std::string>();
      const Json* choices = Find(*json, "choices");
      if (choices != nullptr && !choices->empty())
        text += StringAt((*choices)[0]["delta"], "content");
    }
    return text;
  }
  void AddThen(std::int64_t after_chunks, FaultRule::Then then, std::int64_t code = 0) {
    FaultRule rule;
    rule.operation = "ai.run";
    rule.after_chunks = after_chunks;
    rule.then = then;
    rule.code = code;
    faults.Add(rule);
  }
};

TEST_F(AiStreams, SpeakOpenAisChunks) {
  const Response response = StreamedChat();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("content-type"), "text/event-stream");
  EXPECT_EQ(response.headers.Get("cf-aig-step"), "0");
  const auto events = Events(response);
  ASSERT_EQ(events.size(), 9U);  // role, five tokens, finish, usage, [DONE]
  const Json first = At(events, 0);
  EXPECT_EQ(first["object"], "chat.completion.chunk");
  EXPECT_EQ(first["model"], kFreeModel);
  EXPECT_EQ(first["choices"][0]["delta"], Json({{"role", "assistant"}, {"content", ""}}));
  EXPECT_TRUE(first["choices"][0]["finish_reason"].is_null());
  EXPECT_EQ(Said(events), "2 + 2 = 4");
  EXPECT_EQ(At(events, 6)["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(At(events, 7)["choices"], Json::array());
  EXPECT_EQ(At(events, 7)["usage"],
            Json({{"prompt_tokens", 3}, {"completion_tokens", 5}, {"total_tokens", 8}}));
  EXPECT_EQ(events[8], "[DONE]");
  std::set<std::string> ids;
  for (std::size_t i = 0; i < 8; ++i) ids.insert(At(events, i)["id"].get<std::string>());
  EXPECT_EQ(ids.size(), 1U);
}

TEST_F(AiStreams, SpeakNativeFramesWithPaddingOfManyLengths) {
  const auto events = Events(StreamedRun("tell me a story"));
  ASSERT_GT(events.size(), 10U);
  EXPECT_EQ(events.back(), "[DONE]");
  EXPECT_EQ(At(events, 0)["response"], TokenPieces(Said(events)).front());
  std::set<std::size_t> lengths;
  for (std::size_t i = 0; i + 2 < events.size(); ++i) {
    const std::string padding = StringAt(At(events, i), "p");
    EXPECT_FALSE(padding.empty());
    lengths.insert(padding.size());
  }
  EXPECT_GT(lengths.size(), 5U);
  EXPECT_EQ(At(events, events.size() - 3)["tool_calls"], Json::array());
  const Json last = At(events, events.size() - 2);
  EXPECT_EQ(last["response"], "");
  EXPECT_EQ(last["usage"]["completion_tokens"], CountTokens(Said(events)));
}

TEST_F(AiStreams, ComeFromEveryPathThatAnswersChats) {
  const std::string compat = std::string(R"({"model":"workers-ai/)") + kFreeModel +
                             R"(","stream":true,"messages":[{"role":"user","content":"2+2"}]})";
  EXPECT_EQ(Said(Events(Post(base + "/compat/chat/completions", compat,
                             {{"authorization", "Bearer workers-token"}}))),
            "2 + 2 = 4");
  EXPECT_EQ(Said(Events(Post(
                std::string("/client/v4/accounts/") + test::kWireAccount + "/ai/run/" + kFreeModel,
                R"({"prompt":"2+2","stream":true})"))),
            "2 + 2 = 4");
  const std::string native = std::string(R"({"provider":"workers-ai","endpoint":"run/)") +
                             kFreeModel +
                             R"(","headers":{"Authorization":"Bearer workers-token"},)" +
                             R"("query":{"prompt":"2+2","stream":true}})";
  const Response second = Post(base, "[" + Step("@cf/nobody/nothing") + "," + native + "]");
  EXPECT_EQ(second.headers.Get("cf-aig-step"), "1");
  EXPECT_TRUE(At(Events(second), 0).contains("response"))
      << "the winning step's dialect, and its own choice to stream";
}

TEST_F(AiStreams, AnswerErrorsBeforeTheFirstByteAsPlainErrors) {
  test::AiGatewayFixture::SetKnobs(R"({"first_token":"1s"})");
  const Response late = StreamedChat("2+2", {{"cf-aig-request-timeout", "500"}});
  EXPECT_EQ(CodeOf(late), 2005);
  EXPECT_EQ(Elapsed(), milliseconds(500));
  EXPECT_EQ(
      CodeOf(Chat(R"({"model":")" + std::string(kFreeModel) + R"(","stream":true,"messages":[]})")),
      5006);
}

TEST_F(AiStreams, TakeTheTimeThatTheKnobsSay) {
  SetKnobs(R"({"first_token":"300ms","tokens_per_second":20})");
  const Response response = StreamedChat();  // five tokens
  EXPECT_EQ(Elapsed(), milliseconds(300));
  Events(response);
  EXPECT_EQ(Elapsed(), milliseconds(300 + 4 * 50));
  Chat(Question(kFreeModel));
  EXPECT_EQ(Elapsed(), milliseconds(2 * (300 + 4 * 50)))
      << "a whole answer waits for its last token";
}

TEST_F(AiStreams, AreLimitedInTimeUntilTheFirstByteAlone) {
  SetKnobs(R"({"first_token":"100ms","tokens_per_second":1})");
  const auto events = Events(StreamedChat("2+2", {{"cf-aig-request-timeout", "200"}}));
  EXPECT_EQ(events.back(), "[DONE]");
  EXPECT_EQ(Elapsed(), milliseconds(4100));
  SetKnobs(R"({"early_head":true,"first_token":"5s"})");
  const Response early = StreamedChat("2+2", {{"cf-aig-request-timeout", "200"}});
  EXPECT_EQ(early.status, 200);
  EXPECT_EQ(Elapsed(), milliseconds(4100)) << "the head was the first byte";
  Events(early);
  EXPECT_EQ(Elapsed(), milliseconds(4100 + 5000 + 4000));
}

TEST_F(AiStreams, OfOneModelMayHaveKnobsOfItsOwn) {
  SetKnobs(R"({"first_token":"100ms","models":{")" + std::string(kPremiumModel) +
           R"(":{"first_token":"2s"}}})");
  StreamedChat();
  EXPECT_EQ(Elapsed(), milliseconds(100));
  Chat(Streamed(Question(kPremiumModel)));
  EXPECT_EQ(Elapsed(), milliseconds(2100));
}

TEST_F(AiStreams, SlowDownUnderLoadAndRecover) {
  SetKnobs(R"({"first_token":"100ms","load_factor":3,"full_load":3})");
  Nanos before = Elapsed();
  const auto time_of_one = [&] { return Elapsed() - std::exchange(before, Elapsed()); };
  Response one = StreamedChat();
  EXPECT_EQ(time_of_one(), milliseconds(100));
  Response two = StreamedChat();
  EXPECT_EQ(time_of_one(), milliseconds(200));
  Response three = StreamedChat();
  EXPECT_EQ(time_of_one(), milliseconds(300));
  Response four = StreamedChat();
  EXPECT_EQ(time_of_one(), milliseconds(300)) << "full is full";
  for (Response* response : {&one, &two, &three, &four}) Events(*response);
  StreamedChat();
  time_of_one();
  EXPECT_EQ(Elapsed() - before, milliseconds(0));
}

TEST_F(AiStreams, JitterWithinTheirBoundsAndFromTheSeed) {
  SetKnobs(R"({"first_token":"100ms","jitter":0.2})");
  std::set<std::int64_t> times;
  for (int i = 0; i < 20; ++i) {
    const Nanos before = Elapsed();
    Chat(Streamed(Question(kFreeModel, "hello")));
    const Nanos took = Elapsed() - before;
    EXPECT_GE(took, milliseconds(80));
    EXPECT_LE(took, milliseconds(120));
    times.insert(took.count());
  }
  EXPECT_GT(times.size(), 10U);
}

TEST_F(AiStreams, OfModelsThatGetItWrong) {
  const struct {
    const char* variant;
    std::vector<std::string> last;  // substrings of the last events
  } cases[] = {
      {"plain", {R"("finish_reason":"stop")", R"("completion_tokens":5)", "[DONE]"}},
      {"usage_each", {R"("finish_reason":"stop")", R"("completion_tokens":5)", "[DONE]"}},
      {"zeros_then_native",
       {R"("choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0)",
        R"({"response":"","usage":{"prompt_tokens":3,"completion_tokens":5)", "[DONE]"}},
      {"double_done",
       {R"("finish_reason":"stop")", R"("finish_reason":"stop")", R"("completion_tokens":5)",
        "[DONE]", "[DONE]"}},
      {"no_done", {R"("finish_reason":"stop")", R"("completion_tokens":5)"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.variant);
    SetKnobs(std::string(R"({"stream_variant":")") + c.variant + R"("})");
    const auto events = Events(StreamedChat());
    ASSERT_GT(events.size(), c.last.size());
    for (std::size_t i = 0; i < c.last.size(); ++i)
      EXPECT_THAT(events[events.size() - c.last.size() + i], HasSubstr(c.last[i]));
    EXPECT_EQ(Said(events), "2 + 2 = 4");
  }
}

TEST_F(AiStreams, MayCountUsageUpOnEveryChunk) {
  SetKnobs(R"({"stream_variant":"usage_each"})");
  const auto chat = Events(StreamedChat());
  for (std::size_t i = 1; i <= 5; ++i)
    EXPECT_EQ(At(chat, i)["usage"]["completion_tokens"], i) << chat[i];
  const auto native = Events(StreamedRun());
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(At(native, i)["usage"]["completion_tokens"], i + 1) << native[i];
}

TEST_F(AiStreams, MaySayNumbersBareAndLoseZeros) {
  SetKnobs(R"({"stream_variant":"numeric"})");
  const auto events = Events(StreamedChat("15 * 20"));  // 15 * 20 = 300
  std::vector<std::string> contents;
  for (std::size_t i = 1; i + 3 < events.size(); ++i)
    contents.push_back(DumpJson(At(events, i)["choices"][0]["delta"]["content"]));
  EXPECT_THAT(contents, ElementsAre("1", "5", "\" *\"", "2", "\" =\"", "3"));
}

TEST_F(AiStreams, MayBeOpenAisChunksOnANativePath) {
  SetKnobs(R"({"stream_variant":"zeros_then_native"})");
  const auto events = Events(StreamedRun());
  EXPECT_TRUE(At(events, 0).contains("choices"));
  EXPECT_FALSE(At(events, events.size() - 2).contains("choices"));
}

TEST_F(AiStreams, MayBeAJsonAnswerWithoutText) {
  SetKnobs(R"({"stream_variant":"json_answer"})");
  const Response chat = StreamedChat();
  EXPECT_EQ(chat.headers.Get("content-type"), "application/json");
  EXPECT_EQ(Parsed(chat)["choices"][0]["message"]["content"], "");
  EXPECT_EQ(Parsed(StreamedRun())["result"]["response"], "");
}

TEST_F(AiStreams, BreakAfterAChunkAsARuleSays) {
  using Then = FaultRule::Then;
  const struct {
    Then then;
    std::int64_t code;
    const char* last;
  } cases[] = {
      {Then::kCut, 0, "broken: the body was cut short"},
      {Then::kStall, 0, "broken: the body stalled"},
      {Then::kDone, 0, "[DONE]"},
      {Then::kError, 0, R"({"error":{"code":3040)"},
      {Then::kErrors, 3050, R"({"errors":[{"code":3050)"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.last);
    AddThen(3, c.then, c.code);
    const Nanos before = Elapsed();
    const auto events = Events(StreamedChat());
    ASSERT_EQ(events.size(), 4U);
    EXPECT_THAT(events.back(), StartsWith(c.last));
    EXPECT_EQ(Elapsed() - before, c.then == Then::kStall ? kHang : Nanos::zero());
  }
  AddThen(3, Then::kEnd);
  const auto events = Events(StreamedChat());
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(Said(events), "2 +");
}

TEST_F(AiStreams, MeetTheirRulesAloneAndByTry) {
  AddThen(0, FaultRule::Then::kEnd);
  EXPECT_EQ(Chat(Question(kFreeModel)).body.bytes().find("error"), std::string::npos);
  EXPECT_TRUE(Events(StreamedChat()).empty());
  EXPECT_EQ(faults.Counts().back().fired, 1);
  FaultRule rule;
  rule.operation = "ai.run";
  rule.where.attempt = 2;
  rule.status = 500;
  rule.times = -1;
  faults.Add(rule);
  EXPECT_EQ(StreamedChat().status, 200);
  FaultRule first = rule;
  first.where.attempt = 1;
  first.status = 503;
  faults.Add(first);
  EXPECT_EQ(StreamedChat("2+2", {{"cf-aig-max-attempts", "2"}}).status, 500);
}

TEST_F(AiStreams, MayBeAnEdgesPageOrCalledSomethingElse) {
  const struct {
    int status;
    std::int64_t code;
    const char* type;
    const char* body;
  } cases[] = {
      {500, 1101, "text/html; charset=UTF-8", "Error 1101"},
      {520, 0, "text/plain", ""},
      {522, 0, "text/plain", "error code: 522"},
      {524, 0, "text/plain", ""},
      {400, 2005, "application/json", "Failed to get response from provider"},
  };
  for (const auto& c : cases) {
    FaultRule rule;
    rule.operation = "ai.run";
    rule.status = c.status;
    rule.code = c.code;
    faults.Add(rule);
    const Response response = StreamedChat();
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(response.headers.Get("content-type"), c.type);
    EXPECT_THAT(response.body.bytes(), HasSubstr(c.body));
  }
  FaultRule rule;
  rule.operation = "ai.run";
  rule.content_type = "text/html";
  faults.Add(rule);
  const Response renamed = StreamedChat();
  EXPECT_EQ(renamed.headers.Get("content-type"), "text/html");
  EXPECT_EQ(Said(Events(renamed)), "2 + 2 = 4");
}

TEST_F(AiStreams, EndWhenTheCallerGoesOrTheDeadlineComes) {
  SetKnobs(R"({"tokens_per_second":1})");
  const Response response = StreamedChat();
  BodyStream& stream = *response.body.stream();
  ASSERT_TRUE(stream.Next(kNever));  // the role
  ASSERT_TRUE(stream.Next(kNever));  // the first token
  const auto late = stream.Next(runtime.Now() + milliseconds(100));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::kUnknownOutcome);
  EXPECT_FALSE(stream.Next(kNever)) << "after an error, only errors";
  const Response other = StreamedChat();
  ASSERT_TRUE(other.body.stream()->Next(kNever));
  caller.Cancel();
  const auto gone = other.body.stream()->Next(kNever);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::kCancelled);
}

TEST(AiKnobsJson, NamesWhatIsWrong) {
  const struct {
    const char* json;
    const char* message;
  } cases[] = {
      {R"({"first_tokens":"1s"})",
       R"("first_tokens" is no knob of AI Gateway; did you mean "first_token"?)"},
      {R"({"first_token":1})", R"("first_token" must be a duration like "250ms")"},
      {R"({"jitter":2})", R"("jitter" must be a number from 0.0 to 1.0)"},
      {R"({"early_head":1})", R"("early_head" must be true or false)"},
      {R"({"full_load":0.5})", R"("full_load" must be a whole number from 1.0 to 100000.0)"},
      {R"({"models":{"m":{"models":{}}}})", R"("models" is no knob of AI Gateway)"},
      {R"({"models":[]})", R"("models" must be an object of models)"},
      {R"([])", "the knobs are an object"},
  };
  for (const auto& c : cases) {
    AiKnobs knobs;
    const Status set = SetAiKnobs(*ParseJson(c.json), knobs);
    ASSERT_FALSE(set) << c.json;
    EXPECT_THAT(set.error().message, StartsWith(c.message));
  }
}

TEST(AiKnobsJson, ReadsWhatItWritesAndWhatACommandLineSays) {
  AiKnobs knobs;
  ASSERT_TRUE(SetAiKnobs(*AiKnobFromText("first_token=200ms"), knobs));
  ASSERT_TRUE(SetAiKnobs(*AiKnobFromText("tokens_per_second=20"), knobs));
  ASSERT_TRUE(SetAiKnobs(*AiKnobFromText(R"(models={"m":{"stream_variant":"numeric"}})"), knobs));
  EXPECT_FALSE(AiKnobFromText("first_token"));
  const Json written = AiKnobsToJson(knobs);
  EXPECT_EQ(written["first_token"], "200ms");
  EXPECT_EQ(written["models"]["m"]["stream_variant"], "numeric");
  EXPECT_EQ(written["models"]["m"]["tokens_per_second"], 20);
  AiKnobs again;
  ASSERT_TRUE(SetAiKnobs(written, again));
  EXPECT_EQ(AiKnobsToJson(again), written);
}

}  // namespace
}  // namespace mg::fake
