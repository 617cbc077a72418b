#include "scenarios/sim/cores.h"

#include "scenarios/sim/sim_runtime.h"

namespace mg::sim {

CoreSet CoreSet::OfThisThread() {
  CoreSet cores;
  if (sched_getaffinity(0, sizeof cores.set_, &cores.set_) != 0) CPU_ZERO(&cores.set_);
  return cores;
}

void CoreSet::ApplyToThisThread() const {
  if (CPU_COUNT(&set_) > 0) (void)sched_setaffinity(0, sizeof set_, &set_);
}

CoreSet CoreSet::Only(int slot) const {
  const int count = CPU_COUNT(&set_);
  if (count == 0) return *this;
  int left = (slot % count + count) % count;
  CoreSet one;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &set_) || left-- > 0) continue;
    CPU_SET(core, &one.set_);
    break;
  }
  return one;
}

void PinToOneCore(int slot) {
  // Taken once: later callers may be pinned already, and every slot means the same core for all.
  static const CoreSet allowed = CoreSet::OfThisThread();
  allowed.Only(slot).ApplyToThisThread();
}

}  // namespace mg::sim
