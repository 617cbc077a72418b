// Requests under way on one listener, each counted for whoever it is for, so that nobody's slow
// ones take the workers that all the others need (LIM-8). The rule is that of Shares: one tenant
// alone may have half of them under way, two a third each, and a newcomer always finds some.
//
// Thread-safety: all members; a slot may outlive the object. No I/O.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

namespace mg {

inline constexpr std::size_t kMaxInFlight = 3072;
// How many workers a listener needs, so that one is always left for what is in no slot (health,
// refusals) and to notice who hangs up.
inline constexpr int kListenerWorkers = static_cast<int>(kMaxInFlight) + 64;

class InFlight {
 public:
  explicit InFlight(std::size_t capacity = kMaxInFlight);

  using Slot = std::shared_ptr<const void>;  // given back when the last copy goes
  // Null when `who` has as many under way as are left for the others.
  Slot Take(const std::string& who);
  // Null when the group has, or `member` as many as are left for the rest of its group.
  Slot Take(const std::string& group, const std::string& member);
  std::size_t size() const;

 private:
  struct State;
  struct Taken;
  std::shared_ptr<State> state_;
};

}  // namespace mg
