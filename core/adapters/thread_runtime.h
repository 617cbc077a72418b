// Runtime on real threads and clocks. Its destructor joins every task it spawned.
#pragma once
#include <atomic>
#include <list>

#include "core/ports/runtime.h"

namespace mg {

class ThreadRuntime final : public Runtime {
 public:
  enum class Moves {
    kWallAlone,   // Advance moves TTLs, tokens and windows, not waits
    kEverything,  // waits too, which costs a look at the clock every few milliseconds
  };

  explicit ThreadRuntime(Moves moves = Moves::kWallAlone);
  ~ThreadRuntime() override;
  Instant Now() const override;
  WallTime Wall() const override;
  void SleepUntil(Instant t) override;
  std::unique_ptr<Task> Spawn(std::string_view name, std::function<void()> body) override;
  std::unique_ptr<CondVar> MakeCondVar() override;

  void Advance(std::int64_t ms) { advanced_ms_ += ms; }  // `/control/v1/clock`

 private:
  class ThreadTask;
  void ReapFinished();
  Nanos LongestWait() const;

  const Moves moves_;
  std::atomic<std::int64_t> advanced_ms_{0};
  Mutex mutex_;
  std::list<std::shared_ptr<ThreadTask>> tasks_;
};

}  // namespace mg
