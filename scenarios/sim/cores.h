// Which cores a thread may use. See also PinToOneCore in sim_runtime.h.
#pragma once
#include <sched.h>

namespace mg::sim {

class CoreSet {
 public:
  CoreSet() { CPU_ZERO(&set_); }
  static CoreSet OfThisThread();
  // Without the right to do so nothing happens: cores are about speed alone.
  void ApplyToThisThread() const;

  CoreSet Only(int slot) const;  // one of them, round robin
  friend bool operator==(const CoreSet& a, const CoreSet& b) {
    return CPU_EQUAL(&a.set_, &b.set_) != 0;
  }

 private:
  cpu_set_t set_;
};

}  // namespace mg::sim
