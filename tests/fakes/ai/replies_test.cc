// Answers that are not the built-in model's: written down, recorded, or another server's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/base/json.h"
#include "core/http/message.h"
#include "fakes/ai/completion.h"
#include "fakes/ai/fixtures.h"
#include "fakes/ai/recordings.h"
#include "fakes/ai/upstream.h"
#include "tests/support/ai_gateway_fixture.h"
#include "tests/support/local_transport.h"

namespace mg::fake {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::kFreeModel;
using test::kPremiumModel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class MemoryDisk final : public Disk {
 public:
  Status Append(const std::string& path, std::string_view bytes) override {
    files[path] += bytes;
    return Ok();
  }
  Status Sync(const std::string&) override { return Ok(); }
  Result<std::string> Read(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) return Error{Code::kNotFound, "no file " + path, false};
    return found->second;
  }
  Status Replace(const std::string& path, std::string_view bytes) override {
    files[path] = bytes;
    return Ok();
  }
  Result<std::vector<std::string>> List(const std::string&) override {
    return std::vector<std::string>{};
  }
  Status Remove(const std::string&) override { return Ok(); }

  std::map<std::string, std::string> files;
};

// Pieces with a wait before each; then the end, or a break.
class Pieces final : public BodyStream {
 public:
  Pieces(std::vector<std::string> pieces, bool breaks, Nanos each, Runtime& runtime)
      : pieces_(std::move(pieces)), breaks_(breaks), each_(each), runtime_(runtime) {}
  Result<std::string> Next(Instant deadline) override {
    if (at_ == pieces_.size() && breaks_)
      return Error{Code::kUnknownOutcome, "the connection was reset", true};
    if (at_ == pieces_.size()) return std::string();
    const Instant due = runtime_.Now() + each_;
    if (each_ > Nanos::zero()) runtime_.SleepUntil(std::min(due, deadline));
    if (runtime_.Now() < due) return Error{Code::kUnknownOutcome, "too late", true};
    return pieces_[at_++];
  }

 private:
  const std::vector<std::string> pieces_;
  const bool breaks_;
  const Nanos each_;
  Runtime& runtime_;
  std::size_t at_ = 0;
};

// A server of chat completions: answers with what it is told to.
class ModelServer final : public Handler {
 public:
  explicit ModelServer(Runtime& runtime) : runtime_(runtime) {}
  Response Handle(Request& request, const Peer&, CancelToken&) override {
    path = request.target;
    authorization = std::string(request.headers.Get("authorization"));
    asked = *ParseJson(request.body.bytes());
    if (latency > Nanos::zero()) runtime_.SleepUntil(runtime_.Now() + latency);
    if (asked.value("stream", false) && !pieces.empty()) {
      Response response = TextResponse(200, "", "text/event-stream");
      response.body = Body(std::make_shared<Pieces>(pieces, breaks, each, runtime_));
      return response;
    }
    return JsonResponse(status, body);
  }

  int status = 200;
  std::string body;
  std::vector<std::string> pieces;
  bool breaks = false;
  Nanos latency = Nanos::zero(), each = Nanos::zero();
  std::string path, authorization;
  Json asked;

 private:
  Runtime& runtime_;
};

constexpr const char* kCompletion =
    R"({"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there"},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":22}})";

class AiReplies : public test::AiGatewayFixture {
 protected:
  AiReplies() { transport.Route("http://models.test", server); }

  void Fixtures(const std::string& json) {
    auto read = FixturesFromJson(*ParseJson(json));
    ASSERT_TRUE(read) << read.error().message;
    gateway.SetReplies({*read});
  }
  std::shared_ptr<ReplySource> Upstream(AiUpstreamOptions options = {"http://models.test", "",
                                                                     ""}) {
    return std::make_shared<AiUpstream>(std::move(options), transport, runtime);
  }
  std::string Said(const std::string& text, const std::string& model = kFreeModel) {
    const Json answer = Parsed(Chat(Question(model, text)));
    return answer["choices"][0]["message"]["content"].get<std::string>();
  }
  Response Streamed(const std::string& text, Headers extra = {}) {
    std::string body = Question(kFreeModel, text);
    body.pop_back();
    return Chat(body + R"(,"stream":true})", std::move(extra));
  }
  static std::string Chunk(const std::string& delta, const std::string& rest = "") {
    return R"(data: {"choices":[{"index":0,"delta":)" + delta + R"(,"finish_reason":null}])" +
           rest + "}\n\n";
  }

