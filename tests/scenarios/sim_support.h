// Short words for tests on SimRuntime.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/sim/sim_runtime.h"

namespace mg::sim {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

inline SimOptions Fifo() {
  return {};
}

inline SimOptions Random(std::uint64_t seed) {
  SimOptions options;
  options.seed = seed;
  options.schedule = Schedule::kRandom;
  return options;
}

inline Instant At(Nanos t) {
  return Instant{t};
}

// What `Run(root)` fails with, or "".
template <class Failure>
std::string FailureOf(SimRuntime& runtime, std::function<void()> root) {
  try {
    runtime.Run(std::move(root));
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "";
}

// The one way to synchronise that core uses: Mutex, CondVar and a loop around the wait.
class Flag {
 public:
  explicit Flag(Runtime& runtime) : runtime_(runtime), changed_(runtime.MakeCondVar()) {}
  bool Await(Instant deadline) {
    Lock lock(mutex_);
    while (!set_ && runtime_.Now() < deadline) changed_->WaitUntil(lock, deadline);
    return set_;
  }
  void Set() {
    const Lock lock(mutex_);
    set_ = true;
    changed_->NotifyAll();
  }

 private:
  Runtime& runtime_;
  Mutex mutex_;
  bool set_ = false;
  std::unique_ptr<CondVar> changed_;
};

class Limiter {
 public:
  Limiter(Runtime& runtime, int slots)
      : runtime_(runtime), free_(slots), changed_(runtime.MakeCondVar()) {}
  bool Acquire(Instant deadline) {
    Lock lock(mutex_);
    while (free_ == 0) {
      if (runtime_.Now() >= deadline) return false;
      changed_->WaitUntil(lock, deadline);
    }
    --free_;
    return true;
  }
  void Release() {
    {
      const Lock lock(mutex_);
      ++free_;
    }
    changed_->NotifyOne();
  }

 private:
  Runtime& runtime_;
  Mutex mutex_;
  int free_;
  std::unique_ptr<CondVar> changed_;
};

class Tasks {
 public:
  explicit Tasks(Runtime& runtime) : runtime_(runtime) {}
  void Spawn(const std::string& name, std::function<void()> body) {
    tasks_.push_back(runtime_.Spawn(name, std::move(body)));
  }
  void Join() {
    for (const auto& task : tasks_) task->Join();
    tasks_.clear();
  }

 private:
  Runtime& runtime_;
  std::vector<std::unique_ptr<Task>> tasks_;
};

template <class Action>
struct AtEnd {
  Action action;
  ~AtEnd() { action(); }
};
template <class Action>
AtEnd(Action) -> AtEnd<Action>;

}  // namespace mg::sim
