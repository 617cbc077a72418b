#include "fakes/ai/windows.h"

#include <algorithm>

#include "fakes/ai/control_knobs.h"

namespace mg::fake {
namespace {

constexpr std::uint64_t kParts = 1'000'000;

}  // namespace

void AiWindows::Book(Counter& counter, const Pending& pending) {
  if (pending.bucket == counter.bucket) counter.current += pending.amount;
  if (pending.bucket == counter.bucket - 1) counter.previous += pending.amount;
}

void AiWindows::MakeRoom(std::int64_t now_ms) {
  if (counters_.size() < kMaxWindowCounters) return;
  for (auto at = counters_.begin(); at != counters_.end();) {
    const bool passed = at->second.bucket + 1 < now_ms / at->second.length_ms;
    at = passed ? counters_.erase(at) : std::next(at);
  }
  if (counters_.size() >= kMaxWindowCounters) counters_.erase(counters_.begin());
}

// The counter as it stands now: its bucket is the present one.
AiWindows::Counter& AiWindows::At(const std::string& key, const AiWindow& window,
                                  std::int64_t now_ms) {
  auto found = counters_.find(key);
  if (found == counters_.end()) {
    MakeRoom(now_ms);
    found = counters_.emplace(key, Counter{}).first;
  }
  Counter& counter = found->second;
  const std::int64_t bucket = now_ms / window.length_ms;
  if (counter.length_ms != window.length_ms) {
    counter = Counter{};
    counter.length_ms = window.length_ms;
    counter.bucket = bucket;
  }
  if (counter.bucket != bucket) {
    counter.previous = counter.bucket == bucket - 1 ? counter.current : 0;
    counter.current = 0;
    counter.missed.reset();
    counter.bucket = bucket;
  }
  while (!counter.pending.empty() && counter.pending.front().counts_from_ms <= now_ms) {
    Book(counter, counter.pending.front());
    counter.pending.pop_front();
  }
  return counter;
}

bool AiWindows::IsFull(const Counter& counter, const AiWindow& window, std::int64_t now_ms) {
  double sum = static_cast<double>(counter.current);
  if (window.sliding) {
    const std::int64_t left_ms = window.length_ms - now_ms % window.length_ms;
    sum += static_cast<double>(counter.previous) * static_cast<double>(left_ms) /
           static_cast<double>(window.length_ms);
  }
  return sum >= static_cast<double>(window.limit);
}

bool AiWindows::TakeOne(const std::string& key, const AiWindow& window, std::int64_t now_ms) {
  Lock lock(mutex_);
  Counter& counter = At(key, window, now_ms);
  if (IsFull(counter, window, now_ms)) return false;
  ++counter.current;
  return true;
}

bool AiWindows::IsFull(const std::string& key, const AiWindow& window, std::int64_t now_ms) {
  Lock lock(mutex_);
  return IsFull(At(key, window, now_ms), window, now_ms);
}

void AiWindows::Add(const std::string& key, const AiWindow& window, std::int64_t amount,
                    std::int64_t at_ms, std::int64_t counts_from_ms) {
  Lock lock(mutex_);
  Counter& counter = At(key, window, at_ms);
  const Pending pending{at_ms / window.length_ms, amount, counts_from_ms};
  if (counts_from_ms <= at_ms) return Book(counter, pending);
  if (counter.pending.size() >= kMaxPendingSpend) {
    Book(counter, counter.pending.front());
    counter.pending.pop_front();
  }
  counter.pending.push_back(pending);
}

bool AiWindows::IsMissed(const std::string& key, double rate, Random& random) {
  if (rate <= 0) return false;
  Lock lock(mutex_);
  const auto found = counters_.find(key);
  if (found == counters_.end()) return false;
  std::optional<bool>& missed = found->second.missed;
  if (!missed) missed = static_cast<double>(random.Below(kParts)) < rate * kParts;
  return *missed;
}

void AiWindows::Forget(std::string_view prefix) {
  Lock lock(mutex_);
  auto at = counters_.lower_bound(std::string(prefix));
  while (at != counters_.end() && at->first.compare(0, prefix.size(), prefix) == 0)
    at = counters_.erase(at);
}

}  // namespace mg::fake
