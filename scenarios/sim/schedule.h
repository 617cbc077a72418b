// Every choice that the order of tasks depends on, and nothing else: who runs, who is woken, who
// wakes for no reason.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

#include "scenarios/sim/sim_runtime.h"
#include "scenarios/sim/sim_task.h"
#include "scenarios/sim/split_mix.h"

namespace mg::sim {

class Scheduler {
 public:
  Scheduler(Schedule schedule, std::uint64_t seed)
      : random_(schedule == Schedule::kRandom), generator_(seed) {}

  bool NoneReady() const { return ready_.empty(); }
  void AddReady(SimTask& task) { ready_.push_back(&task); }

  SimTask& TakeReady() {  // there is one
    std::swap(ready_.front(), ready_[Choose(ready_.size())]);
    SimTask& task = *ready_.front();
    ready_.pop_front();
    return task;
  }

  SimTask& Waiter(const WaitList& waiters) {  // there is one
    return *waiters[Choose(waiters.size())];
  }

  // CondVar allows it, and a wait without a loop around it is a bug that only this shows.
  bool WakesForNoReason() { return random_ && generator_.Below(kSpuriousOneIn) == 0; }

 private:
  static constexpr std::uint64_t kSpuriousOneIn = 32;

  std::size_t Choose(std::size_t count) {
    return !random_ || count == 1 ? 0 : static_cast<std::size_t>(generator_.Below(count));
  }

  bool random_;
  SplitMix64 generator_;
  std::deque<SimTask*> ready_;  // in the order of becoming ready, for kFifo
};

}  // namespace mg::sim
