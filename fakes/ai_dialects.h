// The two ways to speak to a text model: Workers AI's own inputs, and OpenAI's chat completions
// (wire/ai-gateway.md 5.1, 5.3). Reading is strict and total; bodies have the service's shape.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "fakes/ai_catalogue.h"
#include "fakes/ai_errors.h"
#include "fakes/model.h"

namespace mg::fake {

enum class AiDialect { kNative, kOpenAi };

struct ChatQuestion {
  bool streams = false;
  std::string last_user_message;
  std::int64_t prompt_tokens = 0;
  std::int64_t max_tokens = 0;
};

// What an answer says of itself.
struct AiVoice {
  AiDialect dialect = AiDialect::kOpenAi;
  std::string model;  // as the caller wrote it
  std::string id;
  std::int64_t created_s = 0;
};

bool WantsStream(const Json& query);

// What the query asks for and this fake has not: "ai.json_mode"; empty when nothing.
std::string_view QueryGap(const Json& query);

// Fills `question`, or says what is wrong (5006, 3030).
std::optional<AiError> ReadQuestion(const Json& query, AiDialect dialect, const AiModel& model,
                                    ChatQuestion& question);

// A whole answer, no stream.
std::string AnswerBody(const ModelText& text, const ChatQuestion& question, const AiVoice& voice);

}  // namespace mg::fake
