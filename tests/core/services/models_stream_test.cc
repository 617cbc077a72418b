#include "core/services/models_stream.h"

#include <gtest/gtest.h>

#include "tests/support/scripted_stream.h"
#include "tests/support/stepped_runtime.h"

namespace mg {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::ScriptedStream;
using test::StreamPiece;

const std::string kText = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
const std::string kStop = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const std::string kUsage =
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n";
const std::string kDone = "data: [DONE]\n\n";
const std::string kFault = "data: {\"error\":{\"message\":\"Full\",\"code\":3040}}\n\n";

class ModelStreams : public ::testing::Test {
 protected:
  std::shared_ptr<ModelStream> Stream(std::string first, std::vector<StreamPiece> pieces,
                                      std::optional<Error> error = std::nullopt) {
    upstream = std::make_shared<ScriptedStream>(runtime, std::move(pieces), std::move(error));
    return std::make_shared<ModelStream>(std::move(first), upstream, limits, runtime);
  }
  Nanos Elapsed() const { return runtime.Now() - Instant{}; }

  test::SteppedRuntime runtime;
  StreamLimits limits{seconds(30), seconds(600)};
  std::shared_ptr<ScriptedStream> upstream;
};

TEST_F(ModelStreams, PassEveryPieceOnAsItCame) {
  const auto stream =
      Stream(kText, {{kText.substr(0, 7)}, {kText.substr(7) + kStop}, {kUsage}, {kDone}});
  EXPECT_EQ(*stream->Next(kNever), kText);
  EXPECT_EQ(upstream->asked, 0);  // one piece at a time: nothing is fetched ahead
  EXPECT_EQ(*stream->Next(kNever), kText.substr(0, 7));
  EXPECT_EQ(*stream->Next(kNever), kText.substr(7) + kStop);
  EXPECT_EQ(*stream->Next(kNever), kUsage);
  EXPECT_EQ(*stream->Next(kNever), kDone);
  EXPECT_EQ(*stream->Next(kNever), "");
  EXPECT_EQ(*stream->Next(kNever), "");
  const StreamReport report = stream->report();
  EXPECT_EQ(report.end, StreamEnd::kWhole);
  EXPECT_EQ(report.usage->in, 7);
  EXPECT_EQ(report.usage->out, 3);
  EXPECT_EQ(report.cause, "");
}

TEST_F(ModelStreams, MayBeHereWholeAlready) {
  ModelStream stream(kText + kStop, nullptr, limits, runtime);
  EXPECT_EQ(test::ReadToEnd(stream).bytes, kText + kStop);
  EXPECT_EQ(stream.report().end, StreamEnd::kWhole);
}

TEST_F(ModelStreams, AreTruncatedWhenTheyEndWithoutSayingSo) {
  const auto stream = Stream(kText, {{kText}});
  EXPECT_FALSE(test::ReadToEnd(*stream).error);  // the caller gets the same orderly end
  EXPECT_EQ(stream->report().end, StreamEnd::kTruncated);
  EXPECT_FALSE(stream->report().usage);
}

TEST_F(ModelStreams, AreCutWhenTheConnectionBreaks) {
  const auto stream = Stream(kText, {{kStop}}, Error{Code::kUnknownOutcome, "reset"});
  const auto read = test::ReadToEnd(*stream);
  EXPECT_EQ(read.bytes, kText + kStop);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(stream->report().end, StreamEnd::kCut);
  EXPECT_EQ(stream->report().cause, "reset");
  EXPECT_EQ(upstream.use_count(), 1);  // let go, and with it the connection
  EXPECT_FALSE(stream->Next(kNever));
}

TEST_F(ModelStreams, KeepTheUsageThatCameBeforeTheyBroke) {
  const auto stream = Stream(kText, {{kUsage}}, Error{Code::kUnknownOutcome, "reset"});
  test::ReadToEnd(*stream);
  ASSERT_TRUE(stream->report().usage);
  EXPECT_EQ(stream->report().usage->out, 3);
}

TEST_F(ModelStreams, StallAfterThirtySecondsWithoutAPiece) {
  const auto stream =
      Stream(kText, {{kText, seconds(29)}, {kText, seconds(29)}, {kText, seconds(31)}});
  const auto read = test::ReadToEnd(*stream);
  EXPECT_EQ(read.bytes, kText + kText + kText);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->code, Code::kTimeout);
  EXPECT_EQ(stream->report().end, StreamEnd::kStalled);
  EXPECT_EQ(Elapsed(), seconds(88));
}

TEST_F(ModelStreams, EndAtTheirLongestTimeHoweverLively) {
  limits.total = seconds(100);
  const auto stream = Stream(kText, std::vector<StreamPiece>(1000, {kText, seconds(1)}));
  const auto read = test::ReadToEnd(*stream);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(stream->report().end, StreamEnd::kTooLong);
  EXPECT_EQ(Elapsed(), seconds(100));
}

// The timer is the model's: a caller that reads slowly does not make its model look slow.
TEST_F(ModelStreams, DoNotBlameTheModelForASlowReader) {
  const auto stream = Stream(kText, {{kText}, {kStop}, {kDone}});
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(stream->Next(kNever));
    runtime.Advance(seconds(100));
  }
  EXPECT_EQ(*stream->Next(kNever), "");
  EXPECT_EQ(stream->report().end, StreamEnd::kWhole);
}

TEST_F(ModelStreams, WaitOnlyAMomentAfterDone) {
  const auto stream = Stream(kText, {{kUsage + kDone}, {"", seconds(500)}});
  EXPECT_FALSE(test::ReadToEnd(*stream).error);
  EXPECT_EQ(Elapsed(), seconds(1));
  EXPECT_EQ(stream->report().end, StreamEnd::kWhole);
}

TEST_F(ModelStreams, TakeNoHarmFromWhatBreaksAfterDone) {
  for (const Code code : {Code::kUnknownOutcome, Code::kCancelled}) {
    const auto stream = Stream(kText, {{kDone}, {kDone}}, Error{code, "late"});
    EXPECT_FALSE(test::ReadToEnd(*stream).error);
    EXPECT_EQ(stream->report().end, StreamEnd::kWhole);
  }
}

TEST_F(ModelStreams, ReportAnErrorThatTheModelSent) {
  const auto stream = Stream(kText, {{kFault}, {kDone}});
  EXPECT_EQ(test::ReadToEnd(*stream).bytes, kText + kFault + kDone);
  EXPECT_EQ(stream->report().end, StreamEnd::kFailed);
  EXPECT_EQ(stream->report().cause, "an error within the stream, code 3040");
}

TEST_F(ModelStreams, KnowThatTheirReaderLeft) {
  auto stream = Stream(kText, {{kText}}, Error{Code::kCancelled, "hung up"});
  test::ReadToEnd(*stream);
  EXPECT_EQ(stream->report().end, StreamEnd::kCallerGone);
  stream = Stream(kText, {{kText}, {kText}});
  ASSERT_TRUE(stream->Next(kNever));
  EXPECT_EQ(stream->report().end, StreamEnd::kCallerGone);  // if nobody reads on
  stream = Stream(kText, {{kUsage + kDone}});
  ASSERT_TRUE(stream->Next(kNever));
  ASSERT_TRUE(stream->Next(kNever));
  EXPECT_EQ(stream->report().end, StreamEnd::kWhole);  // the rest is of no use to anybody
}

}  // namespace
}  // namespace mg
