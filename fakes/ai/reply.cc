#include "fakes/ai/reply.h"

#include <utility>

#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr const char* kSharedMembers[] = {"messages",          "temperature",      "top_p",
                                          "frequency_penalty", "presence_penalty", "stop",
                                          "tool_choice"};

Json ToolsOf(const ChatQuestion& question, const Json& query) {
  Json tools = Json::array();
  const Json& list = *Find(query, "tools");
  for (std::size_t i = 0; i < question.tools.size(); ++i) {
    const Json* function = Find(list[i], "function");
    tools.push_back(
        {{"type", "function"}, {"function", function == nullptr ? list[i] : *function}});
  }
  return tools;
}

}  // namespace

std::string OpenAiRequest(const Json& query, const ChatQuestion& question) {
  using Format = ChatQuestion::Format;
  Json request = {{"max_tokens", question.max_tokens}};
  for (const char* name : kSharedMembers)
    if (const Json* value = Find(query, name); value != nullptr && !value->is_null())
      request[name] = *value;
  if (!request.contains("messages"))
    request["messages"] =
        Json::array({{{"role", "user"}, {"content", question.last_user_message}}});
  if (question.seed != 0) request["seed"] = question.seed;
  if (!question.tools.empty()) request["tools"] = ToolsOf(question, query);
  if (question.format == Format::kJsonObject)
    request["response_format"] = {{"type", "json_object"}};
  if (question.format == Format::kJsonSchema)
    request["response_format"] = {
        {"type", "json_schema"},
        {"json_schema", {{"name", "answer"}, {"schema", *question.schema}}}};
  return DumpJson(request);
}

}  // namespace mg::fake
