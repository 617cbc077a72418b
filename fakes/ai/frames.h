// A model's answer as the events of a stream, in Workers AI's own form and in OpenAI's chunks
// (wire/ai-gateway.md 5.2, 5.3), and the ways in which models are known to get it wrong (8).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/random.h"
#include "fakes/ai/answers.h"
#include "fakes/ai/knobs.h"
#include "fakes/ai/model.h"

namespace mg::fake {

struct AiFrame {
  std::string bytes;  // with the blank line that ends it
  std::int64_t tokens = 0;
};

inline constexpr std::string_view kDoneFrame = "data: [DONE]\n\n";

// Writes a stream while its answer is being made. For every variant but kByModel and kJsonAnswer,
// which are no kind of stream. Models of kZerosThenNative speak OpenAI's chunks in either dialect.
//
// Thread-safety: none; one stream's.
class FrameWriter {
 public:
  FrameWriter(StreamVariant variant, AiVoice voice, std::int64_t tokens_in, Random& random);

  // Each adds frames to `out`; Begin first, End last.
  void Begin(std::vector<AiFrame>& out);
  void Text(std::string_view piece, std::vector<AiFrame>& out);
  void End(const ModelAnswer& answer, std::vector<AiFrame>& out);  // tool calls, usage, [DONE]

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

std::vector<AiFrame> FramesOf(const ModelAnswer& answer, StreamVariant variant,
                              const AiVoice& voice, Random& random);

}  // namespace mg::fake
