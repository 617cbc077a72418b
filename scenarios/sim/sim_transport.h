// Transport of a world without sockets: a call travels out, its handler runs in the same process on
// a task of its own, the answer travels back.
//
// A streamed answer comes piece by piece, as through a connection (sim_pipe.h). A caller that gives
// up (deadline, cancellation, a body that it drops) leaves the handler running with its caller
// gone, as a closed connection would; what it did stays done (kUnknownOutcome). Thread-safety: for
// tasks of the runtime; routes change between waits alone. Ownership: handlers outlive their
// routes; a route may go while calls are still in it.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "core/ports/transport.h"
#include "scenarios/sim/sim_listener.h"
#include "scenarios/sim/sim_runtime.h"

namespace mg::sim {

class SimTransport final : public Transport {
 public:
  // `one_way`: of every call, each way.
  SimTransport(SimRuntime& runtime, Nanos one_way);
  ~SimTransport() override;

  void Listen(const std::string& origin, Listening listening);
  // Nothing listens there any more. Waits until what was being served is answered; at `deadline`
  // what is left is cut off, and the rest of the wait is for its handlers.
  void Close(const std::string& origin, Instant deadline);
  // Send reaches nobody; SendFrom still does. For a process that is being killed.
  void Isolate(bool isolated) { isolated_ = isolated; }

  Result<Response> Send(const Request& request, const Deadlines& deadlines,
                        CancelToken& cancel) override;
  // In process there is no connection to take over: only refusals come back.
  Result<Upgraded> Upgrade(const Request& request, const Deadlines& deadlines,
                           CancelToken& cancel) override;
  // As a peer of this address; Send's is 127.0.0.1.
  Result<Response> SendFrom(std::string_view address, const Request& request,
                            const Deadlines& deadlines, CancelToken& cancel);

 private:
  Result<Response> Served(SimListener& listener, const std::shared_ptr<SimCall>& call,
                          Instant deadline, CancelToken& cancel);
  Status Travel(Instant deadline, CancelToken& cancel);

  SimRuntime& runtime_;
  const Nanos one_way_;
  bool isolated_ = false;
  std::map<std::string, std::shared_ptr<SimListener>, std::less<>> listeners_;
};

}  // namespace mg::sim
