// Anthropic's Messages API (POST /ai/v1/messages): its requests as chat completions, its answers
// and events. Facts: docs.anthropic.com/en/api/messages and messages-streaming.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/json_fwd.h"
#include "fakes/ai/answers.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/frames.h"

namespace mg::fake {

// Fills `chat`, or says what is wrong (5006).
std::optional<AiError> ChatOfMessages(const Json& query, Json& chat);

std::string MessagesBody(const ModelAnswer& answer, const AiVoice& voice);
std::unique_ptr<FrameWriter> MakeMessagesWriter(AiVoice voice, std::int64_t tokens_in);

}  // namespace mg::fake