  test::LocalTransport transport{runtime};
  ModelServer server{runtime};
  MemoryDisk disk;
};

TEST_F(AiReplies, OfAFixtureGoToTheFirstThatMatches) {
  Fixtures(R"([{"match":{"message":"hello"},"reply":"exactly"},
               {"match":{"contains":"weather","model":"@cf/meta/llama-3.3*"},"reply":"big"},
               {"match":{"contains":"weather"},"times":1,"reply":"once"},
               {"match":{"contains":"weather"},"reply":{"text":"again","finish_reason":"length"}}])");
  EXPECT_EQ(Said("hello"), "exactly");
  EXPECT_EQ(Said("hello!").find("exactly"), std::string::npos) << "the built-in model's";
  EXPECT_EQ(Said("the weather", kPremiumModel), "big");
  EXPECT_EQ(Said("the weather"), "once");
  const Json again = Parsed(Chat(Question(kFreeModel, "the weather")));
  EXPECT_EQ(again["choices"][0]["message"]["content"], "again");
  EXPECT_EQ(again["choices"][0]["finish_reason"], "length");
  EXPECT_EQ(again["usage"],
            Json({{"prompt_tokens", 2}, {"completion_tokens", 1}, {"total_tokens", 3}}));
}

TEST_F(AiReplies, OfAFixtureMayBeToolCallsErrorsNumbersAndUsageOfTheirOwn) {
  Fixtures(
      R"([{"match":{"message":"call"},"reply":{"tool_calls":[{"name":"f","arguments":{"a":1}}]}},
               {"match":{"message":"fail"},"error":{"status":429,"code":3040,"message":"later"}},
               {"match":{"message":"count"},"reply":"42"},
               {"reply":{"text":"hi","usage":{"prompt_tokens":100,"completion_tokens":200}}}])");
  const Json call = Parsed(Chat(Question(kFreeModel, "call")))["choices"][0];
  EXPECT_EQ(call["finish_reason"], "tool_calls");
  EXPECT_EQ(call["message"]["tool_calls"][0]["function"]["arguments"], R"({"a":1})");
  const Response failed = Chat(Question(kFreeModel, "fail"), {{"cf-aig-max-attempts", "3"}});
  EXPECT_EQ(failed.status, 429);
  EXPECT_THAT(failed.body.bytes(), HasSubstr("AiError: later"));
  EXPECT_EQ(gateway.seen().size(), 4U) << "it may pass, so it was tried again";
  EXPECT_EQ(Parsed(Native(R"({"prompt":"count"})"))["result"]["response"], 42);
  EXPECT_EQ(Parsed(Chat(Question(kFreeModel, "x")))["usage"]["total_tokens"], 300);
  EXPECT_EQ(Chat(Question(kFreeModel, "x")).headers.Get("cf-ai-neurons"), "7.3855");
}

TEST_F(AiReplies, OfAFixtureMayBePassedOnByteForByte) {
  const std::string bytes = ": a comment\r\n\r\ndata: {\"a\":1}\n\ndata: [DONE]\n\nrest";
  Fixtures(R"([{"raw":{"body":)" + DumpJson(Json(bytes)) + "}}]");
  const Response response = Streamed("x");
  EXPECT_EQ(response.headers.Get("content-type"), "text/event-stream");
  std::string got;
  int pieces = 0;
  for (auto piece = response.body.stream()->Next(kNever); !piece->empty();
       piece = response.body.stream()->Next(kNever), ++pieces)
    got += *piece;
  EXPECT_EQ(got, bytes);
  EXPECT_EQ(pieces, 4);
}

