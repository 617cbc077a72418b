#include "scenarios/sim/sim_transport.h"

#include <algorithm>
#include <utility>

namespace mg::sim {
namespace {

Error Gone() {
  return {Code::kCancelled, "the caller went away", false};
}
Error NoAnswer() {
  return {Code::kUnknownOutcome, "no answer before the deadline", true};
}
Error Reset() {
  return {Code::kUnknownOutcome, "the connection was reset before an answer", true};
}

}  // namespace

SimTransport::SimTransport(SimRuntime& runtime, Nanos one_way)
    : runtime_(runtime), one_way_(one_way) {}
SimTransport::~SimTransport() = default;

void SimTransport::Listen(const std::string& origin, Listening listening) {
  listeners_.insert_or_assign(
      origin, std::make_shared<SimListener>(runtime_, one_way_, origin, std::move(listening)));
}

void SimTransport::Close(const std::string& origin, Instant deadline) {
  const auto found = listeners_.find(origin);
  if (found == listeners_.end()) return;
  const std::shared_ptr<SimListener> closed = std::move(found->second);
  listeners_.erase(found);
  closed->Close(deadline);
}

Status SimTransport::Travel(Instant deadline, CancelToken& cancel) {
  if (one_way_ == Nanos::zero()) return Ok();
  const Instant arrival = runtime_.Now() + one_way_;
  if (!SleepUnlessCancelled(runtime_, std::min(arrival, deadline), cancel)) return Gone();
  if (arrival > deadline) return NoAnswer();
  return Ok();
}

Result<Response> SimTransport::Served(SimListener& listener, const std::shared_ptr<SimCall>& call,
                                      Instant deadline, CancelToken& cancel) {
  listener.Serve(call);
  const CancelToken::Subscription subscription = cancel.OnCancel([&call = *call] {
    const Lock lock(call.mutex);
    call.given_up = true;
    call.changed->NotifyAll();
  });
  bool cancelled = false;
  {
    Lock lock(call->mutex);
    while (!call->done && !call->given_up && runtime_.Now() < deadline)
      call->changed->WaitUntil(lock, deadline);
    if (call->done) return std::move(*call->done);
    cancelled = call->given_up;
  }
  const Error why = cancelled ? Gone() : NoAnswer();
  call->HangUp(why);
  return why;
}

Result<Response> SimTransport::SendFrom(std::string_view address, const Request& request,
                                        const Deadlines& deadlines, CancelToken& cancel) {
  const Instant deadline = std::min(deadlines.first_byte, deadlines.total);
  if (cancel.cancelled()) return Gone();
  if (runtime_.Now() >= deadline)
    return Error{Code::kTimeout, "the deadline passed before the request was sent", true};
  if (Status travelled = Travel(deadline, cancel); !travelled) {
    if (travelled.error().code == Code::kCancelled) return travelled.error();
    return Error{Code::kTimeout, "the deadline passed before the request arrived", true};
  }
  const auto found = listeners_.find(request.origin);
  if (found == listeners_.end() || !found->second->IsOpen())
    return Error{Code::kUnavailable, "nothing listens at " + request.origin, true};
  const std::shared_ptr<SimListener> listener = found->second;

  auto call = std::make_shared<SimCall>(runtime_);
  call->request = request;
  call->request.origin.clear();
  if (!call->request.headers.Has("host"))
    call->request.headers.Set("host", request.origin.substr(request.origin.find("://") + 3));
  call->peer.address = address;

  Result<Response> answer = Reset();
  if (listener->AnswersAtOnce()) {
    listener->ServeAtOnce(call);
    answer = std::move(*call->done);
  } else {
    answer = Served(*listener, call, deadline, cancel);
  }
  if (!answer) return answer;
  if (call->pipe) answer->body = PipedBody(call, deadlines, cancel, runtime_);
  MG_RETURN_IF_ERROR(Travel(deadline, cancel));
  return answer;
}

Result<Response> SimTransport::Send(const Request& request, const Deadlines& deadlines,
                                    CancelToken& cancel) {
  if (isolated_) return Error{Code::kUnavailable, "this process has no network any more", true};
  return SendFrom("127.0.0.1", request, deadlines, cancel);
}

Result<Upgraded> SimTransport::Upgrade(const Request& request, const Deadlines& deadlines,
                                       CancelToken& cancel) {
  auto answer = Send(request, deadlines, cancel);
  if (!answer) return answer.error();
  if (answer->status == 101) {
    return Error{Code::kInternal, "a simulated connection cannot be upgraded", false};
  }
  return Upgraded{std::move(answer).value(), nullptr};
}

}  // namespace mg::sim
