#include "fakes/ai/question.h"

#include <algorithm>
#include <utility>

#include "core/base/json.h"
#include "fakes/ai/knobs.h"
#include "fakes/ai/model.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMaxTools = 128;
constexpr std::size_t kMaxEmbeddingTexts = 100;
constexpr std::size_t kMaxToolNameBytes = 128;

struct Range {
  const char* name;
  double least;
  double most;
};

constexpr Range kRanges[] = {
    {"temperature", 0, 5},
    {"top_k", 1, 50},
    {"seed", 1, 9'999'999'999},
    {"repetition_penalty", 0, 2},
};
constexpr Range kUsualRanges[] = {
    {"top_p", 0, 2},
    {"frequency_penalty", 0, 2},
    {"presence_penalty", 0, 2},
};
constexpr Range kSignedRanges[] = {
    {"top_p", 0.001, 1},
    {"frequency_penalty", -2, 2},
    {"presence_penalty", -2, 2},
};

std::optional<AiError> CheckRange(const Json& query, const Range& range) {
  const Json* value = Given(query, range.name);
  if (value == nullptr) return std::nullopt;
  const std::string place = "'/" + std::string(range.name) + "'";
  if (!value->is_number()) return BadAiInput("Type mismatch of " + place);
  const double number = value->get<double>();
  if (!(number >= range.least && number <= range.most))
    return BadAiInput(place + " is out of range");
  return std::nullopt;
}

std::optional<AiError> CheckRanges(const Json& query, const AiModel& model) {
  for (const Range& range : kRanges)
    if (auto wrong = CheckRange(query, range)) return wrong;
  for (const Range& range : model.signed_penalties ? kSignedRanges : kUsualRanges)
    if (auto wrong = CheckRange(query, range)) return wrong;
  return std::nullopt;
}

// A string; in OpenAI's dialect an array of text parts too. Null only where an assistant called
// tools. False: bad content.
bool ReadContent(const Json& message, AiDialect dialect, std::string& text) {
  const Json* content = Find(message, "content");
  if (content != nullptr && content->is_string()) {
    text = content->get<std::string>();
    return true;
  }
  if (dialect == AiDialect::kNative) return false;
  if (content == nullptr || content->is_null()) return Given(message, "tool_calls") != nullptr;
  if (!content->is_array() || content->empty()) return false;
  for (const Json& part : *content) {
    const Json* part_text = Find(part, "text");
    if (StringAt(part, "type") != "text" || part_text == nullptr || !part_text->is_string())
      return false;
    if (!text.empty()) text += '\n';
    text += part_text->get_ref<const std::string&>();
  }
  return true;
}

std::optional<AiError> ReadMessages(const Json& messages, AiDialect dialect,
                                    ChatQuestion& question) {
  if (!messages.is_array() || messages.empty())
    return BadAiInput("oneOf at '/' not met, 0 matches: '/messages' must be a non-empty array");
  for (const Json& message : messages) {
    std::string text;
    const std::string role = StringAt(message, "role");
    if (role.empty()) return BadAiInput("required properties at '/messages' are 'role,content'");
    if (!ReadContent(message, dialect, text))
      return BadAiInput("Type mismatch of '/messages/content', 'string' expected");
    question.prompt_tokens += CountTokens(text);
    if (role == "user") question.last_user_message = std::move(text);
    question.last_role = role;
  }
  return std::nullopt;
}

std::optional<AiError> ReadInput(const Json& query, AiDialect dialect, ChatQuestion& question) {
  const Json* messages = Given(query, "messages");
  const Json* prompt = dialect == AiDialect::kNative ? Given(query, "prompt") : nullptr;
  if (messages != nullptr && prompt != nullptr)
    return BadAiInput("oneOf at '/' not met, 2 matches: 'prompt' and 'messages'");
  if (messages != nullptr) return ReadMessages(*messages, dialect, question);
  if (prompt == nullptr)
    return BadAiInput(
        std::string("oneOf at '/' not met, 0 matches: required properties at '/' are ") +
        (dialect == AiDialect::kNative ? "'prompt' or 'messages'" : "'messages'"));
  if (!prompt->is_string() || prompt->get_ref<const std::string&>().empty())
    return BadAiInput("Type mismatch of '/prompt', 'string' expected");
  question.last_role = "user";
  question.last_user_message = prompt->get<std::string>();
  question.prompt_tokens = CountTokens(question.last_user_message);
  return std::nullopt;
}

// vLLM's own error goes into the message as text.
AiError TooLong(const AiModel& model, const ChatQuestion& question) {
  const std::string context = std::to_string(model.context_tokens);
  const std::string prompt = std::to_string(question.prompt_tokens);
  if (!model.is_vllm) {
    return KnownAiError(3030, "Max context reached: the prompt has " + prompt +
                                  " tokens and the model supports only " + context +
                                  " with its answer");
  }
  const std::string text =
      "This model's maximum context length is " + context + " tokens. However, you requested " +
      std::to_string(question.max_tokens) + " output tokens and your prompt has " + prompt +
      " tokens. Please reduce the length of either one.";
  return KnownAiError(8007, DumpJson({{"object", "error"},
                                      {"message", text},
                                      {"type", "BadRequestError"},
                                      {"param", nullptr},
                                      {"code", 400}}));
}

std::optional<AiError> ReadMaxTokens(const Json& query, AiDialect dialect, const AiModel& model,
                                     ChatQuestion& question) {
  const bool newer = dialect == AiDialect::kOpenAi && Given(query, "max_tokens") == nullptr;
  const std::string_view key = newer ? "max_completion_tokens" : "max_tokens";
  question.max_tokens = kDefaultMaxTokens;
  if (const Json* limit = Given(query, key); limit != nullptr) {
    if (!limit->is_number_integer()) return BadAiInput("Type mismatch of '/max_tokens', 'integer'");
    // A number beyond 64 bits and one beyond every context window are the same mistake.
    question.max_tokens = IntAt(query, key, INT64_MAX);
    if (question.max_tokens < 1) return BadAiInput("'/max_tokens' is out of range");
  }
  if (question.max_tokens <= model.context_tokens - question.prompt_tokens) return std::nullopt;
  return TooLong(model, question);
}

// OpenAI's form, {"type": "function", "function": {...}}, and Workers AI's older one without it.
bool ReadTool(const Json& json, ChatTool& tool) {
  const Json* function = Find(json, "function");
  const Json& said = function == nullptr ? json : *function;
  tool.name = StringAt(said, "name");
  if (tool.name.empty() || tool.name.size() > kMaxToolNameBytes) return false;
  const Json* parameters = Given(said, "parameters");
  if (parameters == nullptr) return true;
  tool.parameters = std::make_shared<const Json>(*parameters);
  return parameters->is_object();
}

std::optional<AiError> ReadTools(const Json& query, ChatQuestion& question) {
  const Json* tools = Given(query, "tools");
  if (tools == nullptr) return std::nullopt;
  if (!tools->is_array() || tools->size() > kMaxTools)
    return BadAiInput("Type mismatch of '/tools', 'array' expected");
  for (const Json& json : *tools) {
    ChatTool tool;
    if (!ReadTool(json, tool))
      return BadAiInput("required properties at '/tools' are 'name,parameters'");
    question.tools.push_back(std::move(tool));
  }
  return std::nullopt;
}

std::optional<AiError> ReadToolChoice(const Json& query, ChatQuestion& question) {
  using Use = ChatQuestion::ToolUse;
  const Json* choice = Given(query, "tool_choice");
  if (choice == nullptr || *choice == "auto") return std::nullopt;
  if (*choice == "none" || *choice == "required") {
    question.tool_use = *choice == "none" ? Use::kNone : Use::kRequired;
    return std::nullopt;
  }
  if (choice->is_string()) return KnownAiError(8001, "Invalid input: tool_choice");
  const Json* function = Find(*choice, "function");
  question.named_tool =
      function == nullptr ? StringAt(*choice, "name") : StringAt(*function, "name");
  question.tool_use = Use::kRequired;
  const bool known =
      std::any_of(question.tools.begin(), question.tools.end(),
                  [&](const ChatTool& tool) { return tool.name == question.named_tool; });
  if (!known) return BadAiInput("'/tool_choice' names no tool");
  return std::nullopt;
}

// The schema may stand under json_schema itself, or as OpenAI has it under json_schema.schema.
std::optional<AiError> ReadFormat(const Json& query, ChatQuestion& question) {
  using Format = ChatQuestion::Format;
  const Json* format = Given(query, "response_format");
  if (format == nullptr) return std::nullopt;
  const std::string type = StringAt(*format, "type");
  if (type == "text") return std::nullopt;
  if (type != "json_object" && type != "json_schema")
    return BadAiInput("Type mismatch of '/response_format/type'");
  if (question.streams) return BadAiInput("JSON Mode is not supported with streaming");
  question.format = type == "json_object" ? Format::kJsonObject : Format::kJsonSchema;
  if (question.format == Format::kJsonObject) return std::nullopt;
  const Json* schema = Given(*format, "json_schema");
  if (schema != nullptr && Find(*schema, "schema") != nullptr) schema = Find(*schema, "schema");
  if (schema == nullptr || !schema->is_object())
    return BadAiInput("required properties at '/response_format' are 'json_schema'");
  question.schema = std::make_shared<const Json>(*schema);
  return std::nullopt;
}

}  // namespace