TEST_F(AiReplies, InAFileMayHaveCommentsAndFilesBesideIt) {
  disk.files["dir/replies.jsonc"] = "[ // a comment\n { \"raw\": { \"file\": \"stream.sse\" } }, ]";
  disk.files["dir/stream.sse"] = "data: [DONE]\n\n";
  auto read = ReadFixtures("dir/replies.jsonc", disk);
  ASSERT_TRUE(read) << read.error().message;
  gateway.SetReplies({*read});
  EXPECT_THAT(Events(Streamed("x")), ElementsAre("[DONE]"));
  EXPECT_EQ(ReadFixtures("nowhere", disk).error().code, Code::kNotFound);
  disk.files["bad"] = "[{]";
  EXPECT_THAT(ReadFixtures("bad", disk).error().message, HasSubstr("bad:1:3"));
}

TEST(AiFixtureFiles, SayWhatIsWrongWithThem) {
  const struct {
    const char* json;
    const char* message;
  } cases[] = {
      {"{}", "the replies are an array"},
      {"[1]", "reply 0: must be an object"},
      {R"([{"reply":"a"},{}])", R"(reply 1: needs one of "reply", "error" and "raw")"},
      {R"([{"reply":"a","raw":{}}])", R"(reply 0: needs one of)"},
      {R"([{"mtach":{},"reply":"a"}])", R"("mtach" is not known; did you mean "match"?)"},
      {R"([{"match":{"contain":"x"},"reply":"a"}])", R"(did you mean "contains"?)"},
      {R"([{"match":{"model":1},"reply":"a"}])", R"("model" must be a text)"},
      {R"([{"times":0,"reply":"a"}])", R"("times" must be 1 or more)"},
      {R"([{"reply":7}])", R"("reply" must be a text or an object)"},
      {R"([{"reply":{"tool_calls":[{"name":"f","arguments":[]}]}}])", "a tool call needs"},
      {R"([{"error":{"status":200}}])", R"("status" must be 400 to 599)"},
      {R"([{"raw":{"status":7}}])", R"("status" must be 200 to 599)"},
  };
  for (const auto& c : cases) {
    const auto read = FixturesFromJson(*ParseJson(c.json));
    ASSERT_FALSE(read) << c.json;
    EXPECT_THAT(read.error().message, HasSubstr(c.message));
  }
}

TEST_F(AiReplies, OfAnotherServerComeInEitherDialect) {
  server.body = kCompletion;
  gateway.SetReplies({Upstream({"http://models.test/api/v1/", "llama3", "secret"})});
  const Response response = Chat(Question(kFreeModel, "2+2"));
  const Json answer = Parsed(response);
  EXPECT_EQ(answer["choices"][0]["message"]["content"], "Hello there");
  EXPECT_EQ(answer["model"], kFreeModel);
  EXPECT_EQ(answer["usage"]["total_tokens"], 33);
  EXPECT_TRUE(response.headers.Has("cf-aig-step"));
  EXPECT_EQ(server.path, "/api/v1/chat/completions");
  EXPECT_EQ(server.authorization, "Bearer secret");
  EXPECT_EQ(server.asked["model"], "llama3");

  const Json native =
      Parsed(Native(R"({"prompt":"2+2","seed":7,"tools":[{"name":"f","parameters":{}}]})"));
  EXPECT_EQ(native["result"]["response"], "Hello there");
  EXPECT_EQ(server.asked["messages"][0]["content"], "2+2");
  EXPECT_EQ(server.asked["seed"], 7);
  EXPECT_EQ(server.asked["max_tokens"], 256);
  EXPECT_EQ(server.asked["tools"][0]["function"]["name"], "f");
  EXPECT_FALSE(server.asked.contains("stream"));
}

