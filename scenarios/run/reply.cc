#include "scenarios/run/reply.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/duration.h"
#include "core/base/json.h"
#include "core/http/sse.h"

namespace mg::scenario {
namespace {

constexpr std::size_t kAnswerBytes = std::size_t{64} << 20;
constexpr std::size_t kFrameBytes = std::size_t{1} << 20;

// A body that is sent a byte at a time, and nobody knows beforehand how long it will be.
class Trickle final : public BodyStream {
 public:
  Trickle(std::string bytes, Nanos rest, Runtime& runtime)
      : bytes_(std::move(bytes)), rest_(rest), runtime_(runtime) {}

  Result<std::string> Next(Instant deadline) override {
    if (sent_ == bytes_.size()) return std::string();
    const Instant due = last_ + rest_;
    runtime_.SleepUntil(std::min(due, deadline));
    if (due > deadline) return Error{Code::kTimeout, "the client sends slowly", true};
    last_ = due;
    return std::string(1, bytes_[sent_++]);
  }

 private:
  const std::string bytes_;
  const Nanos rest_;
  Runtime& runtime_;
  Instant last_ = runtime_.Now();
  std::size_t sent_ = 0;
};

// A client that takes a body as its pieces come, at its own pace, and may leave before the end.
class Reading {
 public:
  Reading(Runtime& runtime, const ClientCall& call, Reply& reply)
      : runtime_(runtime),
        leaves_after_(call.leave_after_frames),
        pause_(call.read_every),
        patience_ends_(reply.began + call.patience),
        reply_(reply),
        events_(kFrameBytes, [this](std::string_view) { ++frames_; }) {}

  void Read(Body& body) {
    Instant last = runtime_.Now();
    for (;;) {
      auto piece = body.is_stream() ? body.stream()->Next(patience_ends_)
                                    : Result<std::string>(body.bytes());
      const Instant now = runtime_.Now();
      if (reply_.first_byte_after) reply_.longest_gap = std::max(reply_.longest_gap, now - last);
      if (!piece) return End(now >= patience_ends_ ? "timeout" : "cut");
      if (piece->empty()) return;
      if (!reply_.first_byte_after) reply_.first_byte_after = now - reply_.began;
      reply_.body += *piece;
      if (!body.is_stream()) return;
      if (reply_.body.size() > kAnswerBytes) return End("cut");
      events_.Feed(*piece);
      if (leaves_after_ > 0 && frames_ >= leaves_after_) return End("left");
      last = now + pause_;
      if (last > now) runtime_.SleepUntil(last);
    }
  }

 private:
  void End(const char* error) { reply_.error = error; }

  Runtime& runtime_;
  const std::size_t leaves_after_;
  const Nanos pause_;
  const Instant patience_ends_;
  Reply& reply_;
  std::size_t frames_ = 0;
  SseReader events_;
};

Json FramesOf(const std::string& body) {
  Json frames = Json::array();
  SseReader events(kFrameBytes, [&frames](std::string_view data) {
    auto parsed = ParseJson(data);
    frames.push_back(parsed ? std::move(*parsed) : Json(data));
  });
  events.Feed(body);
  events.End();
  return frames;
}

// RFC 6901, without escapes: "/items/0/id". nullptr when there is nothing.
const Json* At(const Json& whole, std::string_view pointer) {
  const Json* at = &whole;
  if (pointer.empty()) return at;
  for (const std::string_view part : Split(pointer.substr(1), '/')) {
    if (at->is_array()) {
      const auto index = ParseUint(part);
      at = index && *index < at->size() ? &(*at)[*index] : nullptr;
    } else {
      at = Find(*at, part);
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

using SendCall = std::function<Result<Response>(ClientCall call, CancelToken& cancel)>;

Reply ExchangeBy(Runtime& runtime, ClientCall call, const SendCall& send) {
  Reply reply;
  reply.began = runtime.Now();
  Reading reading(runtime, call, reply);
  const Instant patience_ends = reply.began + call.patience;
  if (call.send_every > Nanos::zero()) {
    call.request.body =
        Body(std::make_shared<Trickle>(call.request.body.bytes(), call.send_every, runtime));
  }
  CancelToken cancel;
  auto answer = send(std::move(call), cancel);
  if (!answer) {
    const Code code = answer.error().code;
    if (code == Code::kExhausted) reply.sent = answer.error();
    const bool late = runtime.Now() >= patience_ends;
    reply.error = late ? "timeout" : code == Code::kUnavailable ? "unreachable" : "reset";
  } else {
    reply.head_after = runtime.Now() - reply.began;
    reply.status = answer->status;
    reply.headers = std::move(answer->headers);
    reading.Read(answer->body);
  }
  reply.took = runtime.Now() - reply.began;
  return reply;
}

}  // namespace

bool Reply::is_event_stream() const {
  const std::string_view type = headers.Get("content-type");
  return EqualsIgnoreCase(TrimSpace(type.substr(0, type.find(';'))), "text/event-stream");
}

Reply Exchange(Target& target, ClientCall call) {
  return ExchangeBy(target.runtime(), std::move(call), [&target](ClientCall sent, auto& cancel) {
    return target.Send(std::move(sent), cancel);
  });
}

Reply Exchange(Transport& transport, Runtime& runtime, ClientCall call) {
  return ExchangeBy(runtime, std::move(call), [&](ClientCall sent, auto& cancel) {
    Deadlines deadlines;
    deadlines.first_byte = deadlines.total = runtime.Now() + sent.patience;
    return transport.Send(sent.request, deadlines, cancel);
  });
}

Json ReplyJson(const Reply& reply) {
  Json headers = Json::object();
  for (const Headers::Line& line : reply.headers.lines()) {
    Json& value = headers[AsciiLower(line.name)];
    value = value.is_string() ? value.get<std::string>() + ", " + line.value : line.value;
  }
  Json json{{"headers", std::move(headers)}, {"took", DurationText(reply.took)}};
  if (reply.status != 0) json["status"] = reply.status;
  if (!reply.error.empty()) json["error"] = reply.error;
  json["text"] = reply.body;
  if (auto parsed = ParseJson(reply.body); parsed && !reply.body.empty()) json["json"] = *parsed;
  if (!reply.is_event_stream()) return json;
  json["frames"] = FramesOf(reply.body);
  json["head_after"] = DurationText(reply.head_after);
  if (reply.first_byte_after) json["first_byte_after"] = DurationText(*reply.first_byte_after);
  json["longest_gap"] = DurationText(reply.longest_gap);
  return json;
}

Result<Json> Captured(const std::string& what, const Json& value) {
  const std::size_t colon = what.find(':');
  const std::string part = what.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : what.substr(colon + 1);
  const Json* found = nullptr;
  if (part == "header") {
    const Json* headers = Find(value, "headers");
    found = headers == nullptr ? nullptr : Find(*headers, AsciiLower(rest));
  } else if (const Json* whole = Find(value, part)) {
    found = At(*whole, rest);
  }
  if (found != nullptr) return *found;
  return Error{Code::kNotFound, "there is no " + what + " to capture"};
}

}  // namespace mg::scenario
