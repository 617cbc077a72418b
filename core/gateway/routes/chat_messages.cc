#include "core/gateway/routes/chat_messages.h"

#include <algorithm>
#include <iterator>

#include "core/base/json.h"

namespace mg {
namespace {

using Problem = std::optional<InputProblem>;

constexpr std::string_view kRoles[] = {"system",    "developer", "user",
                                       "assistant", "tool",      "function"};
constexpr std::size_t kMaxNameBytes = 64;

std::string At(const std::string& path, std::size_t index) {
  return path + "[" + std::to_string(index) + "]";
}

bool IsFunctionName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

// One part of a message's content. Parts of kinds that are not known here are the model's matter.
Problem CheckPart(const Json& part, const std::string& path) {
  if (!part.is_object()) return MustBe(path, "an object");
  const std::string type = StringAt(part, "type");
  if (type.empty()) return MustBe(path + ".type", "a string");
  const Json* text = Given(part, "text");
  if (type == "text" && (text == nullptr || !text->is_string()))
    return MustBe(path + ".text", "a string");
  const Json* image = Given(part, "image_url");
  if (type == "image_url" && (image == nullptr || StringAt(*image, "url").empty()))
    return MustBe(path + ".image_url", "an object with a \"url\"");
  return std::nullopt;
}

Problem CheckContent(const Json& message, const std::string& role, const std::string& path) {
  const Json* content = Given(message, "content");
  if (content == nullptr) {
    const bool may_lack = role == "assistant" && (Given(message, "tool_calls") != nullptr ||
                                                  Given(message, "function_call") != nullptr);
    if (may_lack) return std::nullopt;
    return MustBe(path, "a string or an array of parts");
  }
  if (content->is_string()) return std::nullopt;
  if (!content->is_array() || content->empty())
    return MustBe(path, "a string or an array of parts");
  for (std::size_t i = 0; i < content->size(); ++i)
    if (auto problem = CheckPart((*content)[i], At(path, i))) return problem;
  return std::nullopt;
}

Problem CheckToolCalls(const Json& message, const std::string& path) {
  const Json* calls = Given(message, "tool_calls");
  if (calls == nullptr) return std::nullopt;
  if (!calls->is_array()) return MustBe(path, "an array");
  for (std::size_t i = 0; i < calls->size(); ++i) {
    const std::string call = At(path, i);
    const Json* function = Given((*calls)[i], "function");
    if (StringAt((*calls)[i], "id").empty()) return MustBe(call + ".id", "a string");
    if (function == nullptr || StringAt(*function, "name").empty())
      return MustBe(call + ".function.name", "a string");
    const Json* arguments = Given(*function, "arguments");
    if (arguments == nullptr || !arguments->is_string())
      return MustBe(call + ".function.arguments", "a string that holds JSON");
  }
  return std::nullopt;
}

Problem CheckMessage(const Json& message, const std::string& path) {
  if (!message.is_object()) return MustBe(path, "an object");
  const std::string role = StringAt(message, "role");
  if (std::find(std::begin(kRoles), std::end(kRoles), role) == std::end(kRoles)) {
    return MustBe(path + ".role",
                  "\"system\", \"developer\", \"user\", \"assistant\", \"tool\" or \"function\"");
  }
  if (auto problem = CheckContent(message, role, path + ".content")) return problem;
  if (auto problem = CheckToolCalls(message, path + ".tool_calls")) return problem;
  const Json* name = Given(message, "name");
  if (name != nullptr && !name->is_string()) return MustBe(path + ".name", "a string");
  if (role == "tool" && StringAt(message, "tool_call_id").empty())
    return MustBe(path + ".tool_call_id", "a string");
  return std::nullopt;
}

Problem CheckTool(const Json& tool, const std::string& path) {
  if (!tool.is_object()) return MustBe(path, "an object");
  if (StringAt(tool, "type") != "function") return MustBe(path + ".type", "\"function\"");
  const Json* function = Given(tool, "function");
  if (function == nullptr || !function->is_object()) return MustBe(path + ".function", "an object");
  if (!IsFunctionName(StringAt(*function, "name"))) {
    return MustBe(path + ".function.name",
                  "1 to 64 characters of a-z, A-Z, 0-9, underscore and dash");
  }
  const Json* description = Given(*function, "description");
  if (description != nullptr && !description->is_string())
    return MustBe(path + ".function.description", "a string");
  const Json* parameters = Given(*function, "parameters");
  if (parameters != nullptr && !parameters->is_object())
    return MustBe(path + ".function.parameters", "an object: a JSON Schema");
  return std::nullopt;
}

Problem CheckToolChoice(const Json& chat) {
  const Json* choice = Given(chat, "tool_choice");
  if (choice == nullptr) return std::nullopt;
  const std::string wanted =
      "\"none\", \"auto\", \"required\" or an object that names one of the tools";
  if (choice->is_string()) {
    const std::string& word = choice->get_ref<const std::string&>();
    if (word == "none" || word == "auto" || word == "required") return std::nullopt;
    return MustBe("tool_choice", wanted);
  }
  const Json* function = Given(*choice, "function");
  if (function == nullptr || StringAt(*function, "name").empty())
    return MustBe("tool_choice", wanted);
  return std::nullopt;
}

}  // namespace

const Json* Given(const Json& object, std::string_view key) {
  const Json* value = Find(object, key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

InputProblem MustBe(const std::string& param, const std::string& what) {
  return InputProblem{param, "\"" + param + "\" must be " + what + "."};
}

Problem CheckMessages(const Json& chat) {
  const Json* messages = Given(chat, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty())
    return MustBe("messages", "an array with at least one message");
  for (std::size_t i = 0; i < messages->size(); ++i)
    if (auto problem = CheckMessage((*messages)[i], At("messages", i))) return problem;
  return std::nullopt;
}

Problem CheckTools(const Json& chat) {
  const Json* tools = Given(chat, "tools");
  if (tools != nullptr) {
    if (!tools->is_array()) return MustBe("tools", "an array");
    for (std::size_t i = 0; i < tools->size(); ++i)
      if (auto problem = CheckTool((*tools)[i], At("tools", i))) return problem;
  }
  return CheckToolChoice(chat);
}

}  // namespace mg