TEST_F(AiReplies, OfAnotherServerStreamAsTheyCome) {
  server.pieces = {
      Chunk(R"({"role":"assistant","content":""})"),
      Chunk(R"({"content":"Hel"})") + Chunk(R"({"content":"lo"})").substr(0, 20),
      Chunk(R"({"content":"lo"})").substr(20),
      "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\r\n\r\n",
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\n",
      "data: [DONE]\n\n"};
  server.each = seconds(1);
  gateway.SetReplies({Upstream()});
  const Response response = Streamed("hi");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(Elapsed(), seconds(2)) << "until the first words";
  const auto events = Events(response);
  ASSERT_EQ(events.size(), 6U);
  EXPECT_THAT(events[1], HasSubstr(R"({"content":"Hel"})"));
  EXPECT_THAT(events[2], HasSubstr(R"({"content":"lo"})"));
  EXPECT_THAT(events[3], HasSubstr(R"("finish_reason":"length")"));
  EXPECT_THAT(events[4], HasSubstr(R"("prompt_tokens":5,"completion_tokens":2)"));
  EXPECT_EQ(events[5], "[DONE]");
  EXPECT_TRUE(server.asked["stream_options"]["include_usage"].get<bool>());
  const auto native = Events(Native(R"({"prompt":"hi","stream":true})"));
  EXPECT_THAT(native[0], HasSubstr(R"({"response":"Hel","p":)"));
}

TEST_F(AiReplies, OfAnotherServerMayCallTools) {
  const std::string start = R"({"tool_calls":[{"index":0,)";
  server.pieces = {Chunk(start + R"("id":"c1","function":{"name":"f","arguments":""}}]})"),
                   Chunk(start + R"("function":{"arguments":"{\"a\""}}]})"),
                   Chunk(start + R"("function":{"arguments":":1}"}}]})"), "data: [DONE]\n\n"};
  gateway.SetReplies({Upstream()});
  const auto events = Events(Streamed("hi"));
  EXPECT_THAT(events[1], HasSubstr(R"("id":"c1")"));
  EXPECT_THAT(events[events.size() - 3], HasSubstr(R"("finish_reason":"tool_calls")"));
  EXPECT_THAT(Events(Native(R"({"prompt":"hi","stream":true})"))[0],
              HasSubstr(R"([{"name":"f","arguments":{"a":1}}])"));
}

TEST_F(AiReplies, OfAnotherServerThatBreaksOffBreakOffToo) {
  server.pieces = {Chunk(R"({"content":"Hel"})")};
  gateway.SetReplies({Upstream()});
  for (const bool breaks : {false, true}) {
    server.breaks = breaks;
    const auto events = Events(Streamed("hi"));
    ASSERT_EQ(events.size(), 3U);
    EXPECT_THAT(events[2], HasSubstr("broken: "));
  }
  server.pieces = {"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"};
  server.breaks = false;
  EXPECT_EQ(Events(Streamed("hi")).back(), "[DONE]") << "a finish_reason is an end";
  server.pieces = {"data: nonsense\n\n"};
  EXPECT_EQ(CodeOf(Streamed("hi")), 2005) << "before the first word it is a failure";
}

TEST_F(AiReplies, OfAnotherServerHaveTheStepsTimeLimit) {
  server.body = kCompletion;
  server.latency = seconds(5);
  gateway.SetReplies({Upstream()});
  const Response late = Chat(Question(kFreeModel), {{"cf-aig-request-timeout", "2000"}});
  EXPECT_EQ(CodeOf(late), 2005);
  server.latency = seconds(1);
  server.pieces = {Chunk(R"({"content":"slow"})"), "data: [DONE]\n\n"};
  server.each = seconds(2);
  const Nanos before = Elapsed();
  EXPECT_EQ(CodeOf(Streamed("hi", {{"cf-aig-request-timeout", "2000"}})), 2005);
  EXPECT_EQ(Elapsed() - before, seconds(2));
}

TEST_F(AiReplies, OfAnotherServerFailAsAProviderDoes) {
  gateway.SetReplies({Upstream()});
  const struct {
    int status;
    const char* body;
    std::int64_t code;
  } cases[] = {
      {429, "{}", 3040},
      {500, "oops", 3043},
      {503, "", 3043},
      {401, "{}", 2005},
      {404, R"({"error":{"message":"model \"x\" not found"}})", 8007},
      {400, R"({"error":"bad"})", 8007},
      {200, "no json", 2005},
      {200, "{}", 2005},
  };
  for (const auto& c : cases) {
    server.status = c.status;
    server.body = c.body;
    EXPECT_EQ(CodeOf(Chat(Question(kFreeModel))), c.code) << c.status << " " << c.body;
  }
  server.status = 404;
  server.body = cases[4].body;
  EXPECT_THAT(Chat(Question(kFreeModel)).body.bytes(), HasSubstr("not found"));
  gateway.SetReplies({Upstream({"http://nobody.test", "", ""})});
  EXPECT_EQ(CodeOf(Chat(Question(kFreeModel))), 2005);
}

