#include "fakes/ai_frames.h"

#include <utility>

#include "core/base/json.h"

namespace mg::fake {
namespace {

// The service pads each event with a part of this, of random length, against readers of sizes.
constexpr std::string_view kPadding =
    "abdefghijklmnopqrstuvwxyz0123456789abdefghijklmnopqrstuvwxyz";

class Padding {
 public:
  Padding(std::size_t frames, Random& random) : lengths_(random.Bytes(frames)) {}
  std::string Next() {
    const std::size_t length = static_cast<unsigned char>(lengths_[at_++]) % kPadding.size() + 1;
    return ",\"p\":\"" + std::string(kPadding.substr(0, length)) + "\"}";
  }

 private:
  const std::string lengths_;
  std::size_t at_ = 0;
};

std::string Event(std::string json) {
  return "data: " + std::move(json) + "\n\n";
}

// The pieces of an answer as JSON values. A model of the numeric kind says each digit as a bare
// number, and loses every 0.
std::vector<AiFrame> Contents(const ModelAnswer& answer, StreamVariant variant) {
  std::vector<AiFrame> contents;
  for (const std::string_view piece : TokenPieces(answer.text)) {
    const std::size_t digits = piece.find_first_of("0123456789");
    const bool numeric = variant == StreamVariant::kNumeric && digits != std::string_view::npos &&
                         piece.find_first_not_of("0123456789", digits) == std::string_view::npos;
    if (!numeric) {
      contents.push_back({DumpJson(Json(piece)), 1});
      continue;
    }
    for (const char digit : piece.substr(digits))
      if (digit != '0') contents.push_back({std::string(1, digit), 1});
  }
  return contents;
}

std::string NativeUsageFrame(const ModelAnswer& answer, const AiVoice& voice) {
  return Event(R"({"response":"","usage":)" +
               UsageJson(answer.tokens_in, answer.tokens_out, voice) + "}");
}

void AddDone(StreamVariant variant, std::vector<AiFrame>& frames) {
  if (variant == StreamVariant::kNoDone) return;
  frames.push_back({std::string(kDoneFrame), 0});
  if (variant == StreamVariant::kDoubleDone) frames.push_back({std::string(kDoneFrame), 0});
}

class ChunkWriter {
 public:
  explicit ChunkWriter(const AiVoice& voice)
      : start_(R"({"id":)" + DumpJson(Json(voice.id)) +
               R"(,"object":"chat.completion.chunk","created":)" + std::to_string(voice.created_s) +
               R"(,"model":)" + DumpJson(Json(voice.model)) + R"(,"choices":[)") {}

  // `delta` and `usage` are JSON; no usage when that is empty.
  std::string Delta(const std::string& delta, const std::string& finish_reason,
                    const std::string& usage) const {
    return Event(start_ + R"({"index":0,"delta":)" + delta +
                 R"(,"logprobs":null,"finish_reason":)" + finish_reason + "}]" + Ending(usage));
  }
  std::string Usage(const std::string& usage) const { return Event(start_ + "]" + Ending(usage)); }

 private:
  static std::string Ending(const std::string& usage) {
    return usage.empty() ? "}" : R"(,"usage":)" + usage + "}";
  }

  const std::string start_;
};

std::vector<AiFrame> NativeFrames(const ModelAnswer& answer, StreamVariant variant,
                                  const AiVoice& voice, Random& random) {
  std::vector<AiFrame> frames = Contents(answer, variant);
  Padding padding(frames.size() + 1, random);
  std::int64_t said = 0;
  for (AiFrame& frame : frames) {
    std::string json = R"({"response":)" + frame.bytes;
    if (variant == StreamVariant::kUsageEach)
      json += R"(,"usage":)" + UsageJson(answer.tokens_in, ++said, voice);
    frame.bytes = Event(json + padding.Next());
  }
  const std::int64_t called = answer.tokens_out - static_cast<std::int64_t>(frames.size());
  frames.push_back({Event(R"({"tool_calls":)" + NativeToolCalls(answer) + padding.Next()),
                    answer.tool_calls.empty() ? 0 : called});
  frames.push_back({NativeUsageFrame(answer, voice), 0});
  if (variant == StreamVariant::kDoubleDone) frames.push_back(frames.back());
  AddDone(variant, frames);
  return frames;
}

// A call's name and id first, then its arguments in pieces.
std::vector<AiFrame> ToolCallDeltas(const ModelAnswer& answer, const AiVoice& voice) {
  std::vector<AiFrame> deltas;
  for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
    const ToolCall& call = answer.tool_calls[i];
    const std::string start = R"({"tool_calls":[{"index":)" + std::to_string(i);
    deltas.push_back({start + R"(,"id":)" + DumpJson(Json(ToolCallId(call, i, voice))) +
                          R"(,"type":"function","function":{"name":)" + DumpJson(Json(call.name)) +
                          R"(,"arguments":""}}]})",
                      1});
    for (const std::string_view piece : TokenPieces(call.arguments_json))
      deltas.push_back(
          {start + R"(,"function":{"arguments":)" + DumpJson(Json(piece)) + "}}]}", 1});
  }
  return deltas;
}

std::vector<AiFrame> OpenAiFrames(const ModelAnswer& answer, StreamVariant variant,
                                  const AiVoice& voice) {
  const ChunkWriter chunk(voice);
  std::vector<AiFrame> frames;
  std::int64_t said = 0;
  const auto usage = [&] {
    if (variant != StreamVariant::kUsageEach) return std::string();
    return UsageJson(answer.tokens_in, said, voice);
  };
  frames.push_back({chunk.Delta(R"({"role":"assistant","content":""})", "null", usage()), 0});
  for (const AiFrame& content : Contents(answer, variant)) {
    ++said;
    frames.push_back({chunk.Delta(R"({"content":)" + content.bytes + "}", "null", usage()), 1});
  }
  for (const AiFrame& delta : ToolCallDeltas(answer, voice)) {
    ++said;
    frames.push_back({chunk.Delta(delta.bytes, "null", usage()), 1});
  }
  said = answer.tokens_out;
  frames.push_back({chunk.Delta("{}", "\"" + FinishReason(answer) + "\"", usage()), 0});
  if (variant == StreamVariant::kDoubleDone) frames.push_back(frames.back());
  const bool zeros = variant == StreamVariant::kZerosThenNative;
  frames.push_back({chunk.Usage(zeros ? UsageJson(0, 0, voice)
                                      : UsageJson(answer.tokens_in, answer.tokens_out, voice)),
                    0});
  if (zeros) frames.push_back({NativeUsageFrame(answer, voice), 0});
  AddDone(variant, frames);
  return frames;
}

}  // namespace

std::vector<AiFrame> FramesOf(const ModelAnswer& answer, StreamVariant variant,
                              const AiVoice& voice, Random& random) {
  if (voice.dialect == AiDialect::kOpenAi || variant == StreamVariant::kZerosThenNative)
    return OpenAiFrames(answer, variant, voice);
  return NativeFrames(answer, variant, voice, random);
}

}  // namespace mg::fake
