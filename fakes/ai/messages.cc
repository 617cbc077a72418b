#include "fakes/ai/messages.h"

#include <utility>
#include <vector>

#include "core/base/json.h"

namespace mg::fake {
namespace {

Json TextBlock(const std::string& text) {
  return {{"type", "text"}, {"text", text}};
}

Json CallBlock(const ToolCall& call, std::size_t index, const AiVoice& voice, Json input) {
  return {{"type", "tool_use"},
          {"id", ToolCallId(call, index, voice)},
          {"name", call.name},
          {"input", std::move(input)}};
}

const char* StopReason(const ModelAnswer& answer) {
  if (!answer.tool_calls.empty()) return "tool_use";
  return answer.hit_token_limit ? "max_tokens" : "end_turn";
}

Json EmptyMessage(const AiVoice& voice, std::int64_t tokens_in) {
  return {
      {"id", IdOf("msg_", voice)}, {"type", "message"},
      {"role", "assistant"},       {"model", voice.model},
      {"content", Json::array()},  {"stop_reason", nullptr},
      {"stop_sequence", nullptr},  {"usage", {{"input_tokens", tokens_in}, {"output_tokens", 0}}}};
}

Json Usage(const ModelAnswer& answer) {
  return {{"input_tokens", answer.tokens_in}, {"output_tokens", answer.tokens_out}};
}

class Writer final : public FrameWriter {
 public:
  Writer(AiVoice voice, std::int64_t tokens_in) : voice_(std::move(voice)), tokens_in_(tokens_in) {}

  void Begin(std::vector<AiFrame>& out) override {
    Event("message_start", {{"message", EmptyMessage(voice_, tokens_in_)}}, out);
  }

  void Text(std::string_view piece, std::vector<AiFrame>& out) override {
    if (!std::exchange(text_open_, true)) Open(TextBlock(""), out);
    Delta({{"type", "text_delta"}, {"text", piece}}, out);
  }

  void End(const ModelAnswer& answer, std::vector<AiFrame>& out) override {
    if (text_open_) Close(out);
    for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
      const ToolCall& call = answer.tool_calls[i];
      Open(CallBlock(call, i, voice_, Json::object()), out);
      for (const std::string_view piece : TokenPieces(call.arguments_json))
        Delta({{"type", "input_json_delta"}, {"partial_json", piece}}, out);
      Close(out);
    }
    Event("message_delta",
          {{"delta", {{"stop_reason", StopReason(answer)}, {"stop_sequence", nullptr}}},
           {"usage", Usage(answer)}},
          out);
    Event("message_stop", Json::object(), out);
  }

 private:
  void Open(Json block, std::vector<AiFrame>& out) {
    Event("content_block_start", {{"index", index_}, {"content_block", std::move(block)}}, out);
  }
  void Delta(Json delta, std::vector<AiFrame>& out) {
    Event("content_block_delta", {{"index", index_}, {"delta", std::move(delta)}}, out, 1);
  }
  void Close(std::vector<AiFrame>& out) { Event("content_block_stop", {{"index", index_++}}, out); }
  static void Event(const char* type, Json event, std::vector<AiFrame>& out,
                    std::int64_t tokens = 0) {
    event["type"] = type;
    out.push_back({"event: " + std::string(type) + "\ndata: " + DumpJson(event) + "\n\n", tokens});
  }

  const AiVoice voice_;
  const std::int64_t tokens_in_;
  bool text_open_ = false;
  std::size_t index_ = 0;
};

}  // namespace

std::string MessagesBody(const ModelAnswer& answer, const AiVoice& voice) {
  Json message = EmptyMessage(voice, answer.tokens_in);
  Json& content = message["content"];
  if (!answer.text.empty()) content.push_back(TextBlock(answer.text));
  for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
    const ToolCall& call = answer.tool_calls[i];
    const auto input = ParseJson(call.arguments_json);
    content.push_back(CallBlock(call, i, voice, input ? *input : Json::object()));
  }
  message["stop_reason"] = StopReason(answer);
  message["usage"] = Usage(answer);
  return DumpJson(message);
}

std::unique_ptr<FrameWriter> MakeMessagesWriter(AiVoice voice, std::int64_t tokens_in) {
  return std::make_unique<Writer>(std::move(voice), tokens_in);
}

}  // namespace mg::fake
