// A Runtime for tests whose clocks stand still: they move when told to, or to the end of a wait.
//
// With auto_advance (the default) SleepUntil jumps the clock at once, and a CondVar wait with a
// deadline waits a short real time for a notification, then jumps to its deadline if it is the
// earliest one waited for. Without it, waits end by Advance alone.
//
// Thread-safety: all members. Spawned bodies are real threads, joined by the destructor.
#pragma once
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "core/base/check.h"
#include "core/ports/runtime.h"

namespace mg::test {

inline constexpr std::int64_t kSteppedWallStartMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

class SteppedRuntime final : public Runtime {
 public:
  explicit SteppedRuntime(bool auto_advance = true) : auto_advance_(auto_advance) {}
  SteppedRuntime(const SteppedRuntime&) = delete;
  SteppedRuntime& operator=(const SteppedRuntime&) = delete;
  ~SteppedRuntime() override {
    for (;;) {  // a body may spawn others until its last line
      std::shared_ptr<Body> body;
      {
        std::lock_guard lock(mutex_);
        if (bodies_.empty()) return;
        body = std::move(bodies_.front());
        bodies_.pop_front();
      }
      body->Join();
    }
  }

  Instant Now() const override {
    std::lock_guard lock(mutex_);
    return now_;
  }

  WallTime Wall() const override {
    std::lock_guard lock(mutex_);
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now_.since_start);
    return WallTime{kSteppedWallStartMs + wall_shift_ms_ + elapsed.count()};
  }

  void SleepUntil(Instant t) override {
    MG_CHECK(Mutex::HeldByThisThread() == 0, "SleepUntil under a lock");
    std::unique_lock lock(mutex_);
    if (auto_advance_) {
      MG_CHECK(t != kNever, "SleepUntil for ever");
      MoveTo(t);
      return;
    }
    moved_.wait(lock, [&] { return now_ >= t; });
  }

  std::unique_ptr<Task> Spawn(std::string_view, std::function<void()> run) override {
    auto body = std::make_shared<Body>(std::move(run));
    std::lock_guard lock(mutex_);
    bodies_.push_back(body);
    return std::make_unique<BodyTask>(std::move(body));
  }

  std::unique_ptr<CondVar> MakeCondVar() override {
    return std::make_unique<SteppedCondVar>(*this);
  }

  void Advance(Nanos d) {
    std::lock_guard lock(mutex_);
    MoveTo(now_ + d);
  }

  // As an operator who sets the calendar: waits do not notice.
  void ShiftWall(std::int64_t ms) {
    std::lock_guard lock(mutex_);
    wall_shift_ms_ += ms;
  }

 private:
  static constexpr std::chrono::milliseconds kRealWait{30};
  static constexpr std::chrono::milliseconds kRealPoll{2};

  class Body {
   public:
    explicit Body(std::function<void()> run) : thread_(std::move(run)) {}
    void Join() {
      std::lock_guard lock(mutex_);  // Task::Join and the runtime's destructor may both come
      if (thread_.joinable()) thread_.join();
    }

   private:
    std::mutex mutex_;
    std::thread thread_;
  };

  class BodyTask final : public Task {
   public:
    explicit BodyTask(std::shared_ptr<Body> body) : body_(std::move(body)) {}
    void Join() override {
      MG_CHECK(Mutex::HeldByThisThread() == 0, "Join under a lock");
      body_->Join();
    }

   private:
    std::shared_ptr<Body> body_;
  };

  class SteppedCondVar final : public CondVar {
   public:
    explicit SteppedCondVar(SteppedRuntime& runtime) : runtime_(runtime) {}

    void WaitUntil(Lock& held, Instant deadline) override {
      MG_CHECK(Mutex::HeldByThisThread() == 1, "WaitUntil under a second lock");
      if (deadline == kNever) {
        cv_.wait(held);
      } else if (runtime_.auto_advance_) {
        WaitThenJump(held, deadline);
      } else if (runtime_.Now() < deadline) {
        cv_.wait_for(held, kRealPoll);  // a spurious wake is within the contract
      }
    }
    void NotifyOne() override { cv_.notify_one(); }
    void NotifyAll() override { cv_.notify_all(); }

   private:
    void WaitThenJump(Lock& held, Instant deadline) {
      const auto place = runtime_.AddDeadline(deadline);
      while (runtime_.Now() < deadline) {
        if (cv_.wait_for(held, kRealWait) == std::cv_status::no_timeout) break;
        if (runtime_.JumpIfEarliest(deadline)) break;
      }
      runtime_.RemoveDeadline(place);
    }

    SteppedRuntime& runtime_;
    std::condition_variable_any cv_;
  };

  std::multiset<Instant>::iterator AddDeadline(Instant deadline) {
    std::lock_guard lock(mutex_);
    return deadlines_.insert(deadline);
  }
  void RemoveDeadline(std::multiset<Instant>::iterator place) {
    std::lock_guard lock(mutex_);
    deadlines_.erase(place);
  }
  bool JumpIfEarliest(Instant deadline) {
    std::lock_guard lock(mutex_);
    if (*deadlines_.begin() != deadline) return false;
    MoveTo(deadline);
    return true;
  }
  void MoveTo(Instant t) {  // mutex_ held
    now_ = std::max(now_, t);
    moved_.notify_all();
  }

  const bool auto_advance_;
  mutable std::mutex mutex_;
  std::condition_variable moved_;
  Instant now_;
  std::int64_t wall_shift_ms_ = 0;
  std::multiset<Instant> deadlines_;
  std::list<std::shared_ptr<Body>> bodies_;
};

}  // namespace mg::test
