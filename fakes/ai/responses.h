// OpenAI's Responses API (POST /ai/v1/responses): its requests as chat completions, its answers and
// events. Facts: platform.openai.com/docs/api-reference/responses and responses-streaming. Nothing
// is stored: what refers to an earlier response is refused.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "core/base/json_fwd.h"
#include "fakes/ai/answers.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/frames.h"

namespace mg::fake {

// Fills `chat`, or says what is wrong (5006).
std::optional<AiError> ChatOfResponses(const Json& query, Json& chat);

std::string ResponsesBody(const ModelAnswer& answer, const AiVoice& voice);
std::unique_ptr<FrameWriter> MakeResponsesWriter(AiVoice voice);

}  // namespace mg::fake
