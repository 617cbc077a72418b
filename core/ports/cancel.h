// CancelToken: the caller went away, or the process stops. Every wait that takes one ends on it.
//
// Thread-safety: any thread may cancel, ask or subscribe.
// Callbacks run once, on the thread that cancels (or at once, if it is cancelled already); they
// must not block. Destroying the Subscription removes the callback and waits for one that is
// running, unless that one is what destroys it: so never subscribe or destroy under a lock that the
// callback takes.
#pragma once
#include <functional>
#include <memory>

#include "core/ports/runtime.h"

namespace mg {

class CancelToken {
 public:
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&&) noexcept = default;
    Subscription& operator=(Subscription&&) noexcept;
    ~Subscription();

   private:
    friend class CancelToken;
    struct Entry;
    explicit Subscription(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
    std::shared_ptr<Entry> entry_;
  };

  CancelToken();
  ~CancelToken();
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  void Cancel();
  bool cancelled() const;
  Subscription OnCancel(std::function<void()> callback);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Sleeps to `t` or to cancellation. True when `t` was reached.
bool SleepUnlessCancelled(Runtime& runtime, Instant t, CancelToken& cancel);

}  // namespace mg
