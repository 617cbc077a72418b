#include "core/services/access_verifier_jwks.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "core/base/digest.h"

namespace mg {
namespace {

constexpr Nanos kFresh = std::chrono::minutes(10);
constexpr Nanos kServedWhileRefreshing = std::chrono::hours(1);
constexpr Nanos kServedAtAll = std::chrono::hours(24);
constexpr Nanos kBetweenRefetches = std::chrono::seconds(30);
constexpr Nanos kFirstFailureWait = std::chrono::seconds(1);
constexpr Nanos kLongestFailureWait = std::chrono::seconds(30);

}  // namespace

KeyCache::KeyCache(AccessKeysClient& client, bool refuse_fake_keys, Runtime& runtime, Log& log)
    : client_(client),
      refuse_fake_keys_(refuse_fake_keys),
      runtime_(runtime),
      log_(log),
      landed_(runtime.MakeCondVar()) {}

KeyCache::Snapshot KeyCache::UsableLocked(Instant now) const {
  const bool usable = keys_ != nullptr && now - fetched_at_ <= kServedAtAll;
  return {usable ? keys_ : nullptr, generation_, false};
}

KeyCache::Snapshot KeyCache::Current(CancelToken& cancel) {
  bool start = false;
  std::uint64_t seen = 0;
  {
    const Lock lock(mutex_);
    const Instant now = runtime_.Now();
    const Nanos age = keys_ == nullptr ? Nanos::max() : now - fetched_at_;
    if (age <= kFresh) return UsableLocked(now);
    start = !fetching_ && !stopped_ && now >= next_attempt_;
    if (!start && (!fetching_ || age <= kServedWhileRefreshing)) return UsableLocked(now);
    fetching_ = true;
    seen = landings_;
    if (age > kServedWhileRefreshing) {
      // Falls through to wait, below the lock.
    } else {
      seen = landings_ - 1;  // nothing to wait for
    }
  }
  if (start) StartFetch();
  WaitForLanding(seen, cancel);
  const Lock lock(mutex_);
  Snapshot snapshot = UsableLocked(runtime_.Now());
  snapshot.just_fetched = start;
  return snapshot;
}

}  // namespace mg
