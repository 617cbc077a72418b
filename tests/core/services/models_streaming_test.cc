#include <gtest/gtest.h>

#include "tests/support/model_lever.h"
#include "tests/support/model_routing.h"
#include "tests/support/scripted_stream.h"

namespace mg {
namespace {

using Outcome = ModelAnswer::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::kFreeModel;
using test::kPremiumModel;
using test::kStreamedChat;
using test::ModelFailure;
using test::ScriptedStream;
using test::StreamPiece;

const std::string kText = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
const std::string kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n";
const std::string kDone = "data: [DONE]\n\n";

class ModelStreaming : public test::ModelRouting {
 protected:
  Response Streamed(std::vector<StreamPiece> pieces, const char* type = "text/event-stream",
                    std::optional<Error> error = std::nullopt) {
    Response response;
    response.headers.Set("content-type", type);
    response.headers.Set("cf-aig-step", "0");
    response.body =
        Body(std::make_shared<ScriptedStream>(runtime, std::move(pieces), std::move(error)));
    return response;
  }
  ModelAnswer Stream() { return Complete(kStreamedChat); }
};

TEST_F(ModelStreaming, AsksForAStreamAndPassesItOnByteForByte) {
  const ModelAnswer answer = Stream();
  ASSERT_EQ(answer.outcome, Outcome::kAnswered);
  ASSERT_TRUE(answer.stream);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/event-stream");
  EXPECT_TRUE(answer.body.empty());
  EXPECT_EQ(answer.model, kFreeModel);
  const std::string bytes = test::ReadToEnd(*answer.stream).bytes;
  EXPECT_NE(bytes.find("[DONE]"), std::string::npos);
  EXPECT_EQ(answer.stream->report().end, StreamEnd::kWhole);
  ASSERT_TRUE(answer.stream->report().usage);
  EXPECT_EQ(answer.stream->report().usage->in, 6);
  EXPECT_EQ(answer.stream->report().usage->out, 5);
  const auto sent = ParseJson(service.requests()[0].body.bytes());
  EXPECT_EQ((*sent)[0]["query"]["stream"], true);
  EXPECT_EQ(Find((*sent)[0]["query"], "stream_options"), nullptr);  // as the caller wrote it
}

TEST_F(ModelStreaming, ReturnsWithTheFirstPieceAndNotBefore) {
  service.script = {Streamed({{kText, seconds(3)}, {kDone, seconds(20)}})};
  const ModelAnswer answer = Stream();
  EXPECT_EQ(Elapsed(), seconds(3));
  EXPECT_EQ(*answer.stream->Next(kNever), kText);
  EXPECT_EQ(Elapsed(), seconds(3));
  EXPECT_EQ(*answer.stream->Next(kNever), kDone);
  EXPECT_EQ(Elapsed(), seconds(23));  // beyond the first-byte limit, which is over
}

// AIG-4, AIG-6: a head without bytes is no answer.
TEST_F(ModelStreaming, TriesAgainWhenTheFirstByteIsLate) {
  service.script = {Streamed({{kText, seconds(60)}})};
  const ModelAnswer answer = Stream();
  EXPECT_EQ(answer.outcome, Outcome::kAnswered);
  EXPECT_EQ(answer.attempts, 2);
  EXPECT_GE(Elapsed(), milliseconds(9'400));
  EXPECT_LE(Elapsed(), milliseconds(9'600));
}

TEST_F(ModelStreaming, FallsBackBeforeTheFirstByteWhateverWentWrong) {
  const Error reset{Code::kUnknownOutcome, "reset"};
  const std::string error = "data: {\"error\":{\"message\":\"Full\",\"code\":3040}}\n\n";
  const std::string errors = "data: {\"errors\":[{\"message\":\"Full\",\"code\":3040}]}\n\n";
  std::vector<Response> failures;
  failures.push_back(Streamed({}, "text/event-stream", reset));
  failures.push_back(Streamed({}));
  failures.push_back(Streamed({{error}}));
  failures.push_back(Streamed({{kText + errors}}));
  failures.push_back(Streamed({{"<html>502</html>"}}));
  failures.push_back(Streamed({{"<html>502</html>"}}, "text/html"));
  failures.push_back(
      Streamed({{"{\"errors\":[{\"code\":3040}],\"success\":false}"}}, "application/json"));
  failures.push_back(Streamed({{"{\"choices\":["}}, "application/json"));
  failures.push_back(ModelFailure(429, 3040));
  failures.push_back(ModelFailure(400, 2005));
  for (std::size_t i = 0; i < failures.size(); ++i) {
    service.script = {failures[i]};
    const ModelAnswer answer = Stream();
    EXPECT_EQ(answer.outcome, Outcome::kAnswered) << i;
    EXPECT_EQ(answer.attempts, 2) << i;
    ASSERT_TRUE(answer.stream) << i;
    EXPECT_EQ(test::ReadToEnd(*answer.stream).bytes.find("<html>"), std::string::npos);
  }
}

TEST_F(ModelStreaming, TriesNothingAgainAfterTheFirstByte) {
  service.script = {
      Streamed({{kText}}, "text/event-stream", Error{Code::kUnknownOutcome, "reset"})};
  const ModelAnswer answer = Stream();
  EXPECT_EQ(answer.attempts, 1);
  EXPECT_TRUE(test::ReadToEnd(*answer.stream).error);
  EXPECT_EQ(service.requests().size(), 1U);
  EXPECT_EQ(answer.stream->report().end, StreamEnd::kCut);
}

TEST_F(ModelStreaming, JudgesAnErrorFrameByItsCode) {
  const struct {
    const char* code;
    Outcome outcome;
    int status;
    int attempts;
  } cases[] = {{"3030", Outcome::kCallerError, 400, 1}, {"2016", Outcome::kCallerError, 424, 1},
               {"2041", Outcome::kCallerError, 429, 1}, {"2009", Outcome::kFailed, 502, 1},
               {"10000", Outcome::kFailed, 502, 1},     {"3040", Outcome::kRateLimited, 429, 3},
               {"3007", Outcome::kTimedOut, 504, 3},    {"9999", Outcome::kFailed, 502, 3},
               {"null", Outcome::kFailed, 502, 3}};
  for (const auto& c : cases) {
    const std::string frame =
        "data: {\"error\":{\"message\":\"AiError: no\",\"code\":" + std::string(c.code) + "}}\n\n";
    service.script.clear();
    for (int i = 0; i < 3; ++i) service.script.push_back(Streamed({{frame}}));
    const ModelAnswer answer = Stream();
    EXPECT_EQ(answer.outcome, c.outcome) << c.code;
    EXPECT_EQ(answer.status, c.status) << c.code;
    EXPECT_EQ(answer.attempts, c.attempts) << c.code;
    EXPECT_FALSE(answer.stream);
    if (c.outcome == Outcome::kCallerError) {
      EXPECT_EQ(answer.failure.message, "no");
    }
  }
}

// wire/ai-gateway.md 8, number 25.
TEST_F(ModelStreaming, PassesAJsonCompletionOnAsItIs) {
  const std::string completion =
      R"({"choices":[{"message":{"content":"4"}}],"usage":{"prompt_tokens":7,"completion_tokens":3}})";
  for (const char* type : {"application/json", "text/event-stream"}) {
    service.script = {
        Streamed({{completion.substr(0, 10)}, {completion.substr(10), seconds(1)}}, type)};
    const ModelAnswer answer = Stream();
    EXPECT_EQ(answer.outcome, Outcome::kAnswered) << type;
    EXPECT_FALSE(answer.stream);
    EXPECT_EQ(answer.body, completion);
    ASSERT_TRUE(answer.usage);
    EXPECT_EQ(answer.usage->in, 7);
    EXPECT_EQ(answer.attempts, 1);
  }
}

TEST_F(ModelStreaming, KnowsAStreamUnderAnyContentType) {
  service.script = {Streamed({{"\n" + kText}, {kDone}}, "application/octet-stream")};
  const ModelAnswer answer = Stream();
  ASSERT_TRUE(answer.stream);
  EXPECT_EQ(answer.content_type, "text/event-stream");
  EXPECT_EQ(test::ReadToEnd(*answer.stream).bytes, "\n" + kText + kDone);
}

TEST_F(ModelStreaming, TakesAWholeStreamThatCameAtOnce) {
  Response response;
  response.headers.Set("content-type", "text/event-stream; charset=utf-8");
  response.body = Body(kText + kUsage + kDone);
  service.script = {response};
  const ModelAnswer answer = Stream();
  ASSERT_TRUE(answer.stream);
  EXPECT_EQ(test::ReadToEnd(*answer.stream).bytes, kText + kUsage + kDone);
  EXPECT_EQ(answer.stream->report().usage->out, 3);
}

TEST_F(ModelStreaming, KeepsTheLongestTimeThatIsSet) {
  settings.models.stream_max_seconds = 5;
  service.script = {Streamed(std::vector<StreamPiece>(100, {kText, seconds(1)}))};
  const ModelAnswer answer = Stream();
  const Nanos first_byte = Elapsed();
  EXPECT_TRUE(test::ReadToEnd(*answer.stream).error);
  EXPECT_EQ(Elapsed() - first_byte, seconds(5));
}

TEST_F(ModelStreaming, NamesTheFallbackThatStreams) {
  Premium();
  test::Pull(faults, kPremiumModel, {.status = 500});
  const ModelAnswer answer = Stream();
  EXPECT_EQ(answer.step, 1);
  EXPECT_EQ(answer.model, kFreeModel);
  ASSERT_TRUE(answer.stream);
  test::ReadToEnd(*answer.stream);
  EXPECT_EQ(answer.stream->report().end, StreamEnd::kWhole);
  ExpectMetadataOnEverySend();
}

TEST_F(ModelStreaming, EndsWhenTheCallerGoes) {
  const ModelAnswer answer = Stream();
  ASSERT_TRUE(answer.stream->Next(kNever));
  caller.Cancel();
  EXPECT_TRUE(test::ReadToEnd(*answer.stream).error);
  EXPECT_EQ(answer.stream->report().end, StreamEnd::kCallerGone);
}

}  // namespace
}  // namespace mg
