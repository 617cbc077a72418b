#include "core/base/json.h"
#include "fakes/ai/question.h"
#include "fakes/ai/responses.h"

namespace mg::fake {
namespace {

constexpr const char* kSharedMembers[] = {"model", "stream", "temperature", "top_p"};
// What needs the service to keep something between calls.
constexpr const char* kStoredMembers[] = {"previous_response_id", "conversation", "background"};

// Text alone, or parts of it. False: bad content.
bool ReadContent(const Json& item, Json& content) {
  const Json* said = Find(item, "content");
  if (said == nullptr) return false;
  content = *said;
  if (said->is_string()) return true;
  if (!said->is_array() || said->empty()) return false;
  content = Json::array();
  for (const Json& part : *said) {
    const std::string type = StringAt(part, "type");
    const Json* text = Find(part, "text");
    if ((type != "input_text" && type != "output_text") || text == nullptr || !text->is_string())
      return false;
    content.push_back({{"type", "text"}, {"text", *text}});
  }
  return true;
}

Json CallOf(const Json& item) {
  return {{"role", "assistant"},
          {"content", nullptr},
          {"tool_calls", Json::array({{{"id", StringAt(item, "call_id")},
                                       {"type", "function"},
                                       {"function",
                                        {{"name", StringAt(item, "name")},
                                         {"arguments", StringAt(item, "arguments")}}}}})}};
}

std::optional<AiError> AddItem(const Json& item, Json& messages) {
  const std::string type = StringAt(item, "type", "message");
  if (type == "function_call") {
    messages.push_back(CallOf(item));
    return std::nullopt;
  }
  const Json* output = Find(item, "output");
  if (type == "function_call_output" && output != nullptr && output->is_string()) {
    messages.push_back(
        {{"role", "tool"}, {"tool_call_id", StringAt(item, "call_id")}, {"content", *output}});
    return std::nullopt;
  }
  Json content;
  const std::string role = StringAt(item, "role");
  if (type != "message" || role.empty() || !ReadContent(item, content))
    return BadAiInput("'/input' must hold messages of text, function calls and their outputs");
  messages.push_back({{"role", role}, {"content", content}});
  return std::nullopt;
}

std::optional<AiError> ReadInput(const Json& query, Json& messages) {
  messages = Json::array();
  if (const Json* instructions = Given(query, "instructions")) {
    if (!instructions->is_string())
      return BadAiInput("Type mismatch of '/instructions', 'string' expected");
    messages.push_back({{"role", "system"}, {"content", *instructions}});
  }
  const Json* input = Given(query, "input");
  if (input == nullptr) return BadAiInput("required properties at '/' are 'input'");
  if (input->is_string()) {
    messages.push_back({{"role", "user"}, {"content", *input}});
    return std::nullopt;
  }
  if (!input->is_array() || input->empty())
    return BadAiInput("Type mismatch of '/input', 'string' or a non-empty array expected");
  for (const Json& item : *input)
    if (auto wrong = AddItem(item, messages)) return wrong;
  return std::nullopt;
}

// {"type": "function", "name": ...} here, {"type": "function", "function": {"name": ...}} there.
Json Nested(Json function) {
  function.erase("type");
  return {{"type", "function"}, {"function", std::move(function)}};
}

std::optional<AiError> ReadTools(const Json& query, Json& chat) {
  if (const Json* tools = Given(query, "tools")) {
    if (!tools->is_array()) return BadAiInput("Type mismatch of '/tools', 'array' expected");
    Json& list = chat["tools"] = Json::array();
    for (const Json& tool : *tools) {
      if (StringAt(tool, "type") != "function")
        return BadAiInput("'/tools/type' must be 'function'");
      list.push_back(Nested(tool));
    }
  }
  if (const Json* choice = Given(query, "tool_choice"))
    chat["tool_choice"] = choice->is_object() ? Nested(*choice) : *choice;
  return std::nullopt;
}

void ReadFormat(const Json& query, Json& chat) {
  const Json* text = Given(query, "text");
  const Json* format = text == nullptr ? nullptr : Given(*text, "format");
  if (format == nullptr) return;
  Json& wanted = chat["response_format"] = {{"type", StringAt(*format, "type")}};
  if (const Json* schema = Given(*format, "schema")) wanted["json_schema"] = {{"schema", *schema}};
}

}  // namespace

std::optional<AiError> ChatOfResponses(const Json& query, Json& chat) {
  if (!query.is_object()) return BadAiInput("'/' must be an object");
  for (const char* name : kStoredMembers) {
    const Json* value = Given(query, name);
    if (value != nullptr && *value != false)
      return BadAiInput("'/" + std::string(name) + "' is not supported: no response is stored");
  }
  chat = Json::object();
  for (const char* name : kSharedMembers)
    if (const Json* value = Given(query, name)) chat[name] = *value;
  if (const Json* limit = Given(query, "max_output_tokens")) chat["max_tokens"] = *limit;
  if (auto wrong = ReadInput(query, chat["messages"])) return wrong;
  ReadFormat(query, chat);
  return ReadTools(query, chat);
}

}  // namespace mg::fake
