#include "fakes/ai/cache.h"

#include <algorithm>
#include <utility>

#include "core/base/digest.h"

namespace mg::fake {
namespace {

constexpr char kSeparator = '\x1f';
constexpr std::size_t kEntryBytes = 256;  // about what an entry takes beside its texts

std::string DerivedKey(const AiCacheSubject& subject, bool with_authorization) {
  std::string text;
  for (const std::string_view part :
       {subject.provider, subject.endpoint,
        with_authorization ? subject.authorization : std::string_view(), subject.body})
    text.append(std::to_string(part.size())).append(1, ':').append(part);
  return Sha256Hex(text);
}

std::int64_t AskedTtl(const AiCacheWish& wish, std::int64_t gateway_ttl_seconds) {
  std::int64_t ttl = wish.ttl_seconds.value_or(gateway_ttl_seconds);
  if (ttl == 0 && !wish.key.empty() && !wish.ttl_seconds) ttl = kKeyedCacheSeconds;
  return ttl <= 0 ? 0 : std::clamp(ttl, kLeastCacheSeconds, kMostCacheSeconds);
}

}  // namespace

std::int64_t CacheTtlSeconds(const AiCacheWish& wish, std::int64_t gateway_ttl_seconds,
                             const AiQuirks& quirks) {
  const std::int64_t asked = AskedTtl(wish, gateway_ttl_seconds);
  return asked == 0 && quirks.cache_300s ? kUnaskedCacheSeconds : asked;
}

AiCacheUse CacheUseOf(const AiCacheWish& wish, std::int64_t gateway_ttl_seconds,
                      const AiCacheSubject& subject, const AiQuirks& quirks) {
  AiCacheUse use;
  use.ttl_seconds = CacheTtlSeconds(wish, gateway_ttl_seconds, quirks);
  if (use.ttl_seconds == 0) return use;
  use.skips = wish.skip;
  use.unasked = AskedTtl(wish, gateway_ttl_seconds) == 0;
  use.own_key = !wish.key.empty();
  // Providers never share entries; a gateway's come together, for Forget.
  use.key = std::string(subject.gateway) + kSeparator;
  use.key += use.own_key ? "own" + Sha256Hex(std::string(subject.provider) + kSeparator + wish.key)
                         : DerivedKey(subject, quirks.cache_key_includes_auth);
  return use;
}

std::size_t AiCache::Entry::bytes() const {
  std::size_t sum = kEntryBytes + 2 * key.size();
  if (!answer) return sum;
  for (const Headers::Line& line : answer->headers.lines())
    sum += line.name.size() + line.value.size();
  return sum + answer->body.size();
}

void AiCache::Drop(Entries::iterator entry) {
  bytes_ -= entry->bytes();
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

std::optional<AiCache::Answer> AiCache::Find(const AiCacheUse& use, std::int64_t now_ms) {
  Lock lock(mutex_);
  const auto found = by_key_.find(use.key);
  if (found == by_key_.end()) return std::nullopt;
  if (found->second->until_ms <= now_ms) {
    Drop(found->second);
    return std::nullopt;
  }
  return found->second->answer;
}

void AiCache::Store(const AiCacheUse& use, Answer answer, std::int64_t now_ms,
                    const AiQuirks& quirks) {
  Entry entry{use.key, now_ms + use.ttl_seconds * 1000, use.unasked, std::nullopt};
  Lock lock(mutex_);
  const auto found = by_key_.find(use.key);
  const bool known = found != by_key_.end() && found->second->until_ms > now_ms;
  if (known || !use.own_key || !quirks.cache_key_double_miss) entry.answer = std::move(answer);
  if (found != by_key_.end()) Drop(found->second);
  if (entry.bytes() > kCacheBytes) return;
  while (entries_.size() >= kCacheEntries || bytes_ + entry.bytes() > kCacheBytes)
    Drop(entries_.begin());
  bytes_ += entry.bytes();
  entries_.push_back(std::move(entry));
  by_key_[entries_.back().key] = std::prev(entries_.end());
}

void AiCache::DropOf(std::string_view gateway_id, bool unasked_too) {
  const std::string prefix = std::string(gateway_id) + kSeparator;
  Lock lock(mutex_);
  auto at = by_key_.lower_bound(prefix);
  while (at != by_key_.end() && at->first.compare(0, prefix.size(), prefix) == 0) {
    const Entries::iterator entry = (at++)->second;
    if (unasked_too || !entry->unasked) Drop(entry);
  }
}

void AiCache::Forget(std::string_view gateway_id) {
  DropOf(gateway_id, true);
}
void AiCache::Invalidate(std::string_view gateway_id) {
  DropOf(gateway_id, false);
}

void AiCache::Reset() {
  Lock lock(mutex_);
  by_key_.clear();
  entries_.clear();
  bytes_ = 0;
}

}  // namespace mg::fake
