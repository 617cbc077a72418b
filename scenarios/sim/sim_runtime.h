// Runtime for scenarios: real threads, but only the one that holds the baton runs, in virtual time.
//
// One seed, one order: which ready task runs next is the Schedule's choice, time moves only when
// every task waits, and then to the earliest deadline at once.
// Ownership: outlives every Task and CondVar that it made. What tasks refer to should outlive Run:
// those that root leaves alive are cancelled when its locals have gone.
// Thread-safety: members but Run are for tasks of this runtime, and for anyone while Run is not
// running. Runtimes share nothing but idle threads, so that each may run in a thread of its own.
// Errors: Run throws Deadlock, BlockedUnderLock, LeftOver, or the first exception that a task let
// escape; every other task has then been cancelled and its destructors have run. The runtime can
// Run again after that; its time goes on.
//
// Cancellation: a wait throws Cancelled, now and ever after; WaitUntil leaves its lock unlocked
// then, since its Mutex may have gone. Waits of destructors do not throw: they go on in virtual
// time, and a join or sleep that nothing can end any more returns. (A condition variable that a
// destructor awaits in vain ends the process with a report.)
// A wait outside Run fails, but for the join of a task that has ended.
#pragma once
#include <any>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/ports/runtime.h"

namespace mg::sim {

struct Cancelled {};  // thrown out of a wait when the run is over; not a std::exception
struct Deadlock : std::runtime_error {  // names every task and what it waits for
  using runtime_error::runtime_error;
};
struct BlockedUnderLock : std::logic_error {
  using logic_error::logic_error;
};
struct LeftOver : std::runtime_error {  // a task that still waited when the root had ended
  using runtime_error::runtime_error;
};

enum class Schedule {
  kFifo,    // in the order of becoming ready: for golden output
  kRandom,  // drawn from the seed, and some waits on a CondVar wake for no reason: for searching
};

struct SimOptions {
  std::uint64_t seed = 1;
  Schedule schedule = Schedule::kFifo;
  WallTime wall_start{1'767'225'600'000};  // 2026-01-01T00:00:00Z
};

class Engine;

class SimRuntime final : public Runtime {
 public:
  explicit SimRuntime(SimOptions options);
  ~SimRuntime() override;

  Instant Now() const override;
  WallTime Wall() const override;
  void SleepUntil(Instant t) override;
  std::unique_ptr<Task> Spawn(std::string_view name, std::function<void()> body) override;
  std::unique_ptr<CondVar> MakeCondVar() override;

  // Runs `root` and everything it spawned, on threads of its own; returns when the last has ended.
  // Once `root` has returned no time passes: what is ready runs on, and a task that waits then is
  // cancelled and named in LeftOver. Tasks that were spawned before start with `root`, those first
  // in kFifo.
  void Run(std::function<void()> root);

  // What the running task works for; a task inherits a copy of its spawner's, `root` that of the
  // outside, which is what this is while nothing runs.
  std::any& Context();

  std::uint64_t TraceHash() const;  // of who ran when: equal for equal seeds
  std::uint64_t Switches() const;   // hand-overs from one thread to another

 private:
  class Handle;
  class SimCondVar;
  std::unique_ptr<Engine> engine_;
};

// Keeps the calling thread, and those it starts, on one core: three to four times faster. `slot`
// picks the core, round robin. Without the right to do so nothing happens.
void PinToOneCore(int slot);

}  // namespace mg::sim
