#include "fakes/ai/frames.h"

#include <utility>

#include "core/base/json.h"
#include "fakes/ai/messages.h"
#include "fakes/ai/responses.h"

namespace mg::fake {
namespace {

// The service pads each event with a part of this, of random length, against readers of sizes.
constexpr std::string_view kPadding =
    "abdefghijklmnopqrstuvwxyz0123456789abdefghijklmnopqrstuvwxyz";
constexpr std::size_t kLengthsAtOnce = 64;
constexpr std::string_view kDigits = "0123456789";

std::string Quoted(std::string_view text) {
  return DumpJson(Json(text));
}

std::string Event(std::string json) {
  return "data: " + std::move(json) + "\n\n";
}

std::string NativeUsage(const ModelAnswer& answer, const AiVoice& voice) {
  return Event(R"({"response":"","usage":)" +
               UsageJson(answer.tokens_in, answer.tokens_out, voice) + "}");
}

class ChunkWriter final : public FrameWriter {
 public:
  ChunkWriter(StreamVariant variant, AiVoice voice, std::int64_t tokens_in, Random& random);
  void Begin(std::vector<AiFrame>& out) override;
  void Text(std::string_view piece, std::vector<AiFrame>& out) override;
  void End(const ModelAnswer& answer, std::vector<AiFrame>& out) override;

 private:
  bool native() const;
  void Content(const std::string& json, std::vector<AiFrame>& out);
  void NativeEnd(const ModelAnswer& answer, std::vector<AiFrame>& out);
  void OpenAiEnd(const ModelAnswer& answer, std::vector<AiFrame>& out);
  void Calls(const ModelAnswer& answer, std::vector<AiFrame>& out);
  std::string Delta(const std::string& delta, const std::string& finish_reason) const;
  std::string Chunk(const std::string& choices, const std::string& usage) const;
  std::string UsageSoFar() const;
  std::string Padding();