TEST_F(AiReplies, AreRecordedAndGivenAgain) {
  server.body = kCompletion;
  gateway.SetReplies({std::make_shared<AiRecorder>(Upstream(), "tape", disk)});
  EXPECT_EQ(Said("one"), "Hello there");
  server.pieces = {Chunk(R"({"content":"streamed"})"), "data: [DONE]\n\n"};
  const Response streamed = Streamed("two");
  EXPECT_EQ(disk.files.size(), 1U) << "not before all is said";
  Events(streamed);
  ASSERT_EQ(disk.files.size(), 2U);
  for (const auto& [path, text] : disk.files) {
    EXPECT_EQ(path.size(), std::string("tape/").size() + 32 + 5);
    EXPECT_EQ(StringAt(*ParseJson(text), "model"), kFreeModel);
  }
  server.status = 500;
  Chat(Question(kFreeModel, "three"));
  EXPECT_EQ(disk.files.size(), 2U) << "failures are not kept";

  const int calls = transport.calls();
  gateway.SetReplies({std::make_shared<AiReplay>("tape", disk), std::make_shared<NoOtherAnswer>()});
  EXPECT_EQ(Said("two"), "streamed") << "streamed or not";
  const auto events = Events(Streamed("one"));
  EXPECT_THAT(events[1], HasSubstr(R"({"content":"Hello"})"));
  EXPECT_THAT(events[events.size() - 2], HasSubstr(R"("total_tokens":33)"));
  EXPECT_EQ(transport.calls(), calls);
  const Response missing = Chat(Question(kFreeModel, "four"));
  EXPECT_EQ(missing.status, 501);
  EXPECT_EQ(missing.headers.Get(kGapHeader), "ai.replay");
  EXPECT_EQ(Chat(Question(kPremiumModel, "one")).status, 501) << "another model, another answer";
  for (auto& [path, text] : disk.files) text = "{}";
  EXPECT_THAT(Chat(Question(kFreeModel, "one")).body.bytes(), HasSubstr("cannot be read"));
}

TEST_F(AiReplies, MeetFaultsAsTheBuiltInModelsDo) {
  server.pieces = {Chunk(R"({"content":"a"})"), Chunk(R"({"content":"b"})"), "data: [DONE]\n\n"};
  gateway.SetReplies({Upstream()});
  FaultRule rule;
  rule.operation = "ai.run";
  rule.after_chunks = 2;
  rule.then = FaultRule::Then::kCut;
  faults.Add(rule);
  const auto events = Events(Streamed("hi"));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[2], "broken: the body was cut short");
}

TEST(CompletionReading, SurvivesAnyCutAndRefusesEndlessEvents) {
  const std::string stream =
      "data: {\"choices\":[{\"delta\":{\"content\":\"h\xc3\xa9\"}}]}\r\n\r\n: note\n\n"
      "data:{\"choices\":[{\"delta\":{\"content\":\"!\"},\"finish_reason\":\"stop\"}]}\n\n";
  for (std::size_t size = 1; size < stream.size(); ++size) {
    CompletionReader reader;
    std::string words;
    for (std::size_t at = 0; at < stream.size(); at += size)
      ASSERT_TRUE(reader.Feed(std::string_view(stream).substr(at, size), words));
    EXPECT_EQ(words, "h\xc3\xa9!");
    EXPECT_TRUE(reader.finished());
    EXPECT_EQ(reader.Finish().tokens_out, 3);
  }
  CompletionReader reader;
  std::string words;
  const std::string endless(std::size_t{1} << 20, 'x');
  EXPECT_TRUE(reader.Feed(endless, words));
  EXPECT_FALSE(reader.Feed("x", words));
}

}  // namespace
}  // namespace mg::fake
