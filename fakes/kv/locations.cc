#include "fakes/kv/locations.h"

#include <utility>

#include "fakes/kv/limits.h"

namespace mg::fake::kv {
namespace {

constexpr std::size_t kMostBytes = 64 * 1024 * 1024;
constexpr std::size_t kMostSnapshots = 20'000;
constexpr std::size_t kMostWrites = 100'000;
constexpr std::int64_t kSecondMs = 1000;

}  // namespace

void Locations::MakeRoom(std::size_t bytes) {
  if (bytes_ + bytes <= kMostBytes && entries_.size() + pages_.size() < kMostSnapshots) {
    bytes_ += bytes;
    return;
  }
  entries_.clear();
  pages_.clear();
  bytes_ = bytes;
}

std::optional<std::optional<Entry>> Locations::Held(const Spot& spot, std::int64_t now_ms) {
  Lock lock(mutex_);
  const auto found = entries_.find(spot);
  if (found == entries_.end() || now_ms >= found->second.until_ms) return std::nullopt;
  const auto& entry = found->second.what;
  const bool over = entry && entry->expires_at && *entry->expires_at * kSecondMs <= now_ms;
  return over ? std::optional<Entry>() : entry;
}

void Locations::Hold(const Spot& spot, std::optional<Entry> entry, std::int64_t until_ms) {
  Lock lock(mutex_);
  MakeRoom(entry ? entry->value.size() : 0);
  entries_.insert_or_assign(spot, Snapshot<std::optional<Entry>>{std::move(entry), until_ms});
}

std::optional<std::string> Locations::HeldPage(const Spot& spot, std::int64_t now_ms) {
  Lock lock(mutex_);
  const auto found = pages_.find(spot);
  if (found == pages_.end() || now_ms >= found->second.until_ms) return std::nullopt;
  return found->second.what;
}

void Locations::HoldPage(const Spot& spot, std::string page, std::int64_t until_ms) {
  Lock lock(mutex_);
  MakeRoom(page.size());
  pages_.insert_or_assign(spot, Snapshot<std::string>{std::move(page), until_ms});
}

void Locations::ForgetPages(const std::string& location, const std::string& space) {
  Lock lock(mutex_);
  const auto first = pages_.lower_bound(Spot{location, space, ""});
  auto last = first;
  while (last != pages_.end() && last->first.location == location && last->first.space == space) {
    ++last;
  }
  pages_.erase(first, last);
}

void Locations::MakeRoomForWrites(std::int64_t now_ms) {
  if (written_ms_.size() < kMostWrites) return;
  std::erase_if(written_ms_,
                [now_ms](const auto& one) { return now_ms - one.second >= kWriteIntervalMs; });
  if (written_ms_.size() >= kMostWrites) written_ms_.clear();
}

bool Locations::TakeWrite(const std::string& space, const std::string& key, std::int64_t now_ms) {
  Lock lock(mutex_);
  MakeRoomForWrites(now_ms);
  const auto [last, first_time] = written_ms_.emplace(std::pair(space, key), now_ms);
  if (first_time) return true;
  if (now_ms - last->second < kWriteIntervalMs) return false;
  last->second = now_ms;
  return true;
}

void Locations::Clear() {
  Lock lock(mutex_);
  entries_.clear();
  pages_.clear();
  written_ms_.clear();
  bytes_ = 0;
}

}  // namespace mg::fake::kv
