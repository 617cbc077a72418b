#include "fakes/ai/responses.h"

#include <utility>
#include <vector>

#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr const char* kInProgress = "in_progress";
constexpr const char* kCompleted = "completed";

std::string ItemId(std::string_view prefix, std::size_t index, const AiVoice& voice) {
  return IdOf(prefix, voice) + (index == 0 ? "" : "-" + std::to_string(index));
}

Json TextPart(const std::string& text) {
  return {{"type", "output_text"}, {"text", text}, {"annotations", Json::array()}};
}

Json MessageItem(const AiVoice& voice, const char* status, Json content) {
  return {{"type", "message"},
          {"id", ItemId("msg_", 0, voice)},
          {"status", status},
          {"role", "assistant"},
          {"content", std::move(content)}};
}

Json CallItem(const ToolCall& call, std::size_t index, const AiVoice& voice, const char* status,
              const std::string& arguments) {
  return {{"type", "function_call"},
          {"id", ItemId("fc_", index, voice)},
          {"call_id", ToolCallId(call, index, voice)},
          {"name", call.name},
          {"arguments", arguments},
          {"status", status}};
}

Json Usage(const ModelAnswer& answer) {
  return {{"input_tokens", answer.tokens_in},
          {"input_tokens_details", {{"cached_tokens", 0}}},
          {"output_tokens", answer.tokens_out},
          {"output_tokens_details", {{"reasoning_tokens", 0}}},
          {"total_tokens", answer.tokens_in + answer.tokens_out}};
}

Json ResponseObject(const AiVoice& voice, const char* status) {
  return {{"id", IdOf("resp_", voice)},
          {"object", "response"},
          {"created_at", voice.created_s},
          {"status", status},
          {"error", nullptr},
          {"incomplete_details", nullptr},
          {"model", voice.model},
          {"output", Json::array()},
          {"parallel_tool_calls", true},
          {"previous_response_id", nullptr},
          {"tool_choice", "auto"},
          {"tools", Json::array()},
          {"usage", nullptr}};
}

bool SaysText(const ModelAnswer& answer) {
  return !answer.text.empty() || answer.tool_calls.empty();
}

Json WholeResponse(const ModelAnswer& answer, const AiVoice& voice) {
  Json response = ResponseObject(voice, answer.hit_token_limit ? "incomplete" : kCompleted);
  if (answer.hit_token_limit) response["incomplete_details"] = {{"reason", "max_output_tokens"}};
  Json& output = response["output"];
  if (SaysText(answer))
    output.push_back(MessageItem(voice, kCompleted, Json::array({TextPart(answer.text)})));
  for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
    const ToolCall& call = answer.tool_calls[i];
    output.push_back(CallItem(call, i, voice, kCompleted, call.arguments_json));
  }
  response["usage"] = Usage(answer);
  return response;
}

class Writer final : public FrameWriter {
 public:
  explicit Writer(AiVoice voice)
      : voice_(std::move(voice)), message_id_(ItemId("msg_", 0, voice_)) {}

  void Begin(std::vector<AiFrame>& out) override {
    for (const char* type : {"response.created", "response.in_progress"})
      Event(type, {{"response", ResponseObject(voice_, kInProgress)}}, out);
  }

  void Text(std::string_view piece, std::vector<AiFrame>& out) override {
    if (!text_open_) OpenText(out);
    text_ += piece;
    Json delta = AtPart();
    delta["delta"] = piece;
    delta["logprobs"] = Json::array();
    Event("response.output_text.delta", std::move(delta), out, 1);
  }

  void End(const ModelAnswer& answer, std::vector<AiFrame>& out) override {
    if (!text_open_ && SaysText(answer)) OpenText(out);
    if (text_open_) CloseText(out);
    for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) Call(answer.tool_calls[i], i, out);
    const Json whole = WholeResponse(answer, voice_);
    Event(answer.hit_token_limit ? "response.incomplete" : "response.completed",
          {{"response", whole}}, out);
  }

 private:
  void OpenText(std::vector<AiFrame>& out) {
    text_open_ = true;
    Item("response.output_item.added", MessageItem(voice_, kInProgress, Json::array()), out);
    Json part = AtPart();
    part["part"] = TextPart("");
    Event("response.content_part.added", std::move(part), out);
  }

  void CloseText(std::vector<AiFrame>& out) {
    Json text = AtPart();
    text["text"] = text_;
    text["logprobs"] = Json::array();
    Event("response.output_text.done", std::move(text), out);
    Json part = AtPart();
    part["part"] = TextPart(text_);
    Event("response.content_part.done", std::move(part), out);
    Item("response.output_item.done",
         MessageItem(voice_, kCompleted, Json::array({TextPart(text_)})), out);
    ++output_index_;
  }

  void Call(const ToolCall& call, std::size_t index, std::vector<AiFrame>& out) {
    const Json at{{"item_id", ItemId("fc_", index, voice_)}, {"output_index", output_index_}};
    Item("response.output_item.added", CallItem(call, index, voice_, kInProgress, ""), out);
    for (const std::string_view piece : TokenPieces(call.arguments_json)) {
      Json delta = at;
      delta["delta"] = piece;
      Event("response.function_call_arguments.delta", std::move(delta), out, 1);
    }
    Json done = at;
    done["arguments"] = call.arguments_json;
    Event("response.function_call_arguments.done", std::move(done), out);
    Item("response.output_item.done",
         CallItem(call, index, voice_, kCompleted, call.arguments_json), out);
    ++output_index_;
  }

  Json AtPart() const {
    return {{"item_id", message_id_}, {"output_index", output_index_}, {"content_index", 0}};
  }
  void Item(const char* type, Json item, std::vector<AiFrame>& out) {
    Event(type, {{"output_index", output_index_}, {"item", std::move(item)}}, out);
  }
  void Event(const char* type, Json event, std::vector<AiFrame>& out, std::int64_t tokens = 0) {
    event["type"] = type;
    event["sequence_number"] = sequence_number_++;
    out.push_back({"event: " + std::string(type) + "\ndata: " + DumpJson(event) + "\n\n", tokens});
  }

  const AiVoice voice_;
  const std::string message_id_;
  bool text_open_ = false;
  std::string text_;
  std::size_t output_index_ = 0;
  std::int64_t sequence_number_ = 0;
};

}  // namespace

std::string ResponsesBody(const ModelAnswer& answer, const AiVoice& voice) {
  return DumpJson(WholeResponse(answer, voice));
}

std::unique_ptr<FrameWriter> MakeResponsesWriter(AiVoice voice) {
  return std::make_unique<Writer>(std::move(voice));
}

}  // namespace mg::fake
