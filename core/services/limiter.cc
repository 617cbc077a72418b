#include "core/services/limiter.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <unordered_map>

#include "core/base/digest.h"

namespace mg {
namespace {

// Enough that growing one shard's table pauses only a small part of the callers, and that a burst
// on one tenant seldom meets another's lock (LIM-8).
constexpr std::size_t kShards = 64;
constexpr std::size_t kBucketsSweptPerCall = 4;

// The first half of the key's SHA-256. Two of n keys share it with a probability of about
// n^2 / 2^129: for two million keys one in 10^26. A client that could choose keys at will would
// need 2^64 tries, so nobody can steer himself onto another's counter.
struct KeyHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const KeyHash&, const KeyHash&) = default;
};

struct KeyHasher {
  std::size_t operator()(const KeyHash& key) const { return key.low; }
};

KeyHash HashOf(std::string_view key) {
  const std::string digest = Sha256(key);
  KeyHash hash;
  std::memcpy(&hash.low, digest.data(), sizeof hash.low);
  std::memcpy(&hash.high, digest.data() + sizeof hash.low, sizeof hash.high);
  return hash;
}

struct Entry {
  std::int64_t opened_ms = 0;
  std::int64_t window_ms = 0;  // as of the last request; a changed setting counts at once
  std::int64_t used = 0;

  std::int64_t EndsMs() const { return opened_ms + window_ms; }
};

struct Shard {
  Mutex mutex;
  std::unordered_map<KeyHash, Entry, KeyHasher> entries;
  std::size_t next_bucket = 0;        // where the incremental sweep goes on
  std::int64_t full_until_ms = 0;     // while full: no window ends before this
  std::int64_t full_at_clock_ms = 0;  // when that was found, to notice a clock that went back
};

std::int64_t WindowMs(const Budget& budget) {
  return std::max<std::int64_t>(budget.window_seconds, 1) * 1000;
}

// A clock that went back would stretch a window: it is moved to start now, its count kept, so that
// nobody gets more than the limit and nobody waits longer than one window.
bool Ended(Entry& entry, std::int64_t now_ms) {
  entry.opened_ms = std::min(entry.opened_ms, now_ms);
  return now_ms >= entry.EndsMs();
}

// What one budget has left, before or after taking from it.
struct Standing {
  std::int64_t used = 0;
  std::int64_t ends_ms = 0;
};

Allowance AllowanceOf(const Budget& budget, const Standing& standing, std::int64_t now_ms) {
  Allowance allowance;
  allowance.admitted = standing.used < budget.limit;
  allowance.limit = budget.limit;
  allowance.window_seconds = WindowMs(budget) / 1000;
  allowance.policy = budget.policy;
  allowance.remaining = std::max<std::int64_t>(budget.limit - standing.used, 0);
  allowance.reset_seconds = std::max<std::int64_t>((standing.ends_ms - now_ms + 999) / 1000, 1);
  return allowance;
}

bool ReportsBefore(const Allowance& a, const Allowance& b) {
  if (a.admitted != b.admitted) return !a.admitted;
  if (a.admitted && a.remaining != b.remaining) return a.remaining < b.remaining;
  return a.reset_seconds > b.reset_seconds;
}

}  // namespace

class Limiter::Impl {
 public:
  Impl(Runtime& runtime, std::size_t max_entries)
      : runtime_(runtime), max_per_shard_(std::max(max_entries / kShards, std::size_t{1})) {}

  Allowance Take(const std::vector<Budget>& budgets) {
    std::vector<KeyHash> keys;
    keys.reserve(budgets.size());
    for (const Budget& budget : budgets) keys.push_back(HashOf(budget.key));
    const std::vector<Lock> locks = LockShardsOf(keys);
    // Read under the locks: a counter never sees an older time than the one that opened it.
    const std::int64_t now_ms = runtime_.Wall().ms;

    Allowance told = WouldTake(budgets, keys, now_ms);
    if (told.admitted) told = TakeAll(budgets, keys, now_ms);
    for (const KeyHash& key : keys) SweepSome(ShardOf(key), now_ms);
    return told;
  }

  Allowance Peek(const Budget& budget) {
    const KeyHash key = HashOf(budget.key);
    const Lock lock(ShardOf(key).mutex);
    const std::int64_t now_ms = runtime_.Wall().ms;
    return AllowanceOf(budget, StandingOf(key, budget, now_ms), now_ms);
  }

  void Charge(const Budget& budget) {
    const KeyHash key = HashOf(budget.key);
    Shard& shard = ShardOf(key);
    const Lock lock(shard.mutex);
    const std::int64_t now_ms = runtime_.Wall().ms;
    if (HasRoomFor(shard, key, now_ms)) Count(key, budget, now_ms);
    SweepSome(shard, now_ms);
  }

  std::size_t EntryCount() {
    std::size_t count = 0;
    for (Shard& shard : shards_) {
      const Lock lock(shard.mutex);
      count += shard.entries.size();
    }
    return count;
  }

 private:
  static std::size_t ShardIndex(const KeyHash& key) { return key.high % kShards; }
  Shard& ShardOf(const KeyHash& key) { return shards_[ShardIndex(key)]; }

