#include "fakes/d1/timeline.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "core/base/digest.h"
#include "fakes/d1/limits.h"

namespace mg::fake::d1 {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kHashDigits = 32;
constexpr std::int64_t kRestoresOfALife = 4096;

}  // namespace

Timeline::Timeline(std::string uuid, std::int64_t life, std::int64_t now_ms)
    : uuid_(std::move(uuid)), life_(life), since_ms_(now_ms) {}

std::string Timeline::Bookmark() const {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%08llx-%08llx-%08llx-",
                static_cast<unsigned long long>(life_ * kRestoresOfALife + restores_),
                static_cast<unsigned long long>(writes_),
                static_cast<unsigned long long>(since_ms_ / kDayMs));
  const std::string start = text.data();
  return start + Sha256Hex(uuid_ + start).substr(0, kHashDigits);
}

bool Timeline::HasMoment() const {
  return !moments_.empty() && moments_.back().bookmark == Bookmark();
}

bool Timeline::WantsMoment(std::int64_t now_ms) const {
  return now_ms / kMinuteMs != since_ms_ / kMinuteMs && !HasMoment();
}

void Timeline::Keep(std::string snapshot) {
  if (HasMoment()) return;
  bytes_ += snapshot.size();
  moments_.push_back(
      {Bookmark(), since_ms_, std::make_shared<const std::string>(std::move(snapshot))});
  while (moments_.size() > 1 && (moments_.size() > kMaxMoments || bytes_ > kMaxMomentBytes)) {
    bytes_ -= moments_.front().snapshot->size();
    moments_.pop_front();
  }
}

void Timeline::Wrote(std::int64_t now_ms) {
  ++writes_;
  since_ms_ = now_ms;
}

std::optional<std::string> Timeline::BookmarkAt(std::int64_t at_ms) const {
  const auto found = std::find_if(moments_.rbegin(), moments_.rend(),
                                  [at_ms](const Moment& one) { return one.since_ms <= at_ms; });
  if (found == moments_.rend()) return std::nullopt;
  return found->bookmark;
}

const Moment* Timeline::Find(const std::string& bookmark) const {
  const auto found = std::find_if(moments_.begin(), moments_.end(),
                                  [&](const Moment& one) { return one.bookmark == bookmark; });
  return found == moments_.end() ? nullptr : &*found;
}

void Timeline::Restored(std::int64_t now_ms) {
  ++restores_;
  Wrote(now_ms);
}

}  // namespace mg::fake::d1
