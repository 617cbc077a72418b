#include "fakes/edge/counters.h"

#include <algorithm>

#include "core/base/digest.h"

namespace mg::fake {
namespace {

constexpr int kForgottenPerCall = 2;
constexpr std::size_t kDigestBytes = 16;

}  // namespace

EdgeCounters::State EdgeCounters::Count(std::string_view key, const Rule& rule, std::int64_t amount,
                                        std::int64_t now_ms) {
  const std::string digest = Sha256(key).substr(0, kDigestBytes);
  const Lock lock(mutex_);
  ForgetSome(now_ms);
  const auto found = places_.find(digest);
  if (found != places_.end() && found->second->kept_out_until_ms > now_ms)
    return {true, found->second->kept_out_until_ms};
  const bool counting = found != places_.end() && found->second->ends_ms > now_ms;
  if (amount == 0 && !counting) return {};
  Counter& counter = counting ? *found->second : *Open(digest, rule, now_ms);
  // Beyond one too many the number says nothing new.
  counter.used = std::min(counter.used + amount, std::max(rule.limit + 1, counter.used));
  if (counter.used <= rule.limit) return {};
  if (rule.kept_out_ms == 0) return {true, counter.ends_ms};
  counter.kept_out_until_ms = now_ms + rule.kept_out_ms;
  counter.ends_ms = now_ms;  // afterwards counting begins anew
  return {true, counter.kept_out_until_ms};
}

EdgeCounters::Place EdgeCounters::Open(const std::string& key, const Rule& rule,
                                       std::int64_t now_ms) {
  if (const auto old = places_.find(key); old != places_.end()) Forget(old->second);
  if (counters_.size() >= max_) Forget(counters_.begin());
  counters_.push_back({key, now_ms + rule.window_ms, 0, 0});
  const Place place = std::prev(counters_.end());
  places_.emplace(place->key, place);
  return place;
}

void EdgeCounters::ForgetSome(std::int64_t now_ms) {
  for (int i = 0; i < kForgottenPerCall && !counters_.empty(); ++i) {
    if (counters_.front().LastsUntil() > now_ms) return;
    Forget(counters_.begin());
  }
}

void EdgeCounters::Forget(Place place) {
  places_.erase(place->key);
  counters_.erase(place);
}

std::size_t EdgeCounters::size() const {
  const Lock lock(mutex_);
  return counters_.size();
}

}  // namespace mg::fake
