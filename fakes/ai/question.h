// What a caller asks of a text model, in Workers AI's own inputs or in OpenAI's chat completions
// (wire/ai-gateway.md 5.1, 5.3). Reading is strict and total.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "fakes/ai/catalogue.h"
#include "fakes/ai/errors.h"

namespace mg::fake {

enum class AiDialect {
  kNative,
  kOpenAi,     // chat completions, embeddings
  kResponses,  // OpenAI's newer one, see responses.h
  kMessages,   // Anthropic's, see messages.h
};

struct ChatTool {
  std::string name;
  std::shared_ptr<const Json> parameters;  // a JSON Schema; null: none
};

struct ChatQuestion {
  bool streams = false;
  std::string last_role;  // of the last message
  std::string last_user_message;
  std::int64_t prompt_tokens = 0;
  std::int64_t max_tokens = 0;
  std::int64_t seed = 0;  // 0: none was given

  std::vector<ChatTool> tools;
  enum class ToolUse { kNone, kAuto, kRequired } tool_use = ToolUse::kAuto;
  std::string named_tool;  // must be called; empty: any

  enum class Format { kText, kJsonObject, kJsonSchema } format = Format::kText;
  std::shared_ptr<const Json> schema;  // of kJsonSchema
};

bool WantsStream(const Json& query);
AiError BadAiInput(const std::string& what);                 // 5006
const Json* Given(const Json& query, std::string_view key);  // nullptr: absent, or null

// Fills `question`, or says what is wrong (5006, 3030, 8001, 8007). kNative or kOpenAi.
std::optional<AiError> ReadQuestion(const Json& query, AiDialect dialect, const AiModel& model,
                                    ChatQuestion& question);

struct EmbeddingQuestion {
  std::vector<std::string> texts;
  bool is_list = false;  // they came as one
  std::string pooling;
  bool base64 = false;  // OpenAI's other encoding
  std::int64_t prompt_tokens = 0;
};
// Of `text` (Workers AI) or `input` (OpenAI).
std::optional<AiError> ReadEmbeddingQuestion(const Json& query, AiDialect dialect,
                                             const AiModel& model, EmbeddingQuestion& question);

}  // namespace mg::fake
