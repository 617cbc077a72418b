#include "fakes/ai/socket.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/http/websocket.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/knobs.h"

namespace mg::fake {
namespace {

constexpr std::string_view kTokenPrefix = "cf-aig-authorization.";
constexpr const char* kErrorType = "error";  // UNCONFIRMED, as is what else the frame holds
constexpr std::size_t kMaxAnswerBytes = std::size_t{16} << 20;

std::string ProtocolOf(const Headers& headers) {
  for (const std::string_view line : headers.GetAll("sec-websocket-protocol"))
    for (const std::string_view item : Split(line, ','))
      if (TrimSpace(item).substr(0, kTokenPrefix.size()) == kTokenPrefix)
        return std::string(TrimSpace(item));
  return "";
}

Json BodyAsJson(const std::string& body) {
  auto json = ParseJson(body);
  return json ? std::move(*json) : Json(body);
}

class Conversation {
 public:
  Conversation(Duplex& client, CancelToken& caller_gone, const AskStep& ask)
      : client_(client), caller_gone_(caller_gone), ask_(ask) {}

  void Run() {
    while (open_) {
      const auto bytes = client_.Read(kNever);
      if (!bytes || bytes->empty() || caller_gone_.cancelled()) return;
      reader_.Feed(*bytes);
      while (open_ && TakeMessage()) {
      }
    }
  }

 private:
  bool TakeMessage() {
    auto message = reader_.Next();
    if (!message) {
      Close(reader_.close_code(), "");
      return false;
    }
    if (!*message) return false;
    switch ((*message)->opcode) {
      case ws::Opcode::kText:
        Create((*message)->payload);
        break;
      case ws::Opcode::kPing:
        Write(ws::Opcode::kPong, (*message)->payload);
        break;
      case ws::Opcode::kClose:
        Close(ws::kNormalClose, "");
        break;
      default:
        break;
    }
    return true;
  }

  void Create(const std::string& text) {
    const auto message = ParseJson(text);
    const Json* step = message ? Find(*message, "request") : nullptr;
    if (step == nullptr || StringAt(*message, "type") != "universal.create")
      return Say({{"type", kErrorType},
                  {"metadata", Json::object()},
                  {"response", "send {\"type\": \"universal.create\", \"request\": {...}}"}});
    const Response response = ask_(Enriched(*step), caller_gone_);
    if (response.drop_connection) return Drop();
    Answer(response);
  }

  // eventId is the header of that name.
  static std::string Enriched(Json step) {
    const std::string event_id = StringAt(step, "eventId");
    if (event_id.empty()) return DumpJson(step);
    Json& headers = step["headers"];
    if (!headers.is_object()) headers = Json::object();
    headers["cf-aig-event-id"] = event_id;
    return DumpJson(step);
  }

  void Answer(const Response& response) {
    const auto text = [&](const char* name) { return std::string(response.headers.Get(name)); };
    const std::string cache = text("cf-aig-cache-status");
    std::string type = text("content-type");
    type = type.substr(0, type.find(';'));
    const Json metadata = {{"cacheStatus", cache.empty() ? "MISS" : cache},
                           {"eventId", text("cf-aig-event-id")},
                           {"logId", text("cf-aig-log-id")},
                           {"step", text("cf-aig-step")},
                           {"contentType", type}};
    if (response.body.is_stream() && type == "text/event-stream")
      return Stream(*response.body.stream(), metadata);
    Body body = response.body;
    if (!body.Buffer(kMaxAnswerBytes, kNever)) return Drop();
    Say({{"type", response.status < 300 ? "universal.created" : kErrorType},
         {"metadata", metadata},
         {"response", BodyAsJson(body.bytes())}});
  }

  void Stream(BodyStream& stream, const Json& metadata) {
    Say({{"type", "universal.created"}, {"metadata", metadata}});
    std::string rest;
    for (;;) {
      auto piece = stream.Next(kNever);
      if (!piece) return Drop();
      if (piece->empty()) break;
      rest += *piece;
      for (std::size_t end = rest.find("\n\n"); end != std::string::npos; end = rest.find("\n\n")) {
        Event(TrimSpace(std::string_view(rest).substr(0, end)), metadata);
        rest.erase(0, end + 2);
      }
    }
    Say({{"type", "universal.done"}, {"metadata", metadata}});
  }

  void Event(std::string_view event, const Json& metadata) {
    constexpr std::string_view kData = "data:";
    if (event.substr(0, kData.size()) != kData) return;
    const std::string_view data = TrimSpace(event.substr(kData.size()));
    if (data == "[DONE]") return;
    Say({{"type", "universal.stream"},
         {"metadata", {{"eventId", metadata["eventId"]}}},
         {"response", BodyAsJson(std::string(data))}});
  }

  void Say(const Json& frame) { Write(ws::Opcode::kText, DumpJson(frame)); }
  void Write(ws::Opcode opcode, std::string_view payload) {
    if (open_ && !client_.Write(ws::FrameBytes(opcode, payload))) open_ = false;
  }
  void Close(int code, std::string_view reason) {
    Write(ws::Opcode::kClose, ws::ClosePayload(code, reason));
    Drop();
  }
  void Drop() {
    open_ = false;
    client_.Close();
  }

  Duplex& client_;
  CancelToken& caller_gone_;
  const AskStep& ask_;
  ws::MessageReader reader_{true, kMaxRequestBytes};
  bool open_ = true;
};

class Socket final : public UpgradeHandler {
 public:
  explicit Socket(AskStep ask) : ask_(std::move(ask)) {}
  void Run(Duplex& client, CancelToken& caller_gone) override {
    Conversation(client, caller_gone, ask_).Run();
  }

 private:
  const AskStep ask_;
};

}  // namespace

Response OpenAiSocket(const Headers& headers, AskStep ask) {
  const std::string_view key = headers.Get("sec-websocket-key");
  const auto decoded = Base64Decode(key);
  if (!EqualsIgnoreCase(headers.Get("upgrade"), "websocket") ||
      headers.Get("sec-websocket-version") != "13" || !decoded || decoded->size() != 16)
    return AiErrorResponse(KnownAiError(kBadUniversalBodyCode, "This is no WebSocket handshake"));
  Response response;
  response.status = 101;
  response.headers.Set("upgrade", "websocket");
  response.headers.Set("sec-websocket-accept", ws::AcceptKey(key));
  const std::string protocol = ProtocolOf(headers);
  if (!protocol.empty()) response.headers.Set("sec-websocket-protocol", protocol);
  response.upgrade = std::make_shared<Socket>(std::move(ask));
  return response;
}

std::string SocketToken(const Headers& headers) {
  const std::string protocol = ProtocolOf(headers);
  return protocol.empty() ? protocol : protocol.substr(kTokenPrefix.size());
}

}  // namespace mg::fake
