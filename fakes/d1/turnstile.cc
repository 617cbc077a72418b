#include "fakes/d1/turnstile.h"

#include <algorithm>

namespace mg::fake::d1 {

Turnstile::Turnstile(Runtime& runtime) : runtime_(runtime), changed_(runtime.MakeCondVar()) {}

Turnstile::Entry Turnstile::Enter(const D1Knobs& knobs) {
  Lock lock(mutex_);
  if (!busy_ && waiting_.empty()) {
    busy_ = true;
    return Entry::kIn;
  }
  if (knobs.queue_max > 0 && waiting_.size() >= static_cast<std::size_t>(knobs.queue_max)) {
    return Entry::kTooManyWait;
  }
  const Instant deadline =
      knobs.queue_wait_max > Nanos::zero() ? runtime_.Now() + knobs.queue_wait_max : kNever;
  const std::uint64_t ticket = ++last_ticket_;
  waiting_.push_back(ticket);
  while ((busy_ || waiting_.front() != ticket) && runtime_.Now() < deadline) {
    changed_->WaitUntil(lock, deadline);
  }
  const bool in = !busy_ && waiting_.front() == ticket;
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), ticket));
  if (in) {
    busy_ = true;
    return Entry::kIn;
  }
  changed_->NotifyAll();
  return Entry::kWaitedTooLong;
}

void Turnstile::Leave() {
  Lock lock(mutex_);
  busy_ = false;
  changed_->NotifyAll();
}

}  // namespace mg::fake::d1
