#include "fakes/ai/completion.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxToolCalls = 128;

Error Corrupt(const char* what) {
  return {Code::kCorrupt, std::string("the model's server sent ") + what, false};
}

const Json* FirstChoice(const Json& body) {
  const Json* choices = Find(body, "choices");
  return choices != nullptr && choices->is_array() && !choices->empty() ? &choices->front()
                                                                        : nullptr;
}

bool ReadUsage(const Json& body, ModelAnswer& answer) {
  const Json* usage = Find(body, "usage");
  if (usage == nullptr || !usage->is_object()) return false;
  answer.tokens_in = IntAt(*usage, "prompt_tokens", 0);
  answer.tokens_out = IntAt(*usage, "completion_tokens", 0);
  return true;
}

void CountTokensOut(ModelAnswer& answer) {
  answer.tokens_out = CountTokens(answer.text);
  for (const ToolCall& call : answer.tool_calls)
    answer.tokens_out += CountTokens(call.name) + CountTokens(call.arguments_json);
}

// Parts of calls, whole or in pieces: what has an index adds to that call.
void AddToolCalls(const Json& list, ModelAnswer& answer) {
  if (!list.is_array()) return;
  std::size_t next = 0;
  for (const Json& part : list) {
    const auto index = static_cast<std::size_t>(
        std::max<std::int64_t>(IntAt(part, "index", static_cast<std::int64_t>(next)), 0));
    next = index + 1;
    if (index >= kMaxToolCalls) continue;
    if (answer.tool_calls.size() <= index) answer.tool_calls.resize(index + 1);
    ToolCall& call = answer.tool_calls[index];
    call.id += StringAt(part, "id");
    const Json* function = Find(part, "function");
    if (function == nullptr) continue;
    call.name += StringAt(*function, "name");
    call.arguments_json += StringAt(*function, "arguments");
  }
}

// Arguments are an object, whatever a model made of them.
void MendToolCalls(ModelAnswer& answer) {
  for (ToolCall& call : answer.tool_calls) {
    const auto arguments = ParseJson(call.arguments_json);
    if (!arguments || !arguments->is_object()) call.arguments_json = "{}";
  }
}

}  // namespace

Result<ModelAnswer> AnswerOfCompletion(std::string_view json) {
  MG_TRY(body, ParseJson(json));
  const Json* choice = FirstChoice(body);
  const Json* message = choice == nullptr ? nullptr : Find(*choice, "message");
  if (message == nullptr) return Corrupt("no completion");
  ModelAnswer answer;
  answer.text = StringAt(*message, "content");
  answer.hit_token_limit = StringAt(*choice, "finish_reason") == "length";
  if (const Json* calls = Find(*message, "tool_calls")) AddToolCalls(*calls, answer);
  MendToolCalls(answer);
  if (!ReadUsage(body, answer)) CountTokensOut(answer);
  return answer;
}

std::string CompletionOfAnswer(const ModelAnswer& answer) {
  Json message = {{"role", "assistant"}, {"content", answer.text}};
  for (const ToolCall& call : answer.tool_calls)
    message["tool_calls"].push_back(
        {{"id", call.id},
         {"type", "function"},
         {"function", {{"name", call.name}, {"arguments", call.arguments_json}}}});
  const Json choice = {{"index", 0},
                       {"message", std::move(message)},
                       {"finish_reason", answer.hit_token_limit ? "length" : "stop"}};
  return DumpJson({{"choices", Json::array({choice})},
                   {"usage",
                    {{"prompt_tokens", answer.tokens_in},
                     {"completion_tokens", answer.tokens_out},
                     {"total_tokens", answer.tokens_in + answer.tokens_out}}}});
}

Status CompletionReader::Feed(std::string_view bytes, std::string& words) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (line_.size() > kMaxLineBytes) return Corrupt("an event of over a megabyte");
    if (end == std::string_view::npos) return Ok();
    bytes.remove_prefix(end + 1);
    MG_RETURN_IF_ERROR(Line(TrimSpace(line_), words));
    line_.clear();
  }
  return Ok();
}

Status CompletionReader::Line(std::string_view line, std::string& words) {
  constexpr std::string_view kData = "data:";
  if (line.substr(0, kData.size()) != kData || done_) return Ok();
  line = TrimSpace(line.substr(kData.size()));
  done_ = line == "[DONE]";
  if (done_) return Ok();
  const auto body = ParseJson(line);
  if (!body) return Corrupt("an event that is no JSON");
  if (Find(*body, "error") != nullptr) return Corrupt("an error within its stream");
  counted_ = ReadUsage(*body, answer_) || counted_;
  const Json* choice = FirstChoice(*body);
  if (choice == nullptr) return Ok();
  const std::string reason = StringAt(*choice, "finish_reason");
  finished_ = finished_ || !reason.empty();
  answer_.hit_token_limit = answer_.hit_token_limit || reason == "length";
  const Json* delta = Find(*choice, "delta");
  if (delta == nullptr) return Ok();
  const std::string said = StringAt(*delta, "content");
  words += said;
  answer_.text += said;
  if (const Json* calls = Find(*delta, "tool_calls")) AddToolCalls(*calls, answer_);
  return Ok();
}

const ModelAnswer& CompletionReader::Finish() {
  MendToolCalls(answer_);
  if (!std::exchange(counted_, true)) CountTokensOut(answer_);
  return answer_;
}

}  // namespace mg::fake
