#include "fakes/ai/answers.h"

#include <algorithm>

#include "core/base/json.h"
#include "fakes/ai/messages.h"
#include "fakes/ai/responses.h"

namespace mg::fake {
namespace {

constexpr std::string_view kIdPrefix = "chatcmpl-";

std::string Quoted(std::string_view text) {
  return DumpJson(Json(text));
}

// {"result": ..., "success": true, ...}
std::string NativeBody(const std::string& result) {
  return R"({"result":)" + result + R"(,"success":true,"errors":[],"messages":[]})";
}

// An object in JSON mode, a number when the whole text is one, null beside tool calls.
std::string NativeResponse(const ModelAnswer& answer) {
  if (answer.is_json) return answer.text;
  if (answer.text.empty() && !answer.tool_calls.empty()) return "null";
  const auto value = ParseJson(answer.text);
  return value && value->is_number() ? answer.text : Quoted(answer.text);
}

std::string OpenAiToolCalls(const ModelAnswer& answer, const AiVoice& voice) {
  std::string list;
  for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
    const ToolCall& call = answer.tool_calls[i];
    list += (i == 0 ? "" : ",");
    list += R"({"id":)" + Quoted(ToolCallId(call, i, voice)) +
            R"(,"type":"function","function":{"name":)" + Quoted(call.name) + R"(,"arguments":)" +
            Quoted(call.arguments_json) + "}}";
  }
  return "[" + list + "]";
}

std::string OpenAiBody(const ModelAnswer& answer, const AiVoice& voice) {
  const bool calls = !answer.tool_calls.empty();
  std::string message = R"({"role":"assistant","content":)";
  message += calls && answer.text.empty() ? "null" : Quoted(answer.text);
  if (calls) message += R"(,"tool_calls":)" + OpenAiToolCalls(answer, voice);
  message += "}";
  return R"({"id":)" + Quoted(voice.id) + R"(,"object":"chat.completion","created":)" +
         std::to_string(voice.created_s) + R"(,"model":)" + Quoted(voice.model) +
         R"(,"choices":[{"index":0,"message":)" + message +
         R"(,"logprobs":null,"finish_reason":")" + FinishReason(answer) + R"("}],"usage":)" +
         UsageJson(answer.tokens_in, answer.tokens_out, voice) + "}";
}

}  // namespace

std::string AnswerBody(const ModelAnswer& answer, const AiVoice& voice) {
  if (voice.dialect == AiDialect::kOpenAi) return OpenAiBody(answer, voice);
  if (voice.dialect == AiDialect::kResponses) return ResponsesBody(answer, voice);
  if (voice.dialect == AiDialect::kMessages) return MessagesBody(answer, voice);
  if (voice.choices) return NativeBody(OpenAiBody(answer, voice));
  return NativeBody(R"({"response":)" + NativeResponse(answer) + R"(,"tool_calls":)" +
                    NativeToolCalls(answer) + R"(,"usage":)" +
                    UsageJson(answer.tokens_in, answer.tokens_out, voice) + "}");
}

std::string UsageJson(std::int64_t tokens_in, std::int64_t tokens_out, const AiVoice& voice) {
  std::string usage = R"({"prompt_tokens":)" + std::to_string(tokens_in) +
                      R"(,"completion_tokens":)" + std::to_string(tokens_out) +
                      R"(,"total_tokens":)" + std::to_string(tokens_in + tokens_out);
  if (!voice.neurons.empty())
    usage += R"(,"prompt_tokens_details":{"cached_tokens":0},"neurons":)" + voice.neurons;
  return usage + "}";
}

std::string FinishReason(const ModelAnswer& answer) {
  if (!answer.tool_calls.empty()) return "tool_calls";
  return answer.hit_token_limit ? "length" : "stop";
}

std::string IdOf(std::string_view prefix, const AiVoice& voice) {
  return std::string(prefix) + voice.id.substr(std::min(kIdPrefix.size(), voice.id.size()));
}

std::string ToolCallId(const ToolCall& call, std::size_t index, const AiVoice& voice) {
  if (!call.id.empty()) return call.id;
  return IdOf("chatcmpl-tool-", voice) + (index == 0 ? "" : "-" + std::to_string(index));
}

std::string NativeToolCalls(const ModelAnswer& answer) {
  std::string list;
  for (const ToolCall& call : answer.tool_calls)
    list += (list.empty() ? R"({"name":)" : R"(,{"name":)") + Quoted(call.name) +
            R"(,"arguments":)" + call.arguments_json + "}";
  return "[" + list + "]";
}

}  // namespace mg::fake
