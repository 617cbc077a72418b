// A model's answer as the events of a stream, in Workers AI's own form and in OpenAI's chunks
// (wire/ai-gateway.md 5.2, 5.3), and the ways in which models are known to get it wrong (8).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/random.h"
#include "fakes/ai_answers.h"
#include "fakes/ai_knobs.h"
#include "fakes/model.h"

namespace mg::fake {

struct AiFrame {
  std::string bytes;  // with the blank line that ends it
  std::int64_t tokens = 0;
};

inline constexpr std::string_view kDoneFrame = "data: [DONE]\n\n";

// For every variant but kByModel and kJsonAnswer, which are no kind of stream. Models of
// kZerosThenNative speak OpenAI's chunks in either dialect.
std::vector<AiFrame> FramesOf(const ModelAnswer& answer, StreamVariant variant,
                              const AiVoice& voice, Random& random);

}  // namespace mg::fake
