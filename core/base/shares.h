// Who holds how many of a limited number of things, shared so that nobody can take them all:
// whoever holds as many as are left gets no more. One alone may hold half of them, two a third
// each, and a newcomer always finds some.
//
// Thread-safety: none; the owner locks. Memory: one entry for each who holds any.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mg {

class Shares {
 public:
  explicit Shares(std::size_t total) : left_(total) {}

  bool Take(const std::string& who) {  // false when that would be too much for `who`
    const auto found = held_.find(who);
    const std::size_t held = found == held_.end() ? 0 : found->second;
    if (held >= left_) return false;
    ++held_[who];
    --left_;
    return true;
  }

  void Give(const std::string& who) {  // back one that was taken
    const auto found = held_.find(who);
    if (--found->second == 0) held_.erase(found);
    ++left_;
  }

  std::size_t left() const { return left_; }
  std::size_t holders() const { return held_.size(); }

 private:
  std::size_t left_;
  std::unordered_map<std::string, std::size_t> held_;
};

}  // namespace mg
