// Runtime on real threads and clocks. Its destructor joins every task it spawned.
#pragma once
#include <atomic>
#include <list>

#include "core/ports/runtime.h"

namespace mg {

class ThreadRuntime final : public Runtime {
 public:
  ThreadRuntime();
  ~ThreadRuntime() override;
  Instant Now() const override;
  WallTime Wall() const override;
  void SleepUntil(Instant t) override;
  std::unique_ptr<Task> Spawn(std::string_view name, std::function<void()> body) override;
  std::unique_ptr<CondVar> MakeCondVar() override;

  // Moves what Wall says (TTLs, tokens, windows), not waits in flight: `/control/v1/clock`.
  void ShiftWall(std::int64_t ms) { wall_shift_ms_ += ms; }

 private:
  class ThreadTask;
  void ReapFinished();

  std::atomic<std::int64_t> wall_shift_ms_{0};
  Mutex mutex_;
  std::list<std::shared_ptr<ThreadTask>> tasks_;
};

}  // namespace mg