AiError BadAiInput(const std::string& what) {
  return KnownAiError(5006, "Bad input: Error: " + what);
}

const Json* Given(const Json& query, std::string_view key) {
  const Json* value = Find(query, key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool WantsStream(const Json& query) {
  const Json* stream = Find(query, "stream");
  return stream != nullptr && stream->is_boolean() && stream->get<bool>();
}

std::optional<AiError> ReadQuestion(const Json& query, AiDialect dialect, const AiModel& model,
                                    ChatQuestion& question) {
  if (!query.is_object()) return BadAiInput("'/' must be an object");
  const Json* stream = Given(query, "stream");
  if (stream != nullptr && !stream->is_boolean())
    return BadAiInput("Type mismatch of '/stream', 'boolean' expected");
  question.streams = WantsStream(query);
  question.seed = IntAt(query, "seed", 0);
  if (Given(query, "lora") != nullptr) return KnownAiError(5005);
  if (auto wrong = CheckRanges(query, model)) return wrong;
  if (auto wrong = ReadInput(query, dialect, question)) return wrong;
  if (auto wrong = ReadTools(query, question)) return wrong;
  if (auto wrong = ReadToolChoice(query, question)) return wrong;
  if (auto wrong = ReadFormat(query, question)) return wrong;
  return ReadMaxTokens(query, dialect, model, question);
}

std::optional<AiError> ReadEmbeddingQuestion(const Json& query, AiDialect dialect,
                                             const AiModel& model, EmbeddingQuestion& question) {
  const bool native = dialect == AiDialect::kNative;
  const std::string key = native ? "text" : "input";
  const Json* input = Given(query, key);
  if (input == nullptr) return BadAiInput("required properties at '/' are '" + key + "'");
  question.is_list = input->is_array();
  const Json list = question.is_list ? *input : Json::array({*input});
  if (list.empty() || list.size() > kMaxEmbeddingTexts)
    return BadAiInput("'/" + key + "' must hold 1 to " + std::to_string(kMaxEmbeddingTexts) +
                      " texts");
  for (const Json& text : list) {
    if (!text.is_string() || text.get_ref<const std::string&>().empty())
      return BadAiInput("Type mismatch of '/" + key + "', 'string' expected");
    question.texts.push_back(text.get<std::string>());
    question.prompt_tokens += CountTokens(question.texts.back());
  }
  question.pooling = StringAt(query, "pooling", model.pooling);
  if (question.pooling != "mean" && question.pooling != "cls")
    return BadAiInput("'/pooling' must be 'mean' or 'cls'");
  const std::string encoding = StringAt(query, "encoding_format", "float");
  if (!native && encoding != "float" && encoding != "base64")
    return BadAiInput("'/encoding_format' must be 'float' or 'base64'");
  question.base64 = !native && encoding == "base64";
  return std::nullopt;
}

}  // namespace mg::fake
