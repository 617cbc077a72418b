// Who holds how many of a limited number of things, shared so that nobody can take them all:
// whoever holds as many as are left gets no more. One alone may hold half of them, two a third
// each, and a newcomer always finds some. Within a group the same holds again of what the group may
// still take, so that its members do not crowd each other out either.
//
// Thread-safety: none; the owner locks. Memory: one entry for each who holds any.
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_map>

namespace mg {

class Shares {
 public:
  explicit Shares(std::size_t total) : left_(total) {}

  // False when that would be too much for `who`.
  bool Take(const std::string& who) {
    if (HeldBy(who) >= left_) return false;
    ++held_[who];
    --left_;
    return true;
  }
  void Give(const std::string& who) {  // back one that was taken
    Drop(who);
    ++left_;
  }

  // False when that would be too much for the group, or within it for `member`.
  bool Take(const std::string& group, const std::string& member) {
    const std::string name = MemberName(group, member);
    const std::size_t of_group = HeldBy(group);
    if (HeldBy(name) >= left_ - std::min(of_group, left_)) return false;
    ++held_[name];
    return Take(group);
  }
  void Give(const std::string& group, const std::string& member) {
    Drop(MemberName(group, member));
    Give(group);
  }

  std::size_t left() const { return left_; }
  std::size_t entries() const { return held_.size(); }

 private:
  static std::string MemberName(const std::string& group, const std::string& member) {
    return group + '\n' + member;
  }
  std::size_t HeldBy(const std::string& who) const {
    const auto found = held_.find(who);
    return found == held_.end() ? 0 : found->second;
  }
  void Drop(const std::string& who) {
    const auto found = held_.find(who);
    if (--found->second == 0) held_.erase(found);
  }

  std::size_t left_;
  std::unordered_map<std::string, std::size_t> held_;
};

}  // namespace mg
