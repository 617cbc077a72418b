#include "core/adapters/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "core/adapters/answer.h"
#include "core/adapters/caller_io.h"
#include "core/base/time_text.h"

namespace mg {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kBodyReadBytes = 64 * 1024;
// A body of up to this size is collected while the caller is parked, so that a slow one holds no
// worker and the handler gets bytes.
constexpr std::size_t kCollectedBodyBytes = 64 * 1024;
constexpr int kRequestsPerTurn = 16;  // of a caller that pipelines, before others have a turn
// Of a caller that sends its whole body before it reads (ADR 8): twice the largest that our routes
// take. What comes is thrown away, a piece a turn, and no worker waits for it.
constexpr std::size_t kFarewellBytes = 16 * 1024 * 1024;
constexpr std::size_t kFarewellBytesPerTurn = 512 * 1024;
constexpr std::int64_t kFarewellSilenceMs = 2'000;
constexpr std::int64_t kFarewellMs = 10'000;  // in all

std::string_view CodeOf(int status) {
  switch (status) {
    case 408:
      return "request_timeout";
    case 414:
      return "uri_too_long";
    case 431:
      return "headers_too_large";
    case 501:
      return "not_implemented";
    case 505:
      return "http_version_not_supported";
    default:
      return "bad_request";
  }
}

bool IsCollected(const wire::RequestHead& head) {
  return head.framing == wire::Framing::kLength && head.content_length <= kCollectedBodyBytes &&
         !head.expects_continue;
}

}  // namespace

std::string DateLine::At(WallTime wall) {
  Lock lock(mutex_);
  if (wall.seconds() != second_) {
    second_ = wall.seconds();
    text_ = HttpDate(second_);
  }
  return text_;
}

void Connection::TakeTurn() {
  if (caller_->waited_for() == Wait::kFarewell) return DiscardInput();
  if (caller_->waited_for() == Wait::kRoom && !SendRest()) return;
  for (int served = 0; served < kRequestsPerTurn; ++served) {
    wire::RequestHead head;
    wire::Refused refused;
    switch (FindRequest(head, refused)) {
      case Found::kNotYet:
        return ParkForMore();
      case Found::kGone:
        return Close();
      case Found::kRefused:
        return Refuse(refused.status, refused.reason);
      case Found::kRequest:
        break;
    }
    if (!Answer(head)) return;
  }
  context_.parking.Park(caller_, Wait::kTurn, In(context_.options.head_timeout_ms));
}

void Connection::GiveUp() {
  if (caller_->waited_for() == Wait::kRest) return Refuse(408, "The request took too long");
  if (caller_->waited_for() == Wait::kRoom)
    LogFailure(LogLevel::kInfo, "answer_cut", kCallerTakesNothing);
  Close();
}

// A whole request at the front of the input, its body too when that is to be collected.
Connection::Found Connection::FindRequest(wire::RequestHead& head, wire::Refused& refused) {
  while (true) {
    const std::string& input = caller_->input;
    if (input.size() >= caller_->wanted && WorthALook(input, caller_->looked_at)) {
      const Found found = Look(head, refused);
      if (found != Found::kNotYet) return found;
    }
    switch (caller_->io().Receive(kReadBytes, caller_->input)) {
      case Got::kBytes:
        break;
      case Got::kNothing:
        return Found::kNotYet;
      case Got::kEnd:
      case Got::kBroken:
        return Found::kGone;
    }
  }
}

Connection::Found Connection::Look(wire::RequestHead& head, wire::Refused& refused) {
  std::string& input = caller_->input;
  std::size_t consumed = 0;
  caller_->looked_at = input.size();
  switch (wire::ParseRequestHead(input, context_.options.limits, head, consumed, refused)) {
    case wire::Progress::kMore:
      return Found::kNotYet;
    case wire::Progress::kRefused:
      return Found::kRefused;
    case wire::Progress::kDone:
      break;
  }
  if (IsCollected(head)) {
    const std::size_t whole = consumed + static_cast<std::size_t>(head.content_length);
    if (input.size() < whole) {
      if (caller_->wanted == 0) caller_->give_up_at = In(context_.options.body_timeout_ms);
      caller_->wanted = whole;
      caller_->looked_at = 0;  // once it is there, the next look is worth it
      return Found::kNotYet;
    }
  }
  input.erase(0, consumed);
  caller_->looked_at = 0;
  caller_->wanted = 0;
  caller_->give_up_at = kNever;
  return Found::kRequest;
}

