// A map of at most `capacity` entries; putting one more drops the one not used for longest.
//
// Thread-safety: none; the owner locks. Order: of use alone, never of hashes.
#pragma once
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace mg {

template <class Value>
class LruMap {
 public:
  using Entry = std::pair<std::string, Value>;

  explicit LruMap(std::size_t capacity) : capacity_(capacity) {}

  // Null when absent. The pointer is good until the entry is erased or dropped.
  Value* Use(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->second;
  }

  // As Use, but it does not count as one.
  const Value* Peek(std::string_view key) const {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }

  // Returns what had to go to make room.
  std::optional<Entry> Put(std::string_view key, Value value) {
    if (Value* held = Use(key)) {
      *held = std::move(value);
      return std::nullopt;
    }
    entries_.emplace_front(std::string(key), std::move(value));
    index_.emplace(entries_.front().first, entries_.begin());
    if (entries_.size() <= capacity_) return std::nullopt;
    return PopOldest();
  }

  std::optional<Value> Take(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return std::nullopt;
    const auto entry = found->second;
    index_.erase(found);
    std::optional<Value> value(std::move(entry->second));
    entries_.erase(entry);
    return value;
  }

  const Entry* Oldest() const { return entries_.empty() ? nullptr : &entries_.back(); }

  std::optional<Entry> PopOldest() {
    if (entries_.empty()) return std::nullopt;
    index_.erase(std::string_view(entries_.back().first));
    std::optional<Entry> oldest(std::move(entries_.back()));
    entries_.pop_back();
    return oldest;
  }

  void Clear() {
    index_.clear();
    entries_.clear();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  std::size_t capacity_;
  std::list<Entry> entries_;  // newest first
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> index_;
};

}  // namespace mg
