#include "scenarios/sim/sim_listener.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace mg::sim {
namespace {

Error Reset() {
  return {Code::kUnknownOutcome, "the connection was reset before an answer", true};
}
Error CutOff() {
  return {Code::kUnknownOutcome, "the answer was cut (truncated)", true};
}
Error Gone() {
  return {Code::kCancelled, "the caller went away", false};
}

class ReadingEnd final : public BodyStream {
 public:
  ReadingEnd(std::shared_ptr<SimCall> call, const Deadlines& deadlines, CancelToken& cancel,
             Runtime& runtime)
      : call_(std::move(call)),
        deadlines_(deadlines),
        runtime_(runtime),
        last_piece_(runtime.Now()),
        subscription_(cancel.OnCancel([call = call_] { call->HangUp(Gone()); })) {}
  ~ReadingEnd() override {
    if (!ended_) call_->HangUp(Gone());
  }

  Result<std::string> Next(Instant deadline) override {
    if (ended_) return std::string();
    auto piece = call_->pipe->Receive(
        std::min({deadline, deadlines_.total, last_piece_ + deadlines_.between_chunks}));
    if (!piece) {
      call_->HangUp(piece.error());
    } else {
      ended_ = piece->empty();
      last_piece_ = runtime_.Now();
    }
    return piece;
  }

 private:
  const std::shared_ptr<SimCall> call_;
  const Deadlines deadlines_;
  Runtime& runtime_;
  Instant last_piece_;
  bool ended_ = false;
  const CancelToken::Subscription subscription_;  // last: its callback ends before the rest does
};

void Pump(SimPipe& pipe, BodyStream& body) {
  while (true) {
    auto piece = body.Next(kNever);
    if (!piece) return pipe.Finish(CutOff());
    if (piece->empty()) return pipe.Finish(std::nullopt);
    if (!pipe.Send(std::move(*piece))) return;
  }
}

}  // namespace

SimCall::SimCall(SimRuntime& runtime) : changed(runtime.MakeCondVar()), cause(runtime.Context()) {}

void SimCall::Finish(Result<Response> result) {
  const Lock lock(mutex);
  if (done) return;
  done.emplace(std::move(result));
  changed->NotifyAll();
}

void SimCall::Open(std::shared_ptr<SimPipe> opened, std::optional<std::uint64_t> length) {
  std::optional<Error> why;
  {
    const Lock lock(mutex);
    pipe = opened;
    pipe_length = length;
    why = hung_up_;
  }
  if (why) opened->Cut(*why);
}

void SimCall::HangUp(const Error& why) {
  caller_gone.Cancel();
  std::shared_ptr<SimPipe> cut;
  {
    const Lock lock(mutex);
    hung_up_ = why;
    cut = pipe;
  }
  if (cut) cut->Cut(why);
}

Body PipedBody(std::shared_ptr<SimCall> call, const Deadlines& deadlines, CancelToken& cancel,
               Runtime& runtime) {
  const std::optional<std::uint64_t> length = call->pipe_length;
  return Body(std::make_shared<ReadingEnd>(std::move(call), deadlines, cancel, runtime), length);
}

SimListener::SimListener(SimRuntime& runtime, Nanos one_way, std::string origin,
                         Listening listening)
    : runtime_(runtime),
      one_way_(one_way),
      origin_(std::move(origin)),
      listening_(std::move(listening)),
      idle_(runtime.MakeCondVar()) {}

void SimListener::Serve(std::shared_ptr<SimCall> call) {
  const Lock lock(mutex_);
  if (closed_) return call->Finish(Reset());
  waiting_.push_back(std::move(call));
  if (workers_ == listening_.max_workers) return;
  ++workers_;
  runtime_.Spawn("worker of " + origin_, [self = shared_from_this()] { self->Work(); });
}

void SimListener::ServeAtOnce(const std::shared_ptr<SimCall>& call) {
  const std::shared_ptr<BodyStream> body = Begin(*call, Handle(*call));
  if (!body) return;
  const Lock lock(mutex_);
  ++workers_;
  serving_.push_back(call);
  runtime_.Spawn("stream of " + origin_,
                 [self = shared_from_this(), call, stream = body]() mutable {
                   Pump(*call->pipe, *stream);
                   stream.reset();  // what it owes is paid before the listener counts as idle
                   call->held.reset();
                   const Lock done(self->mutex_);
                   self->serving_.remove(call);
                   if (--self->workers_ == 0) self->idle_->NotifyAll();
                 });
}

void SimListener::Close(Instant deadline) {
  Lock lock(mutex_);
  closed_ = true;
  while (workers_ > 0 && runtime_.Now() < deadline) idle_->WaitUntil(lock, deadline);
  std::vector<std::shared_ptr<SimCall>> cut(serving_.begin(), serving_.end());
  cut.insert(cut.end(), waiting_.begin(), waiting_.end());
  waiting_.clear();
  lock.unlock();
  for (const auto& call : cut) {
    call->Finish(Reset());
    call->HangUp(CutOff());
  }
  lock.lock();
  while (workers_ > 0) idle_->WaitUntil(lock, kNever);
}

std::shared_ptr<SimCall> SimListener::Take() {
  const Lock lock(mutex_);
  if (waiting_.empty()) {
    if (--workers_ == 0) idle_->NotifyAll();
    return nullptr;
  }
  std::shared_ptr<SimCall> call = std::move(waiting_.front());
  waiting_.pop_front();
  serving_.push_back(call);
  return call;
}

void SimListener::Work() {
  while (const std::shared_ptr<SimCall> call = Take()) {
    if (!call->caller_gone.cancelled()) ServeOne(*call);
    const Lock lock(mutex_);
    serving_.remove(call);
  }
}

void SimListener::ServeOne(SimCall& call) {
  runtime_.Context() = call.cause;
  if (const auto body = Begin(call, Handle(call))) Pump(*call.pipe, *body);
  call.held.reset();
}

Response SimListener::Handle(SimCall& call) {
  const bool only_head = call.request.method == "HEAD";
  Response response = listening_.handler->Handle(call.request, call.peer, call.caller_gone);
  if (only_head) response.body = Body();  // a server sends none
  return response;
}

// The body that is still to be sent, if there is one.
std::shared_ptr<BodyStream> SimListener::Begin(SimCall& call, Response response) {
  if (response.drop_connection) {
    call.Finish(Reset());
    return nullptr;
  }
  const std::shared_ptr<const void> held = std::move(response.held);
  const std::shared_ptr<BodyStream> body = response.body.stream();
  if (body) {
    call.held = held;
    call.Open(std::make_shared<SimPipe>(runtime_, one_way_), response.body.length());
    response.body = Body();
  }
  call.Finish(std::move(response));
  return body;
}

}  // namespace mg::sim
