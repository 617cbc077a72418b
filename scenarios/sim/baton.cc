#include "scenarios/sim/baton.h"

#include <cerrno>
#include <cstddef>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace mg::sim {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

// Red zones make frames several times larger.
constexpr std::size_t kStackBytes = (kSanitized ? 1024 : 256) * 1024;
constexpr std::size_t kMaxIdle = 2048;

}  // namespace

Baton::Baton() {
  sem_init(&semaphore_, 0, 0);
}
Baton::~Baton() {
  sem_destroy(&semaphore_);
}
void Baton::Pass() {
  sem_post(&semaphore_);
}

void Baton::Await() {
  while (sem_wait(&semaphore_) != 0 && errno == EINTR) {
  }
}

void Worker::Start(Job& job, const CoreSet& cores) {
  job_ = &job;
  wanted_cores_ = cores;
  baton.Pass();
}

void* Worker::Main(void* self) {
  Worker& worker = *static_cast<Worker*>(self);
  while (true) {
    worker.baton.Await();
    if (worker.job_ == nullptr) return nullptr;
    if (worker.wanted_cores_ != worker.cores_) {
      worker.cores_ = worker.wanted_cores_;
      worker.cores_.ApplyToThisThread();
    }
    worker.job_->Work(worker);
  }
}

void Worker::Launch() {
  pthread_attr_t attributes;  // its guard page is the default one
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  const int error = pthread_create(&thread_, &attributes, &Worker::Main, this);
  pthread_attr_destroy(&attributes);
  if (error != 0) {
    throw std::system_error(error, std::generic_category(), "a thread for a simulated task");
  }
}

class WorkerPool {
 public:
  static WorkerPool& OfProcess() {
    static WorkerPool pool;
    return pool;
  }

  ~WorkerPool() {
    for (auto& worker : idle_) Dismiss(std::move(worker));
    Reap(dismissed_);
  }

  Worker& Take() {
    Workers ended;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        Worker* worker = idle_.back().release();
        idle_.pop_back();
        return *worker;
      }
      ended = std::exchange(dismissed_, {});
    }
    Reap(ended);
    auto worker = std::make_unique<Worker>();
    worker->Launch();
    return *worker.release();
  }

  void Return(Worker& worker) {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Worker> owned(&worker);
    if (idle_.size() < kMaxIdle) {
      idle_.push_back(std::move(owned));
    } else {
      Dismiss(std::move(owned));
    }
  }

 private:
  using Workers = std::vector<std::unique_ptr<Worker>>;

  void Dismiss(std::unique_ptr<Worker> worker) {
    worker->job_ = nullptr;
    worker->baton.Pass();
    dismissed_.push_back(std::move(worker));
  }
  // Not under the lock: a thread that ends may still have to take a worker for its successor.
  static void Reap(const Workers& ended) {
    for (const auto& worker : ended) pthread_join(worker->thread_, nullptr);
  }

  std::mutex mutex_;
  Workers idle_;       // the last to come is the first to go: its stack is warm
  Workers dismissed_;  // told to end, not yet joined
};

Worker& TakeWorker() {
  return WorkerPool::OfProcess().Take();
}
void ReturnWorker(Worker& worker) {
  WorkerPool::OfProcess().Return(worker);
}

}  // namespace mg::sim
