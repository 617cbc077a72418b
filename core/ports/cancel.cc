#include "core/ports/cancel.h"

#include <atomic>
#include <list>
#include <thread>
#include <utility>

namespace mg {

// One callback. `mutex` is held while it runs, so a Subscription that goes away waits by locking
// it; `runner` lets the callback itself (or what it calls) drop its own Subscription.
struct CancelToken::Subscription::Entry {
  Mutex mutex;
  std::function<void()> callback;  // empty once it has run or was removed
  std::atomic<std::thread::id> runner{};
  std::weak_ptr<State> state;
  std::list<std::shared_ptr<Entry>>::iterator place;  // valid until the state is cancelled

  bool RunsOnThisThread() const { return runner.load() == std::this_thread::get_id(); }
  void Run();
  void Remove();
};

// Lock order: an entry's mutex may be held when the state's is taken, never the other way round.
struct CancelToken::State {
  Mutex mutex;
  std::atomic<bool> cancelled{false};  // written under `mutex`
  std::list<std::shared_ptr<Subscription::Entry>> entries;
};

void CancelToken::Subscription::Entry::Run() {
  Lock lock(mutex);
  if (!callback) return;
  runner = std::this_thread::get_id();
  callback();
  // Still marked as running: what the callback captured may own this very Subscription.
  callback = nullptr;
  runner = std::thread::id();
}

void CancelToken::Subscription::Entry::Remove() {
  if (RunsOnThisThread()) return;
  std::shared_ptr<Entry> listed;  // keeps destructors out of the lock
  if (const auto owner = state.lock()) {
    Lock lock(owner->mutex);
    if (!owner->cancelled) {
      listed = std::move(*place);
      owner->entries.erase(place);
    }
  }
  std::function<void()> removed;
  Lock lock(mutex);
  removed.swap(callback);
  lock.unlock();
}

CancelToken::Subscription& CancelToken::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    const Subscription replaced(std::move(*this));
    entry_ = std::move(other.entry_);
  }
  return *this;
}

CancelToken::Subscription::~Subscription() {
  if (entry_) entry_->Remove();
}

CancelToken::CancelToken() : state_(std::make_shared<State>()) {}
CancelToken::~CancelToken() = default;

void CancelToken::Cancel() {
  std::list<std::shared_ptr<Subscription::Entry>> entries;
  {
    Lock lock(state_->mutex);
    if (state_->cancelled) return;
    state_->cancelled = true;
    entries.swap(state_->entries);
  }
  for (const auto& entry : entries) entry->Run();
}

bool CancelToken::cancelled() const {
  return state_->cancelled;
}

CancelToken::Subscription CancelToken::OnCancel(std::function<void()> callback) {
  auto entry = std::make_shared<Subscription::Entry>();
  entry->callback = std::move(callback);
  entry->state = state_;
  {
    Lock lock(state_->mutex);
    if (!state_->cancelled) {
      entry->place = state_->entries.insert(state_->entries.end(), entry);
      return Subscription(std::move(entry));
    }
  }
  entry->Run();
  return Subscription();
}

bool SleepUnlessCancelled(Runtime& runtime, Instant t, CancelToken& cancel) {
  Mutex mutex;
  const std::unique_ptr<CondVar> changed = runtime.MakeCondVar();
  bool cancelled = false;
  const CancelToken::Subscription subscription = cancel.OnCancel([&] {
    Lock lock(mutex);
    cancelled = true;
    changed->NotifyAll();
  });
  // The lock ends before the subscription does: its callback takes the same mutex.
  Lock lock(mutex);
  while (!cancelled && runtime.Now() < t) changed->WaitUntil(lock, t);
  return !cancelled;
}

}  // namespace mg