void Connection::ParkForMore() {
  Parking& parking = context_.parking;
  if (caller_->input.empty()) {
    return parking.Park(caller_, Wait::kRequest, In(context_.options.idle_timeout_ms));
  }
  if (caller_->give_up_at == kNever) {
    caller_->give_up_at = In(context_.options.head_timeout_ms);
  }
  parking.Park(caller_, Wait::kRest, caller_->give_up_at);
}

bool Connection::Answer(wire::RequestHead& head) {
  Request request = std::move(head.request);
  const std::string method = request.method;  // the handler may change its request
  const std::shared_ptr<RequestBody> body = AttachBody(head, request);
  context_.before_handler();
  context_.parking.WatchForHangUp(*caller_, true);
  Response response = CallHandler(request);
  if (response.drop_connection) {
    if (body) body->Detach();
    Close();
    return false;
  }
  const bool body_read = !body || body->whole();
  const bool framed = !head.http_1_0 || response.body.length();
  const bool keep_alive = head.keep_alive && body_read && framed && !context_.parking.draining();
  Answered answered = Write(head, method, response, keep_alive);
  if (body) body->Detach();
  Caller::After after = keep_alive ? Caller::After::kNextRequest : Caller::After::kClose;
  if (!body_read) after = Caller::After::kFarewell;
  if (response.status == 101 || caller_->gone().cancelled()) after = Caller::After::kClose;
  switch (answered.how) {
    case Answered::How::kWhole:
      return GoOn(after);
    case Answered::How::kRest:
      caller_->output = std::move(answered.rest);
      caller_->sent = 0;
      caller_->after = after;
      caller_->held = std::move(response.held);
      context_.parking.Park(caller_, Wait::kRoom, In(context_.options.write_timeout_ms));
      return false;
    case Answered::How::kCut:
      LogFailure(LogLevel::kInfo, "answer_cut", std::move(answered.why_cut));
      break;
  }
  Close();
  return false;
}

bool Connection::SendRest() {
  std::string_view rest = std::string_view(caller_->output).substr(caller_->sent);
  std::string_view nothing;
  if (!caller_->io().Send(rest, nothing)) {
    LogFailure(LogLevel::kInfo, "answer_cut", kCallerHungUp);
    Close();
    return false;
  }
  caller_->sent = caller_->output.size() - rest.size();
  if (!rest.empty()) {
    context_.parking.Park(caller_, Wait::kRoom, In(context_.options.write_timeout_ms));
    return false;
  }
  caller_->output = std::string();
  caller_->held.reset();
  return GoOn(caller_->after);
}

bool Connection::GoOn(Caller::After after) {
  switch (after) {
    case Caller::After::kNextRequest:
      return true;
    case Caller::After::kFarewell:
      SayFarewell();
      return false;
    case Caller::After::kClose:
      break;
  }
  caller_->io().SayGoodbye();
  Close();
  return false;
}

// Null when the body is bytes already.
std::shared_ptr<RequestBody> Connection::AttachBody(const wire::RequestHead& head,
                                                    Request& request) {
  if (head.framing == wire::Framing::kNone) return nullptr;
  std::string& input = caller_->input;
  if (head.framing == wire::Framing::kLength && head.content_length <= input.size()) {
    const auto length = static_cast<std::size_t>(head.content_length);
    request.body = Body(input.substr(0, length));
    input.erase(0, length);
    return nullptr;
  }
  std::optional<std::uint64_t> length;
  if (head.framing == wire::Framing::kLength) length = head.content_length;
  const auto patience = std::chrono::milliseconds(context_.options.body_timeout_ms);
  auto body = std::make_shared<RequestBody>(caller_, head, context_.options.limits, patience,
                                            context_.runtime);
  request.body = Body(body, length);
  return body;
}

