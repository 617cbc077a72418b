#include "core/base/json.h"
#include "fakes/ai/messages.h"
#include "fakes/ai/question.h"

namespace mg::fake {
namespace {

constexpr const char* kSharedMembers[] = {"model",       "stream", "max_tokens",
                                          "temperature", "top_p",  "top_k"};

AiError BadContent() {
  return BadAiInput(
      "'/messages/content' must be a string, or text, tool_use and tool_result blocks");
}

// A string, or blocks of text alone, as one text. False: something else.
bool ReadText(const Json& content, std::string& text) {
  if (content.is_string()) {
    text = content.get<std::string>();
    return true;
  }
  if (!content.is_array()) return false;
  for (const Json& block : content) {
    const Json* said = Find(block, "text");
    if (StringAt(block, "type") != "text" || said == nullptr || !said->is_string()) return false;
    if (!text.empty()) text += '\n';
    text += said->get_ref<const std::string&>();
  }
  return true;
}

Json CallOf(const Json& block) {
  const Json* input = Find(block, "input");
  return {{"id", StringAt(block, "id")},
          {"type", "function"},
          {"function",
           {{"name", StringAt(block, "name")},
            {"arguments", input == nullptr ? "{}" : DumpJson(*input)}}}};
}

// The results of tools stand before what the user says besides, as OpenAI's models want them.
std::optional<AiError> AddMessage(const Json& message, Json& messages) {
  const std::string role = StringAt(message, "role");
  const Json* content = Find(message, "content");
  if (role != "user" && role != "assistant")
    return BadAiInput("'/messages/role' must be 'user' or 'assistant'");
  if (content == nullptr || (!content->is_string() && !content->is_array())) return BadContent();
  Json texts = Json::array(), calls = Json::array();
  const Json blocks =
      content->is_array() ? *content : Json::array({{{"type", "text"}, {"text", *content}}});
  for (const Json& block : blocks) {
    const std::string type = StringAt(block, "type");
    std::string text;
    if (type == "text" && ReadText(Json::array({block}), text)) {
      texts.push_back({{"type", "text"}, {"text", text}});
    } else if (type == "tool_use" && role == "assistant") {
      calls.push_back(CallOf(block));
    } else if (const Json* result = Find(block, "content");
               type == "tool_result" && role == "user" &&
               (result == nullptr || ReadText(*result, text))) {
      messages.push_back(
          {{"role", "tool"}, {"tool_call_id", StringAt(block, "tool_use_id")}, {"content", text}});
    } else {
      return BadContent();
    }
  }
  if (texts.empty() && calls.empty()) return std::nullopt;
  Json said{{"role", role}, {"content", texts.empty() ? Json() : std::move(texts)}};
  if (!calls.empty()) said["tool_calls"] = std::move(calls);
  messages.push_back(std::move(said));
  return std::nullopt;
}

std::optional<AiError> ReadMessages(const Json& query, Json& messages) {
  messages = Json::array();
  if (const Json* system = Given(query, "system")) {
    std::string text;
    if (!ReadText(*system, text)) return BadAiInput("Type mismatch of '/system', text expected");
    messages.push_back({{"role", "system"}, {"content", text}});
  }
  const Json* list = Given(query, "messages");
  if (list == nullptr || !list->is_array() || list->empty())
    return BadAiInput("required properties at '/' are 'messages'");
  for (const Json& message : *list)
    if (auto wrong = AddMessage(message, messages)) return wrong;
  return std::nullopt;
}

std::optional<AiError> ReadTools(const Json& query, Json& chat) {
  const Json* tools = Given(query, "tools");
  if (tools == nullptr) return std::nullopt;
  if (!tools->is_array()) return BadAiInput("Type mismatch of '/tools', 'array' expected");
  Json& list = chat["tools"] = Json::array();
  for (const Json& tool : *tools) {
    if (StringAt(tool, "type", "custom") != "custom")
      return BadAiInput("'/tools/type' must be 'custom'");
    Json function{{"name", StringAt(tool, "name")}, {"description", StringAt(tool, "description")}};
    if (const Json* schema = Given(tool, "input_schema")) function["parameters"] = *schema;
    list.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return std::nullopt;
}

std::optional<AiError> ReadToolChoice(const Json& query, Json& chat) {
  const Json* choice = Given(query, "tool_choice");
  if (choice == nullptr) return std::nullopt;
  const std::string type = StringAt(*choice, "type");
  if (type == "tool") {
    chat["tool_choice"] = {{"type", "function"},
                           {"function", {{"name", StringAt(*choice, "name")}}}};
  } else if (type == "auto" || type == "none") {
    chat["tool_choice"] = type;
  } else if (type == "any") {
    chat["tool_choice"] = "required";
  } else {
    return BadAiInput("'/tool_choice/type' must be 'auto', 'any', 'tool' or 'none'");
  }
  return std::nullopt;
}

}  // namespace

std::optional<AiError> ChatOfMessages(const Json& query, Json& chat) {
  if (!query.is_object()) return BadAiInput("'/' must be an object");
  if (Given(query, "max_tokens") == nullptr)
    return BadAiInput("required properties at '/' are 'max_tokens'");
  chat = Json::object();
  for (const char* name : kSharedMembers)
    if (const Json* value = Given(query, name)) chat[name] = *value;
  if (const Json* stop = Given(query, "stop_sequences")) chat["stop"] = *stop;
  if (auto wrong = ReadMessages(query, chat["messages"])) return wrong;
  if (auto wrong = ReadTools(query, chat)) return wrong;
  return ReadToolChoice(query, chat);
}

}  // namespace mg::fake
