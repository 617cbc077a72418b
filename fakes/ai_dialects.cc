#include "fakes/ai_dialects.h"

#include "core/base/json.h"
#include "fakes/ai_knobs.h"

namespace mg::fake {
namespace {

AiError BadInput(const std::string& what) {
  return KnownAiError(5006, "Bad input: Error: " + what);
}

struct Range {
  const char* name;
  double least;
  double most;
};

constexpr Range kRanges[] = {
    {"temperature", 0, 5},
    {"top_p", 0, 2},
    {"top_k", 1, 50},
    {"seed", 1, 9'999'999'999},
    {"repetition_penalty", 0, 2},
    {"frequency_penalty", -2, 2},
    {"presence_penalty", -2, 2},
};

const Json* Given(const Json& query, std::string_view key) {  // null counts as absent
  const Json* value = Find(query, key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<AiError> CheckRanges(const Json& query) {
  for (const Range& range : kRanges) {
    const Json* value = Given(query, range.name);
    if (value == nullptr) continue;
    const std::string place = "'/" + std::string(range.name) + "'";
    if (!value->is_number()) return BadInput("Type mismatch of " + place);
    const double number = value->get<double>();
    if (!(number >= range.least && number <= range.most))
      return BadInput(place + " is out of range");
  }
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
    return BadInput("oneOf at '/' not met, 0 matches: '/messages' must be a non-empty array");
  for (const Json& message : messages) {
    std::string text;
    const std::string role = StringAt(message, "role");
    if (role.empty()) return BadInput("required properties at '/messages' are 'role,content'");
    if (!ReadContent(message, dialect, text))
      return BadInput("Type mismatch of '/messages/content', 'string' expected");
    question.prompt_tokens += CountTokens(text);
    if (role == "user") question.last_user_message = std::move(text);
  }
  return std::nullopt;
}

std::optional<AiError> ReadInput(const Json& query, AiDialect dialect, ChatQuestion& question) {
  const Json* messages = Given(query, "messages");
  const Json* prompt = dialect == AiDialect::kNative ? Given(query, "prompt") : nullptr;
  if (messages != nullptr && prompt != nullptr)
    return BadInput("oneOf at '/' not met, 2 matches: 'prompt' and 'messages'");
  if (messages != nullptr) return ReadMessages(*messages, dialect, question);
  if (prompt == nullptr)
    return BadInput(
        std::string("oneOf at '/' not met, 0 matches: required properties at '/' are ") +
        (dialect == AiDialect::kNative ? "'prompt' or 'messages'" : "'messages'"));
  if (!prompt->is_string() || prompt->get_ref<const std::string&>().empty())
    return BadInput("Type mismatch of '/prompt', 'string' expected");
  question.last_user_message = prompt->get<std::string>();
  question.prompt_tokens = CountTokens(question.last_user_message);
  return std::nullopt;
}

std::optional<AiError> ReadMaxTokens(const Json& query, AiDialect dialect, const AiModel& model,
                                     ChatQuestion& question) {
  const bool newer = dialect == AiDialect::kOpenAi && Given(query, "max_tokens") == nullptr;
  const std::string_view key = newer ? "max_completion_tokens" : "max_tokens";
  question.max_tokens = kDefaultMaxTokens;
  if (const Json* limit = Given(query, key); limit != nullptr) {
    if (!limit->is_number_integer()) return BadInput("Type mismatch of '/max_tokens', 'integer'");
    // A number beyond 64 bits and one beyond every context window are the same mistake.
    question.max_tokens = IntAt(query, key, INT64_MAX);
    if (question.max_tokens < 1) return BadInput("'/max_tokens' is out of range");
  }
  const std::int64_t room = model.context_tokens - question.prompt_tokens;
  if (question.max_tokens <= room) return std::nullopt;
  return KnownAiError(3030, "Max context reached: the prompt has " +
                                std::to_string(question.prompt_tokens) +
                                " tokens and the model supports only " +
                                std::to_string(model.context_tokens) + " with its answer");
}

Json UsageJson(const ModelText& text, const ChatQuestion& question) {
  return {{"prompt_tokens", question.prompt_tokens},
          {"completion_tokens", text.tokens_out},
          {"total_tokens", question.prompt_tokens + text.tokens_out}};
}

std::string NativeAnswer(const ModelText& text, const ChatQuestion& question) {
  const Json result = {
      {"response", text.text}, {"tool_calls", Json::array()}, {"usage", UsageJson(text, question)}};
  return DumpJson({{"result", result},
                   {"success", true},
                   {"errors", Json::array()},
                   {"messages", Json::array()}});
}

std::string OpenAiAnswer(const ModelText& text, const ChatQuestion& question,
                         const AiVoice& voice) {
  const Json choice = {{"index", 0},
                       {"message", {{"role", "assistant"}, {"content", text.text}}},
                       {"logprobs", nullptr},
                       {"finish_reason", text.hit_token_limit ? "length" : "stop"}};
  return DumpJson({{"id", voice.id},
                   {"object", "chat.completion"},
                   {"created", voice.created_s},
                   {"model", voice.model},
                   {"choices", Json::array({choice})},
                   {"usage", UsageJson(text, question)}});
}

}  // namespace

bool WantsStream(const Json& query) {
  const Json* stream = Find(query, "stream");
  return stream != nullptr && stream->is_boolean() && stream->get<bool>();
}

std::string_view QueryGap(const Json& query) {
  const Json* format = Given(query, "response_format");
  if (format != nullptr && StringAt(*format, "type") != "text") return "ai.json_mode";
  return "";
}

std::optional<AiError> ReadQuestion(const Json& query, AiDialect dialect, const AiModel& model,
                                    ChatQuestion& question) {
  if (!query.is_object()) return BadInput("'/' must be an object");
  const Json* stream = Given(query, "stream");
  if (stream != nullptr && !stream->is_boolean())
    return BadInput("Type mismatch of '/stream', 'boolean' expected");
  question.streams = WantsStream(query);
  if (auto wrong = CheckRanges(query)) return wrong;
  if (auto wrong = ReadInput(query, dialect, question)) return wrong;
  return ReadMaxTokens(query, dialect, model, question);
}

std::string AnswerBody(const ModelText& text, const ChatQuestion& question, const AiVoice& voice) {
  return voice.dialect == AiDialect::kNative ? NativeAnswer(text, question)
                                             : OpenAiAnswer(text, question, voice);
}

}  // namespace mg::fake
