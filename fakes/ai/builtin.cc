#include "fakes/ai/builtin.h"

#include <string>
#include <vector>

#include "core/base/json.h"
#include "fakes/ai/schema.h"

namespace mg::fake {
namespace {

constexpr std::size_t kLeastWordBytes = 4;

bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || IsUpper(c);
}

// In lower case; humps of a name like getWeather are words of their own.
std::vector<std::string> WordsOf(std::string_view text, bool has_humps) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (!IsWordByte(c) || (has_humps && IsUpper(c))) words.emplace_back();
    if (IsWordByte(c)) words.back() += IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

bool Mentions(std::string_view message, std::string_view tool_name) {
  const std::vector<std::string> said = WordsOf(message, false);
  bool any = false;
  for (const std::string& word : WordsOf(tool_name, true)) {
    if (word.size() < kLeastWordBytes) continue;
    any = true;
    bool found = false;
    for (const std::string& other : said) found = found || other == word;
    if (!found) return false;
  }
  return any;
}

const ChatTool* ToolToCall(const ChatQuestion& question) {
  using Use = ChatQuestion::ToolUse;
  if (question.tools.empty() || question.tool_use == Use::kNone) return nullptr;
  for (const ChatTool& tool : question.tools)
    if (question.named_tool.empty() ? Mentions(question.last_user_message, tool.name)
                                    : tool.name == question.named_tool)
      if (question.tool_use == Use::kRequired || question.last_role == "user") return &tool;
  return question.tool_use == Use::kRequired ? &question.tools.front() : nullptr;
}

bool Call(const ChatTool& tool, ModelAnswer& answer) {
  Json arguments = Json::object();
  if (tool.parameters) {
    auto made =
        InstanceOf(*tool.parameters, [](std::string_view name) { return std::string(name); });
    if (!made || !made->is_object()) return false;
    arguments = std::move(*made);
  }
  ToolCall call;
  call.name = tool.name;
  call.arguments_json = DumpJson(arguments);
  answer.tokens_out = CountTokens(call.name) + CountTokens(call.arguments_json);
  answer.tool_calls.push_back(std::move(call));
  return true;
}

bool AnswerInJson(const ChatQuestion& question, ModelAnswer& answer) {
  Json value = {{"answer", answer.text}};
  if (question.format == ChatQuestion::Format::kJsonSchema) {
    auto made = InstanceOf(*question.schema, [&](std::string_view) { return answer.text; });
    if (!made) return false;
    value = std::move(*made);
  }
  answer.text = DumpJson(value);
  answer.is_json = true;
  answer.tokens_out = CountTokens(answer.text);
  return answer.tokens_out <= question.max_tokens;
}

}  // namespace

std::optional<AiError> AnswerQuestion(std::string_view model, const ChatQuestion& question,
                                      ModelAnswer& answer) {
  const ChatTool* tool = ToolToCall(question);
  if (tool == nullptr || !Call(*tool, answer)) {
    answer = AnswerPrompt(model, question.last_user_message, question.max_tokens, question.seed);
    if (question.format != ChatQuestion::Format::kText && !AnswerInJson(question, answer))
      return KnownAiError(5024);
  }
  answer.tokens_in = question.prompt_tokens;
  return std::nullopt;
}

}  // namespace mg::fake
