#include "core/adapters/thread_runtime.h"

#include <pthread.h>

#include <condition_variable>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/check.h"

namespace mg {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// Far deadlines are waited for in pieces: adding them to a clock's own types could overflow.
constexpr Nanos kLongestWait = std::chrono::hours(1);
constexpr Nanos kMovableWait = std::chrono::milliseconds(5);

Nanos SteadyNow() {
  return std::chrono::duration_cast<Nanos>(std::chrono::steady_clock::now().time_since_epoch());
}

SteadyTime PieceOfWait(Nanos left, Nanos longest) {
  return SteadyTime(
      std::chrono::duration_cast<SteadyTime::duration>(SteadyNow() + std::min(left, longest)));
}

class ThreadCondVar final : public CondVar {
 public:
  ThreadCondVar(const Runtime& runtime, Nanos longest_wait)
      : runtime_(runtime), longest_wait_(longest_wait) {}

  void WaitUntil(Lock& held, Instant deadline) override {
    MG_CHECK(Mutex::HeldByThisThread() == 1, "a wait while another lock is held");
    const Instant now = runtime_.Now();
    if (now >= deadline) return;
    // A wake-up at the end of a piece is a spurious one, which the contract allows.
    changed_.wait_until(held, PieceOfWait(deadline - now, longest_wait_));
  }
  void NotifyOne() override { changed_.notify_one(); }
  void NotifyAll() override { changed_.notify_all(); }

 private:
  const Runtime& runtime_;
  const Nanos longest_wait_;
  std::condition_variable_any changed_;
};

void NameThisThread(std::string name) {
  constexpr std::size_t kKernelLimit = 15;
  name.resize(std::min(name.size(), kKernelLimit));
  pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace

// Both the caller's handle and the runtime may join; whoever comes first does it.
class ThreadRuntime::ThreadTask {
 public:
  ThreadTask(std::string_view name, std::function<void()> body)
      : thread_([this, name = std::string(name), body = std::move(body)]() mutable {
          NameThisThread(std::move(name));
          body();
          body = nullptr;  // what it captured goes before the task counts as finished
          finished_ = true;
        }) {}

  void Join() {
    std::call_once(joined_, [this] { thread_.join(); });
  }
  bool finished() const { return finished_; }

 private:
  std::atomic<bool> finished_{false};
  std::once_flag joined_;
  std::thread thread_;  // last: it uses the members above
};

ThreadRuntime::ThreadRuntime(Moves moves) : moves_(moves) {}

ThreadRuntime::~ThreadRuntime() {
  while (true) {  // a task may spawn others while it ends
    std::shared_ptr<ThreadTask> task;
    {
      Lock lock(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task->Join();
  }
}

Instant ThreadRuntime::Now() const {
  if (moves_ == Moves::kWallAlone) return Instant{SteadyNow()};
  return Instant{SteadyNow() + std::chrono::milliseconds(advanced_ms_)};
}

WallTime ThreadRuntime::Wall() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return WallTime{std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count() +
                  advanced_ms_.load(std::memory_order_relaxed)};
}

Nanos ThreadRuntime::LongestWait() const {
  return moves_ == Moves::kWallAlone ? kLongestWait : kMovableWait;
}

void ThreadRuntime::SleepUntil(Instant t) {
  MG_CHECK(Mutex::HeldByThisThread() == 0, "a sleep while a lock is held");
  for (Instant now = Now(); now < t; now = Now()) {
    std::this_thread::sleep_until(PieceOfWait(t - now, LongestWait()));
  }
}

std::unique_ptr<Task> ThreadRuntime::Spawn(std::string_view name, std::function<void()> body) {
  class Handle final : public Task {
   public:
    explicit Handle(std::shared_ptr<ThreadTask> task) : task_(std::move(task)) {}
    void Join() override {
      MG_CHECK(Mutex::HeldByThisThread() == 0, "a join while a lock is held");
      task_->Join();
    }

   private:
    std::shared_ptr<ThreadTask> task_;
  };

  ReapFinished();
  auto task = std::make_shared<ThreadTask>(name, std::move(body));
  Lock lock(mutex_);
  tasks_.push_back(task);
  return std::make_unique<Handle>(std::move(task));
}

std::unique_ptr<CondVar> ThreadRuntime::MakeCondVar() {
  return std::make_unique<ThreadCondVar>(*this, LongestWait());
}

void ThreadRuntime::ReapFinished() {
  std::vector<std::shared_ptr<ThreadTask>> finished;
  {
    Lock lock(mutex_);
    for (auto it = tasks_.begin(); it != tasks_.end();) {
      if (!(*it)->finished()) {
        ++it;
        continue;
      }
      finished.push_back(std::move(*it));
      it = tasks_.erase(it);
    }
  }
  for (const auto& task : finished) task->Join();
}

}  // namespace mg
