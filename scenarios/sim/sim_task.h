// A task of SimRuntime as its scheduler sees it. Only the thread that has the baton touches it.
#pragma once
#include <any>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "core/ports/runtime.h"

namespace mg::sim {

class Worker;
struct SimTask;
using WaitList = std::vector<SimTask*>;  // the longest waiting first

enum class WaitKind { kStart, kSleep, kCondVar, kJoin };

struct SimTask {
  enum class State { kReady, kRunning, kWaiting, kDone };

  std::string name;
  std::function<void()> body;
  std::any context;
  State state = State::kReady;
  Worker* worker = nullptr;                             // null until it starts
  std::list<std::shared_ptr<SimTask>>::iterator place;  // among the living

  // The wait that it is in, or was in last.
  WaitKind wait = WaitKind::kStart;
  Instant deadline = kNever;
  std::uint64_t timer_order = 0;     // 0: no timer is set
  WaitList* wait_list = nullptr;     // the one it stands in, if any
  const SimTask* joining = nullptr;  // for kJoin
  bool in_destructor = false;        // the wait may not throw
  bool given_up = false;             // such a wait that nothing can end any more

  bool ending = false;           // the body is over; what it captured is being destroyed
  bool failing_already = false;  // was unwinding by an exception of its own before cancellation
  WaitList joiners;
};

}  // namespace mg::sim