  // Each needed shard once, in the order of their numbers, so that two callers cannot deadlock.
  std::vector<Lock> LockShardsOf(const std::vector<KeyHash>& keys) {
    std::vector<std::size_t> numbers;
    numbers.reserve(keys.size());
    for (const KeyHash& key : keys) numbers.push_back(ShardIndex(key));
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    std::vector<Lock> locks;
    locks.reserve(numbers.size());
    for (const std::size_t number : numbers) locks.emplace_back(shards_[number].mutex);
    return locks;
  }

  Standing StandingOf(const KeyHash& key, const Budget& budget, std::int64_t now_ms) {
    auto& entries = ShardOf(key).entries;
    const auto found = entries.find(key);
    if (found == entries.end()) return {0, now_ms + WindowMs(budget)};
    found->second.window_ms = WindowMs(budget);
    if (Ended(found->second, now_ms)) return {0, now_ms + WindowMs(budget)};
    return {found->second.used, found->second.EndsMs()};
  }

  Allowance WouldTake(const std::vector<Budget>& budgets, const std::vector<KeyHash>& keys,
                      std::int64_t now_ms) {
    Allowance told;
    for (std::size_t i = 0; i < budgets.size(); ++i) {
      Allowance one = AllowanceOf(budgets[i], StandingOf(keys[i], budgets[i], now_ms), now_ms);
      Shard& shard = ShardOf(keys[i]);
      if (one.admitted && !HasRoomFor(shard, keys[i], now_ms)) {
        one = AllowanceOf(budgets[i], {budgets[i].limit, shard.full_until_ms}, now_ms);
      }
      if (i == 0 || ReportsBefore(one, told)) told = one;
    }
    return told;
  }

  Allowance TakeAll(const std::vector<Budget>& budgets, const std::vector<KeyHash>& keys,
                    std::int64_t now_ms) {
    Allowance told;
    for (std::size_t i = 0; i < budgets.size(); ++i) {
      const Entry& entry = Count(keys[i], budgets[i], now_ms);
      Allowance one = AllowanceOf(budgets[i], {entry.used, entry.EndsMs()}, now_ms);
      one.admitted = true;
      if (i == 0 || ReportsBefore(one, told)) told = one;
    }
    return told;
  }

  const Entry& Count(const KeyHash& key, const Budget& budget, std::int64_t now_ms) {
    Entry& entry = ShardOf(key).entries[key];
    entry.window_ms = WindowMs(budget);
    if (entry.used == 0 || Ended(entry, now_ms)) {
      entry.opened_ms = now_ms;
      entry.used = 0;
    }
    ++entry.used;
    return entry;
  }

  // A full shard first drops every ended window. With none ended a new key is refused until one
  // is: forgetting a live window instead would admit its owner twice.
  bool HasRoomFor(Shard& shard, const KeyHash& key, std::int64_t now_ms) {
    if (shard.entries.size() < max_per_shard_ || shard.entries.count(key) != 0) return true;
    if (now_ms < shard.full_until_ms && now_ms >= shard.full_at_clock_ms) return false;
    std::int64_t first_end_ms = now_ms + 1000;
    bool first = true;
    for (auto it = shard.entries.begin(); it != shard.entries.end();) {
      if (Ended(it->second, now_ms)) {
        it = shard.entries.erase(it);
        continue;
      }
      first_end_ms = first ? it->second.EndsMs() : std::min(first_end_ms, it->second.EndsMs());
      first = false;
      ++it;
    }
    shard.full_until_ms = first_end_ms;
    shard.full_at_clock_ms = now_ms;
    return shard.entries.size() < max_per_shard_;
  }

  // Looks at a few buckets and goes on at the next ones with the next call: every call pays the
  // same little, and a key that nobody uses any more is gone after the shard's buckets went round.
  static void SweepSome(Shard& shard, std::int64_t now_ms) {
    std::array<KeyHash, 16> ended;
    std::size_t count = 0;
    const std::size_t buckets = shard.entries.bucket_count();
    for (std::size_t i = 0; i < std::min(kBucketsSweptPerCall, buckets); ++i) {
      shard.next_bucket = (shard.next_bucket + 1) % buckets;
      for (auto it = shard.entries.begin(shard.next_bucket);
           it != shard.entries.end(shard.next_bucket) && count < ended.size(); ++it) {
        if (Ended(it->second, now_ms)) ended[count++] = it->first;
      }
    }
    for (std::size_t i = 0; i < count; ++i) shard.entries.erase(ended[i]);
  }

  Runtime& runtime_;
  const std::size_t max_per_shard_;
  std::array<Shard, kShards> shards_;
};

Limiter::Limiter(Runtime& runtime, std::size_t max_entries)
    : impl_(std::make_unique<Impl>(runtime, max_entries)) {}
Limiter::~Limiter() = default;

Allowance Limiter::Take(const std::vector<Budget>& budgets) {
  return impl_->Take(budgets);
}

Allowance Limiter::Peek(const Budget& budget) {
  return impl_->Peek(budget);
}

void Limiter::Charge(const Budget& budget) {
  impl_->Charge(budget);
}

std::size_t Limiter::EntryCount() const {
  return impl_->EntryCount();
}

}  // namespace mg
