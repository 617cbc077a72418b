// What SimRuntime is made of: tasks, timers and wait lists, and the one place where time moves.
//
// Every member is called by whoever has the baton: the running task, or the thread outside while
// nothing runs.
#pragma once
#include <any>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "scenarios/sim/baton.h"
#include "scenarios/sim/report.h"
#include "scenarios/sim/schedule.h"
#include "scenarios/sim/sim_runtime.h"
#include "scenarios/sim/sim_task.h"
#include "scenarios/sim/trace.h"

namespace mg::sim {

class Engine final : public Job {
 public:
  explicit Engine(const SimOptions& options)
      : wall_start_(options.wall_start), scheduler_(options.schedule, options.seed) {}
  ~Engine() override;

  void Run(std::function<void()> root);
  std::shared_ptr<SimTask> Add(std::string_view name, std::function<void()> body);
  void Sleep(Instant t);
  void Join(const std::shared_ptr<SimTask>& task);
  // Returns with `held` locked, or throws with it unlocked: its Mutex may be gone by then.
  void WaitOn(WaitList& waiters, Lock& held, Instant deadline);
  void WakeOne(WaitList& waiters);
  void WakeAll(WaitList& waiters);
  static void Abandon(WaitList& waiters);  // the list ends before those who stand in it

  Instant now() const { return now_; }
  WallTime wall() const { return WallTime{wall_start_.ms + now_.since_start.count() / 1'000'000}; }
  std::any& context() { return current_ == nullptr ? outside_context_ : current_->context; }
  std::uint64_t trace_hash() const { return trace_.hash(); }
  std::uint64_t switches() const { return switches_; }

 private:
  void Work(Worker& self) override;
  void RunBody(SimTask& task);
  void End(SimTask& task);

  SimTask& EnterWait(WaitKind kind, Instant deadline, int locks_allowed);
  void Block(SimTask& me);
  void SwitchTo(SimTask& next);
  bool GiveWorker(SimTask& task);

  SimTask& Next();
  void Choose(SimTask& task);
  void MakeReady(SimTask& task);
  void StandIn(WaitList& waiters, SimTask& task);
  void SetTimer(SimTask& task);
  void JumpToEarliestTimer();
  Instant EarliestTimer() const;

  void Fail(std::exception_ptr failure);
  void Unstick();
  std::string ReportOf(const std::string& what) const { return Report(what, now_, living_); }

  using Timers = std::map<std::pair<Instant, std::uint64_t>, SimTask*>;

  const WallTime wall_start_;
  Scheduler scheduler_;
  Instant now_{};
  Trace trace_;
  std::uint64_t switches_ = 0;

  std::list<std::shared_ptr<SimTask>> living_;  // in the order of Spawn
  Timers timers_;                               // all of them in the future
  std::uint64_t timers_set_ = 0;

  std::any outside_context_;
  SimTask* current_ = nullptr;  // null outside Run
  SimTask* root_ = nullptr;     // null outside Run
  CoreSet cores_;               // of Run's caller
  Baton finished_;
  std::exception_ptr failure_;
  bool root_ended_ = false;  // no time passes any more
  bool cancelling_ = false;  // every wait throws Cancelled, but for those of destructors
};

}  // namespace mg::sim