  const StreamVariant variant_;
  const AiVoice voice_;
  const std::int64_t tokens_in_;
  const std::string start_;  // of every chunk
  Random& random_;
  std::string lengths_;  // drawn for padding
  std::int64_t said_ = 0;
};

ChunkWriter::ChunkWriter(StreamVariant variant, AiVoice voice, std::int64_t tokens_in,
                         Random& random)
    : variant_(variant),
      voice_(std::move(voice)),
      tokens_in_(tokens_in),
      start_(R"({"id":)" + Quoted(voice_.id) + R"(,"object":"chat.completion.chunk","created":)" +
             std::to_string(voice_.created_s) + R"(,"model":)" + Quoted(voice_.model) +
             R"(,"choices":[)"),
      random_(random) {}

bool ChunkWriter::native() const {
  return voice_.dialect == AiDialect::kNative && variant_ != StreamVariant::kZerosThenNative;
}

void ChunkWriter::Begin(std::vector<AiFrame>& out) {
  if (!native()) out.push_back({Delta(R"({"role":"assistant","content":""})", "null"), 0});
}

// A model of the numeric kind says each digit as a bare number, and loses every 0.
void ChunkWriter::Text(std::string_view piece, std::vector<AiFrame>& out) {
  const std::size_t digits = piece.find_first_of(kDigits);
  const bool numeric = variant_ == StreamVariant::kNumeric && digits != std::string_view::npos &&
                       piece.find_first_not_of(kDigits, digits) == std::string_view::npos;
  if (!numeric) return Content(Quoted(piece), out);
  for (const char digit : piece.substr(digits))
    if (digit != '0') Content(std::string(1, digit), out);
}

void ChunkWriter::Content(const std::string& json, std::vector<AiFrame>& out) {
  ++said_;
  if (!native()) {
    out.push_back({Delta(R"({"content":)" + json + "}", "null"), 1});
    return;
  }
  const std::string usage = UsageSoFar();
  out.push_back(
      {Event(R"({"response":)" + json + (usage.empty() ? "" : R"(,"usage":)" + usage) + Padding()),
       1});
}

void ChunkWriter::End(const ModelAnswer& answer, std::vector<AiFrame>& out) {
  if (native()) {
    NativeEnd(answer, out);
  } else {
    OpenAiEnd(answer, out);
  }
  if (variant_ == StreamVariant::kNoDone) return;
  out.push_back({std::string(kDoneFrame), 0});
  if (variant_ == StreamVariant::kDoubleDone) out.push_back({std::string(kDoneFrame), 0});
}

void ChunkWriter::NativeEnd(const ModelAnswer& answer, std::vector<AiFrame>& out) {
  const std::int64_t called = answer.tool_calls.empty() ? 0 : answer.tokens_out - said_;
  out.push_back({Event(R"({"tool_calls":)" + NativeToolCalls(answer) + Padding()), called});
  out.push_back({NativeUsage(answer, voice_), 0});
  if (variant_ == StreamVariant::kDoubleDone) out.push_back(out.back());
}

void ChunkWriter::OpenAiEnd(const ModelAnswer& answer, std::vector<AiFrame>& out) {
  Calls(answer, out);
  said_ = answer.tokens_out;
  out.push_back({Delta("{}", "\"" + FinishReason(answer) + "\""), 0});
  if (variant_ == StreamVariant::kDoubleDone) out.push_back(out.back());
  const bool zeros = variant_ == StreamVariant::kZerosThenNative;
  const std::string usage =
      zeros ? UsageJson(0, 0, voice_) : UsageJson(answer.tokens_in, answer.tokens_out, voice_);
  out.push_back({Chunk("", usage), 0});
  if (zeros) out.push_back({NativeUsage(answer, voice_), 0});
}

// A call's name and id first, then its arguments in pieces.
void ChunkWriter::Calls(const ModelAnswer& answer, std::vector<AiFrame>& out) {
  for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
    const ToolCall& call = answer.tool_calls[i];
    const std::string start = R"({"tool_calls":[{"index":)" + std::to_string(i);
    ++said_;
    out.push_back({Delta(start + R"(,"id":)" + Quoted(ToolCallId(call, i, voice_)) +
                             R"(,"type":"function","function":{"name":)" + Quoted(call.name) +
                             R"(,"arguments":""}}]})",
                         "null"),
                   1});
    for (const std::string_view piece : TokenPieces(call.arguments_json)) {
      ++said_;
      out.push_back(
          {Delta(start + R"(,"function":{"arguments":)" + Quoted(piece) + "}}]}", "null"), 1});
    }
  }
}

std::string ChunkWriter::Delta(const std::string& delta, const std::string& finish_reason) const {
  return Chunk(R"({"index":0,"delta":)" + delta + R"(,"logprobs":null,"finish_reason":)" +
                   finish_reason + "}",
               UsageSoFar());
}

std::string ChunkWriter::Chunk(const std::string& choices, const std::string& usage) const {
  return Event(start_ + choices + "]" + (usage.empty() ? "}" : R"(,"usage":)" + usage + "}"));
}

std::string ChunkWriter::UsageSoFar() const {
  return variant_ == StreamVariant::kUsageEach ? UsageJson(tokens_in_, said_, voice_) : "";
}

std::string ChunkWriter::Padding() {
  if (lengths_.empty()) lengths_ = random_.Bytes(kLengthsAtOnce);
  const std::size_t length = static_cast<unsigned char>(lengths_.back()) % kPadding.size() + 1;
  lengths_.pop_back();
  return R"(,"p":")" + std::string(kPadding.substr(0, length)) + "\"}";
}

}  // namespace

std::unique_ptr<FrameWriter> MakeFrameWriter(StreamVariant variant, AiVoice voice,
                                             std::int64_t tokens_in, Random& random) {
  if (voice.dialect == AiDialect::kResponses) return MakeResponsesWriter(std::move(voice));
  if (voice.dialect == AiDialect::kMessages) return MakeMessagesWriter(std::move(voice), tokens_in);
  return std::make_unique<ChunkWriter>(variant, std::move(voice), tokens_in, random);
}

std::vector<AiFrame> FramesOf(const ModelAnswer& answer, StreamVariant variant,
                              const AiVoice& voice, Random& random) {
  std::vector<AiFrame> frames;
  const auto writer = MakeFrameWriter(variant, voice, answer.tokens_in, random);
  writer->Begin(frames);
  for (const std::string_view piece : TokenPieces(answer.text)) writer->Text(piece, frames);
  writer->End(answer, frames);
  return frames;
}

}  // namespace mg::fake
