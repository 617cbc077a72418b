// Tells the first failure of a row of them from the rest, so that a service that stays down is
// logged once and its return once.
//
// Thread-safety: all members.
#pragma once
#include <atomic>

namespace mg {

class FailureStreak {
 public:
  bool Begins() { return !failing_.exchange(true); }  // call on a failure
  bool Ends() { return failing_.exchange(false); }    // call on a success

 private:
  std::atomic<bool> failing_{false};
};

}  // namespace mg
