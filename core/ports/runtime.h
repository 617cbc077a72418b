// Everything in core that may block, or that asks what time it is, goes through Runtime.
//
// Thread-safety: all members may be called from any task.
// Ownership: a Runtime outlives every Task and CondVar that it made.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

namespace mg {

using Nanos = std::chrono::nanoseconds;

struct Instant {  // monotonic; only differences mean anything
  Nanos since_start{0};
  friend auto operator<=>(const Instant&, const Instant&) = default;
};
inline constexpr Instant kNever{Nanos::max()};

// Saturates at kNever, so that "no deadline" stays one.
inline constexpr Instant operator+(Instant t, Nanos d) {
  return d > kNever.since_start - t.since_start ? kNever : Instant{t.since_start + d};
}
inline constexpr Nanos operator-(Instant a, Instant b) {
  return a.since_start - b.since_start;
}

struct WallTime {       // what a calendar says; may jump
  std::int64_t ms = 0;  // since the Unix epoch
  std::int64_t seconds() const { return ms / 1000; }
  friend auto operator<=>(const WallTime&, const WallTime&) = default;
};

// A mutex that knows how many locks this thread holds, so that Runtime can refuse to block under
// one.
class Mutex {
 public:
  void lock() {
    m_.lock();
    ++held_;
  }
  void unlock() {
    --held_;
    m_.unlock();
  }
  static int HeldByThisThread() { return held_; }

 private:
  std::mutex m_;
  static thread_local int held_;
};
inline thread_local int Mutex::held_ = 0;

using Lock = std::unique_lock<Mutex>;

// Same contract as std::condition_variable: may wake spuriously, so callers loop on a predicate.
class CondVar {
 public:
  virtual ~CondVar() = default;
  virtual void WaitUntil(Lock& held, Instant deadline) = 0;
  virtual void NotifyOne() = 0;
  virtual void NotifyAll() = 0;
};

// A running body. Dropping a Task lets it run on; the Runtime that made it waits for it at its own
// end.
class Task {
 public:
  virtual ~Task() = default;
  virtual void Join() = 0;  // returns when the body has; at most once
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual Instant Now() const = 0;
  virtual WallTime Wall() const = 0;
  virtual void SleepUntil(Instant t) = 0;
  virtual std::unique_ptr<Task> Spawn(std::string_view name, std::function<void()> body) = 0;
  virtual std::unique_ptr<CondVar> MakeCondVar() = 0;
};

}  // namespace mg
