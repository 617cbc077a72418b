#include "core/clients/chat_stream.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "core/base/json.h"
#include "tests/support/fixed_random.h"
#include "tests/support/wire_fixture.h"

namespace mg {
namespace {

std::string Frames(const std::vector<std::string>& frames) {
  std::string stream;
  for (const std::string& frame : frames) stream += "data: " + frame + "\n\n";
  return stream;
}

std::unique_ptr<ChatStreamReader> Read(std::string_view stream, std::size_t step = 1 << 20) {
  auto reader = std::make_unique<ChatStreamReader>();
  for (std::size_t at = 0; at < stream.size(); at += step) reader->Feed(stream.substr(at, step));
  reader->End();
  return reader;
}

const std::string kText =
    R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]})";
const std::string kStop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
const std::string kUsage =
    R"({"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}})";
const std::string kZeros = R"({"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}})";
const std::string kNativeUsage =
    R"({"response":"","p":"abc","usage":{"prompt_tokens":7,"completion_tokens":3}})";

std::string Cumulative(int out) {
  return R"({"choices":[{"delta":{"content":"a"},"finish_reason":null}],"usage":{"prompt_tokens":7,"completion_tokens":)" +
         std::to_string(out) + "}}";
}

// wire/ai-gateway.md 5.2, 5.3, 8.
TEST(ChatStreamReading, FindsTheUsageOfEveryShapeOnce) {
  const std::vector<std::string> shapes[] = {
      {kText, kStop, kUsage, "[DONE]"},
      {kText, kStop, kUsage},
      {Cumulative(1), Cumulative(2), Cumulative(3), kStop, "[DONE]"},
      {kText, kStop, kZeros, kNativeUsage, "[DONE]"},
      {kText, kStop, kUsage, kZeros, "[DONE]"},
      {R"({"response":"a","p":"ab"})", kNativeUsage, "[DONE]"},
      {R"({"choices":[{"delta":{"content":1}}]})", kStop, kStop, kUsage, "[DONE]", "[DONE]"},
      {R"({"type":"message_start","message":{"usage":{"input_tokens":7,"output_tokens":1}}})",
       R"({"type":"message_delta","usage":{"output_tokens":3}})", "[DONE]"},
  };
  for (const auto& shape : shapes) {
    const std::string stream = Frames(shape);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, stream.size()}) {
      const auto reader = Read(stream, step);
      ASSERT_TRUE(reader->usage()) << stream;
      EXPECT_EQ(reader->usage()->in, 7) << stream;
      EXPECT_EQ(reader->usage()->out, 3) << stream;
      EXPECT_TRUE(reader->finished()) << stream;
      EXPECT_FALSE(reader->failure()) << stream;
    }
  }
}

TEST(ChatStreamReading, TellsAWholeStreamFromACutOne) {
  EXPECT_TRUE(Read(Frames({kText, kStop}))->finished());
  EXPECT_FALSE(Read(Frames({kText, kStop}))->done());
  EXPECT_TRUE(Read(Frames({kText, "[DONE]"}))->done());
  EXPECT_TRUE(Read(Frames({R"({"response":"a","finish_reason":"length"})"}))->finished());
  EXPECT_TRUE(Read(Frames({R"({"choices":[{"finish_reason" : null},{"finish_reason" : "stop"}]})"}))
                  ->finished());
  for (const std::string& stream :
       {Frames({kText}), Frames({kText, kText}), Frames({R"({"response":"a"})"}),
        Frames({R"({"choices":[{"finish_reason":"st)"}), std::string("data: [DON"), std::string()})
    EXPECT_FALSE(Read(stream)->finished()) << stream;
}

TEST(ChatStreamReading, SeesAnErrorWithinTheStream) {
  auto reader = Read(Frames({kText, R"({"error":{"message":"Full","code":3040}})"}));
  ASSERT_TRUE(reader->failure());
  EXPECT_EQ(reader->failure()->code, 3040);
  reader = Read(Frames({R"({"errors":[{"message":"AiError: Full","code":3040}]})", kText}));
  ASSERT_TRUE(reader->failure());
  EXPECT_EQ(reader->failure()->message, "Full");
  EXPECT_FALSE(Read(Frames({R"({"error":null,"choices":[]})"}))->failure());
  EXPECT_FALSE(
      Read(Frames({R"({"choices":[{"delta":{"content":"\"error\": usage\""}}]})"}))->failure());
}

TEST(ChatStreamReading, SaysNothingOfWhatIsNoStream) {
  for (const char* text : {"<html>502</html>", R"({"choices":[]})", "data: {", "data: []\n\n",
                           "data: \"usage\"\n\n", "data: {\"usage\":7}\n\n"}) {
    const auto reader = Read(text);
    EXPECT_FALSE(reader->finished()) << text;
    EXPECT_FALSE(reader->usage()) << text;
  }
}

// Any damage is read without harm, in whatever pieces it comes.
TEST(ChatStreamReading, IsTotal) {
  test::FixedRandom random(11);
  const std::string good = Frames({kText, Cumulative(2), kStop, kZeros, kNativeUsage, "[DONE]"});
  for (int round = 0; round < 3000; ++round) {
    std::string text = good;
    for (std::uint64_t n = 1 + random.Below(5); n > 0; --n) {
      const std::size_t at = random.Below(text.size());
      if (random.Below(2) == 0) {
        text[at] = static_cast<char>(random.Below(256));
      } else {
        text.erase(at, 1 + random.Below(20));
      }
    }
    const auto whole = Read(text);
    const auto pieces = Read(text, 1 + random.Below(40));
    EXPECT_EQ(whole->finished(), pieces->finished()) << text;
    EXPECT_EQ(whole->usage().has_value(), pieces->usage().has_value()) << text;
  }
}

// Streams that providers sent, one event a line.
TEST(ChatStreamReading, CountsRecordedStreamsOnce) {
  const std::string folder = test::SourceFolder() + "/../shared/vectors/sse";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no vectors at " << folder;
  int streams = 0, counted = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    ++streams;
    std::ifstream in(entry.path());
    std::vector<std::string> frames;
    bool any_usage = false;
    for (std::string line; std::getline(in, line);) {
      if (line.empty()) continue;
      const auto frame = ParseJson(line);
      const UsagePart part = frame ? ReadUsage(*frame) : UsagePart();
      any_usage = any_usage || (part.in && part.out);
      frames.push_back(line);
    }
    frames.push_back("[DONE]");
    const auto reader = Read(Frames(frames), 1000);
    EXPECT_TRUE(reader->done()) << entry.path();
    EXPECT_EQ(reader->usage().has_value(), any_usage) << entry.path();
    counted += reader->usage() ? 1 : 0;
  }
  EXPECT_EQ(streams, 68);
  EXPECT_GT(counted, 60);
}

}  // namespace
}  // namespace mg