Response Connection::CallHandler(Request& request) {
  std::string failure;
  try {
    Response response = context_.handler.Handle(request, caller_->peer(), caller_->gone());
    if (response.drop_connection || response.status >= 200 ||
        (response.status == 101 && response.upgrade))
      return response;
    failure = "status " + std::to_string(response.status) + " is no answer";
  } catch (const std::exception& e) {
    failure = e.what();
  } catch (...) {
    failure = "not a std::exception";
  }
  LogFailure(LogLevel::kError, "handler_failed", std::move(failure));
  return ServerAnswer(500, "Internal error", "internal_error");
}

Answered Connection::Write(const wire::RequestHead& head, std::string_view method,
                           Response& response, bool keep_alive) {
  AddDate(response);
  const auto patience = std::chrono::milliseconds(context_.options.write_timeout_ms);
  const AnswerTarget to{&caller_->io(), method, head.http_1_0, patience};
  Result<Answered> answered = WriteAnswer(to, response, keep_alive, context_.runtime);
  if (!answered) {
    LogFailure(LogLevel::kError, "handler_failed", answered.error().message);
    response = ServerAnswer(500, "Internal error", "internal_error");
    AddDate(response);
    answered = WriteAnswer(to, response, keep_alive, context_.runtime);
  }
  if (!answered) return {Answered::How::kCut, {}, answered.error().message};
  if (response.status == 101 && answered->how == Answered::How::kWhole) RunUpgrade(response);
  return std::move(*answered);
}

void Connection::RunUpgrade(const Response& response) {
  // A peer that says it has finished is an event of the upgraded protocol, read in its order.
  context_.parking.WatchForHangUp(*caller_, false);
  const auto patience = std::chrono::milliseconds(context_.options.write_timeout_ms);
  SocketDuplex duplex(caller_->io(), std::exchange(caller_->input, {}), patience, context_.runtime);
  std::string failure;
  try {
    response.upgrade->Run(duplex, caller_->gone());
    return;
  } catch (const std::exception& e) {
    failure = e.what();
  } catch (...) {
    failure = "not a std::exception";
  }
  LogFailure(LogLevel::kError, "handler_failed", std::move(failure));
}

void Connection::AddDate(Response& response) {
  if (response.headers.Has("date")) return;
  response.headers.Add("Date", context_.date.At(context_.runtime.Wall()));
}

void Connection::Refuse(int status, std::string_view reason) {
  Response response = ServerAnswer(status, reason, CodeOf(status));
  AddDate(response);
  const auto text = wire::ResponseHeadText(response, "GET", false, false);
  std::string_view head = text.value();
  std::string_view body = response.body.bytes();
  // Waiting is not worth it: whoever left no room for this small text does not read.
  if (caller_->io().Send(head, body) && body.empty()) return SayFarewell();
  Close();
}

// Closing while bytes are unread would reset the connection, and the answer could be lost with it.
void Connection::SayFarewell() {
  caller_->io().SayGoodbye();
  ::shutdown(caller_->fd(), SHUT_WR);
  caller_->farewell_bytes = caller_->input.size();
  caller_->input = std::string();
  caller_->give_up_at = In(kFarewellMs);
  ParkUntilEnd();
}

void Connection::ParkUntilEnd() {
  const Instant silence = In(kFarewellSilenceMs);
  context_.parking.Park(caller_, Wait::kFarewell, std::min(silence, caller_->give_up_at));
}

void Connection::DiscardInput() {
  if (context_.runtime.Now() >= caller_->give_up_at) return Close();
  std::string discarded;
  std::size_t this_turn = 0;
  while (this_turn < kFarewellBytesPerTurn) {
    discarded.clear();
    switch (caller_->io().Receive(kBodyReadBytes, discarded)) {
      case Got::kBytes:
        break;
      case Got::kNothing:
        return ParkUntilEnd();
      case Got::kEnd:
      case Got::kBroken:
        return Close();
    }
    this_turn += discarded.size();
    caller_->farewell_bytes += discarded.size();
    if (caller_->farewell_bytes >= kFarewellBytes) return Close();
  }
  ParkUntilEnd();
}

void Connection::LogFailure(LogLevel level, std::string_view event, std::string reason) {
  context_.log.Write(level, event,
                     {{"server", context_.options.name}, {"reason", std::move(reason)}});
}

}  // namespace mg
