// A model's answer as the events of a stream: in Workers AI's own form and in OpenAI's chunks
// (wire/ai-gateway.md 5.2, 5.3), with the ways in which models are known to get it wrong (8), or in
// the events of the other dialects.
#pragma once
#include <cstdint>
#include <memory>
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

// Writes a stream while its answer is being made. Each call adds frames to `out`; Begin first, End
// last.
//
// Thread-safety: none; one stream's.
class FrameWriter {
 public:
  virtual ~FrameWriter() = default;
  virtual void Begin(std::vector<AiFrame>& out) = 0;
  virtual void Text(std::string_view piece, std::vector<AiFrame>& out) = 0;
  // Tool calls, usage, and how it ended.
  virtual void End(const ModelAnswer& answer, std::vector<AiFrame>& out) = 0;
};

// Of the voice's dialect. `variant` is any but kByModel and kJsonAnswer, which are no kind of
// stream; models of kZerosThenNative speak OpenAI's chunks for the native dialect as well.
// Ownership: `random` outlives it.
std::unique_ptr<FrameWriter> MakeFrameWriter(StreamVariant variant, AiVoice voice,
                                             std::int64_t tokens_in, Random& random);

std::vector<AiFrame> FramesOf(const ModelAnswer& answer, StreamVariant variant,
                              const AiVoice& voice, Random& random);

}  // namespace mg::fake
