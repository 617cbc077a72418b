// What listens in a world without sockets: a handler with its workers, the calls that are made to
// it, and the bodies of streamed answers.
//
// Thread-safety: for tasks of the runtime.
#pragma once
#include <any>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "core/http/message.h"
#include "core/ports/cancel.h"
#include "core/ports/transport.h"
#include "scenarios/sim/sim_pipe.h"
#include "scenarios/sim/sim_runtime.h"

namespace mg::sim {

struct Listening {
  Handler* handler = nullptr;
  std::size_t max_workers = 64;  // further calls queue
  // True when the handler can be trusted to answer without any wait: then it is called on the
  // caller's own task, which saves two switches. Empty: never.
  std::function<bool()> answers_at_once;
  Instant opens_at;  // before that nothing listens
};

// One call: the caller waits for `done`, whoever serves it sets that.
struct SimCall {
  explicit SimCall(SimRuntime& runtime);

  Request request;
  Peer peer;
  CancelToken caller_gone;  // lives until the answer's body has gone out, too

  Mutex mutex;
  const std::unique_ptr<CondVar> changed;
  const std::any cause;  // the caller's context: the handler works for the same request
  bool given_up = false;
  std::optional<Result<Response>> done;
  std::shared_ptr<SimPipe> pipe;     // of a streamed answer
  std::shared_ptr<const void> held;  // by a streamed answer, to its end
  std::optional<std::uint64_t> pipe_length;

  void Finish(Result<Response> result);  // the first one counts
  // The answer will come through `pipe`.
  void Open(std::shared_ptr<SimPipe> opened, std::optional<std::uint64_t> length);
  // As the end of a connection is noticed: whoever answers is told, whoever reads gets no more.
  void HangUp(const Error& why);

 private:
  std::optional<Error> hung_up_;
};

// The reading end of a call's pipe. Dropping it before its end hangs up.
Body PipedBody(std::shared_ptr<SimCall> call, const Deadlines& deadlines, CancelToken& cancel,
               Runtime& runtime);

// Its workers take one call after another and end when none waits.
class SimListener : public std::enable_shared_from_this<SimListener> {
 public:
  SimListener(SimRuntime& runtime, Nanos one_way, std::string origin, Listening listening);

  bool IsOpen() const { return runtime_.Now() >= listening_.opens_at; }
  bool AnswersAtOnce() const { return listening_.answers_at_once && listening_.answers_at_once(); }
  void Serve(std::shared_ptr<SimCall> call);
  // On the caller's own task; but a streamed answer needs one of its own.
  void ServeAtOnce(const std::shared_ptr<SimCall>& call);
  void Close(Instant deadline);  // see SimTransport

 private:
  std::shared_ptr<SimCall> Take();
  void Work();
  void ServeOne(SimCall& call);
  Response Handle(SimCall& call);
  std::shared_ptr<BodyStream> Begin(SimCall& call, Response response);

  SimRuntime& runtime_;
  const Nanos one_way_;
  const std::string origin_;
  const Listening listening_;
  Mutex mutex_;
  const std::unique_ptr<CondVar> idle_;
  std::size_t workers_ = 0;
  bool closed_ = false;
  std::deque<std::shared_ptr<SimCall>> waiting_;
  std::list<std::shared_ptr<SimCall>> serving_;
};

}  // namespace mg::sim
