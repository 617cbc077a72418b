// A model's answer written down, in Workers AI's own form and in OpenAI's (wire/ai-gateway.md 5.1,
// 5.3, 5.4), or in those of the other dialects.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fakes/ai/model.h"
#include "fakes/ai/question.h"

namespace mg::fake {

// What an answer says of itself.
struct AiVoice {
  AiDialect dialect = AiDialect::kOpenAi;
  std::string model;  // as the caller wrote it
  std::string id;     // "chatcmpl-..."
  std::int64_t created_s = 0;
  bool choices = false;  // a native result is OpenAI's completion
  std::string neurons;   // a decimal number that usage says too; empty: it does not
};

// A whole answer, no stream.
std::string AnswerBody(const ModelAnswer& answer, const AiVoice& voice);

// Parts of answers and of streams, as JSON.
std::string UsageJson(std::int64_t tokens_in, std::int64_t tokens_out, const AiVoice& voice);
std::string FinishReason(const ModelAnswer& answer);              // "stop", "length", "tool_calls"
std::string IdOf(std::string_view prefix, const AiVoice& voice);  // "msg_...", one for each answer
std::string ToolCallId(const ToolCall& call, std::size_t index, const AiVoice& voice);
std::string NativeToolCalls(const ModelAnswer& answer);  // [{"name", "arguments": {...}}]

std::string EmbeddingBody(const EmbeddingQuestion& question, const AiModel& model,
                          const AiVoice& voice);

}  // namespace mg::fake
