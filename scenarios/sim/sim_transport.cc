#include "scenarios/sim/sim_transport.h"

#include <algorithm>
#include <any>
#include <deque>
#include <list>
#include <optional>
#include <utility>
#include <vector>

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

// One call: the caller waits for `done`, whoever serves it sets that.
struct SimTransport::Call {
  explicit Call(SimRuntime& runtime) : changed(runtime.MakeCondVar()), cause(runtime.Context()) {}

  Request request;
  Peer peer;
  CancelToken caller_gone;
  std::shared_ptr<const void> held;  // by an answer that streams, to its end

  Mutex mutex;
  const std::unique_ptr<CondVar> changed;
  const std::any cause;  // the caller's context: the handler works for the same request
  bool given_up = false;
  std::optional<Result<Response>> done;

  void Finish(Result<Response> result) {
    const Lock lock(mutex);
    if (done) return;
    done.emplace(std::move(result));
    changed->NotifyAll();
  }
};

// A handler with its workers: each takes one call after another and ends when none waits.
// What is left of an answer obeys the deadlines that its call was made with. Whoever serves it
// learns when it is given up: cancelled, or dropped before its end.
class SimTransport::TimedBody final : public BodyStream {
 public:
  TimedBody(std::shared_ptr<BodyStream> inner, std::shared_ptr<Call> call,
            const Deadlines& deadlines, CancelToken& cancel, Runtime& runtime)
      : call_(std::move(call)),
        inner_(std::move(inner)),
        deadlines_(deadlines),
        runtime_(runtime),
        given_up_(cancel.OnCancel([served = call_.get()] { served->caller_gone.Cancel(); })) {}
  ~TimedBody() override {
    if (!ended_) call_->caller_gone.Cancel();
  }

  Result<std::string> Next(Instant deadline) override {
    const Instant chunk = runtime_.Now() + deadlines_.between_chunks;
    auto piece = inner_->Next(std::min({deadline, chunk, deadlines_.total}));
    ended_ = piece && piece->empty();
    if (ended_) call_->held.reset();
    return piece;
  }

 private:
  const std::shared_ptr<Call> call_;  // the stream may wait on its caller_gone
  const std::shared_ptr<BodyStream> inner_;
  const Deadlines deadlines_;
  Runtime& runtime_;
  bool ended_ = false;
  const CancelToken::Subscription given_up_;
};

class SimTransport::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(SimRuntime& runtime, std::string origin, Listening listening)
      : runtime_(runtime),
        origin_(std::move(origin)),
        listening_(std::move(listening)),
        idle_(runtime.MakeCondVar()) {}

  bool IsOpen() const { return runtime_.Now() >= listening_.opens_at; }
  bool AnswersAtOnce() const { return listening_.answers_at_once && listening_.answers_at_once(); }
  Response Handle(Call& call) {
    return listening_.handler->Handle(call.request, call.peer, call.caller_gone);
  }

  void Serve(std::shared_ptr<Call> call) {
    const Lock lock(mutex_);
    if (closed_) return call->Finish(Reset());
    waiting_.push_back(std::move(call));
    if (workers_ == listening_.max_workers) return;
    ++workers_;
    runtime_.Spawn("worker of " + origin_, [self = shared_from_this()] { self->Work(); });
  }

  void Close(Instant deadline) {
    Lock lock(mutex_);
    closed_ = true;
    while (workers_ > 0 && runtime_.Now() < deadline) idle_->WaitUntil(lock, deadline);
    std::vector<std::shared_ptr<Call>> cut(serving_.begin(), serving_.end());
    cut.insert(cut.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
    lock.unlock();
    for (const auto& call : cut) {
      call->Finish(Reset());
      call->caller_gone.Cancel();
    }
    lock.lock();
    while (workers_ > 0) idle_->WaitUntil(lock, kNever);
  }

 private:
  std::shared_ptr<Call> Take() {
    const Lock lock(mutex_);
    if (waiting_.empty()) {
      if (--workers_ == 0) idle_->NotifyAll();
      return nullptr;
    }
    std::shared_ptr<Call> call = std::move(waiting_.front());
    waiting_.pop_front();
    serving_.push_back(call);
    return call;
  }

  void Work() {
    while (const std::shared_ptr<Call> call = Take()) {
      if (!call->caller_gone.cancelled()) Answer(*call);
      const Lock lock(mutex_);
      serving_.remove(call);
    }
  }

  void Answer(Call& call) {
    runtime_.Context() = call.cause;
    Response response = Handle(call);
    if (response.drop_connection) {
      call.Finish(Reset());
    } else {
      call.Finish(std::move(response));
    }
  }

  SimRuntime& runtime_;
  const std::string origin_;
  const Listening listening_;
  Mutex mutex_;
  const std::unique_ptr<CondVar> idle_;
  std::size_t workers_ = 0;
  bool closed_ = false;
  std::deque<std::shared_ptr<Call>> waiting_;
  std::list<std::shared_ptr<Call>> serving_;
};

SimTransport::SimTransport(SimRuntime& runtime, Nanos one_way)
    : runtime_(runtime), one_way_(one_way) {}
SimTransport::~SimTransport() = default;

void SimTransport::Listen(const std::string& origin, Listening listening) {
  listeners_.insert_or_assign(origin,
                              std::make_shared<Listener>(runtime_, origin, std::move(listening)));
}

void SimTransport::Close(const std::string& origin, Instant deadline) {
  const auto found = listeners_.find(origin);
  if (found == listeners_.end()) return;
  const std::shared_ptr<Listener> closed = std::move(found->second);
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

Result<Response> SimTransport::Served(const std::shared_ptr<Listener>& listener,
                                      std::shared_ptr<Call> call, Instant deadline,
                                      CancelToken& cancel) {
  listener->Serve(call);
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
  call->caller_gone.Cancel();
  return cancelled ? Gone() : NoAnswer();
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
  const std::shared_ptr<Listener> listener = found->second;

  auto call = std::make_shared<Call>(runtime_);
  call->request = request;
  call->request.origin.clear();
  if (!call->request.headers.Has("host"))
    call->request.headers.Set("host", request.origin.substr(request.origin.find("://") + 3));
  call->peer.address = address;

  Result<Response> answer = Reset();
  if (listener->AnswersAtOnce()) {
    Response response = listener->Handle(*call);
    if (!response.drop_connection) answer = std::move(response);
  } else {
    answer = Served(listener, call, deadline, cancel);
  }
  if (!answer) return answer;
  MG_RETURN_IF_ERROR(Travel(deadline, cancel));
  if (request.method == "HEAD") answer->body = Body();               // a server sends none
  const std::shared_ptr<const void> held = std::move(answer->held);  // ends here, but for a stream
  if (answer->body.is_stream()) {
    call->held = held;
    answer->body = Body(std::make_shared<TimedBody>(answer->body.stream(), std::move(call),
                                                    deadlines, cancel, runtime_),
                        answer->body.length());
  }
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
