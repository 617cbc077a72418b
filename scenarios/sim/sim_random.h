// Random that is drawn from a seed.
//
// Thread-safety: for the tasks of one SimRuntime, of which only one runs at a time.
#pragma once
#include "core/ports/random.h"
#include "scenarios/sim/split_mix.h"

namespace mg::sim {

class SimRandom final : public Random {
 public:
  explicit SimRandom(std::uint64_t seed) : generator_(seed) {}
  std::string Bytes(std::size_t count) override;
  std::uint64_t Below(std::uint64_t bound) override { return generator_.Below(bound); }

 private:
  SplitMix64 generator_;
};

}  // namespace mg::sim
