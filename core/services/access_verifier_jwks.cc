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

std::int64_t Count(std::size_t n) {
  return static_cast<std::int64_t>(n);
}

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

bool KeyCache::BeginFetchLocked(Instant not_before, Instant now) {
  if (fetching_ || stopped_ || now < not_before) return false;
  fetching_ = true;
  return true;
}

KeyCache::Snapshot KeyCache::Current(CancelToken& cancel) {
  Snapshot snapshot;
  bool begins = false;
  bool waits = false;
  std::uint64_t seen = 0;
  {
    const Lock lock(mutex_);
    const Instant now = runtime_.Now();
    const Nanos age = keys_ == nullptr ? Nanos::max() : now - fetched_at_;
    snapshot = UsableLocked(now);
    if (age <= kFresh) return snapshot;
    begins = BeginFetchLocked(next_attempt_, now);
    waits = fetching_ && age > kServedWhileRefreshing;
    seen = landings_;
  }
  if (begins) StartFetch();
  if (!waits) return snapshot;
  WaitForLanding(seen, cancel);
  const Lock lock(mutex_);
  snapshot = UsableLocked(runtime_.Now());
  snapshot.just_fetched = begins;
  return snapshot;
}

KeyCache::Snapshot KeyCache::Refetch(std::uint64_t known, CancelToken& cancel) {
  for (;;) {
    bool begins = false;
    std::uint64_t seen = 0;
    {
      const Lock lock(mutex_);
      const Instant now = runtime_.Now();
      if (generation_ != known || cancel.cancelled()) return UsableLocked(now);
      begins = BeginFetchLocked(next_refetch_, now);
      if (begins) next_refetch_ = now + kBetweenRefetches;
      if (!fetching_) return UsableLocked(now);
      seen = landings_;
    }
    if (begins) StartFetch();
    WaitForLanding(seen, cancel);
  }
}

void KeyCache::WaitForLanding(std::uint64_t seen, CancelToken& cancel) {
  // Declared before the lock: ending a subscription waits for its callback, which takes the lock.
  const auto subscription = cancel.OnCancel([this] {
    const Lock lock(mutex_);
    landed_->NotifyAll();
  });
  Lock lock(mutex_);
  while (landings_ == seen && !cancel.cancelled()) landed_->WaitUntil(lock, kNever);
}

void KeyCache::StartFetch() {
  std::unique_ptr<Task> task;
  try {
    task = runtime_.Spawn("access_keys", [this] { Land(client_.Fetch(stopping_)); });
  } catch (const std::exception&) {  // out of threads: nobody may wait for a fetch that never was
  }
  if (!task) Land(Error{Code::kUnavailable, "no thread to fetch the team's certs", true});
  const Lock lock(mutex_);
  task_.swap(task);
}

void KeyCache::Land(Result<std::string> document) {
  Result<KeySet> parsed =
      document ? KeySet::Parse(*document, refuse_fake_keys_) : Result<KeySet>(document.error());
  const std::size_t usable = parsed ? parsed->size() : 0;
  if (parsed) {
    const bool sound = usable > 0 && parsed->dropped() == 0;
    log_.Write(sound ? LogLevel::kInfo : LogLevel::kWarn, "access_keys_fetched",
               {{"usable", Count(usable)}, {"dropped", Count(parsed->dropped())}});
  } else {
    log_.Write(LogLevel::kWarn, "access_keys_fetch_failed", {{"reason", parsed.error().message}});
  }

  const std::string hash = parsed ? Sha256(*document) : "";
  const Lock lock(mutex_);
  const Instant now = runtime_.Now();
  if (parsed) TakeLocked(hash, std::move(parsed).value(), now);
  if (usable > 0) {
    failure_wait_ = Nanos(0);
  } else {
    failure_wait_ = std::clamp(failure_wait_ * 2, kFirstFailureWait, kLongestFailureWait);
    next_attempt_ = now + failure_wait_;
  }
  fetching_ = false;
  ++landings_;
  landed_->NotifyAll();
}

// The same document keeps its generation, so that what was verified with it stays verified. One
// without a usable key takes the keys away (ACC-7) and counts as a failure.
void KeyCache::TakeLocked(const std::string& document_hash, KeySet keys, Instant now) {
  fetched_at_ = now;
  if (document_hash == document_hash_) return;
  document_hash_ = document_hash;
  ++generation_;
  keys_ = keys.size() == 0 ? nullptr : std::make_shared<const KeySet>(std::move(keys));
}

void KeyCache::Stop() {
  {
    const Lock lock(mutex_);
    stopped_ = true;
  }
  stopping_.Cancel();
  std::unique_ptr<Task> task;
  {
    Lock lock(mutex_);
    while (fetching_) landed_->WaitUntil(lock, kNever);
    task.swap(task_);
  }
  if (task) task->Join();
}

}  // namespace mg
