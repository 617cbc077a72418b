// The generator of simulation: small, and the same numbers for a seed with every library.
//
// std::uniform_int_distribution and std::shuffle differ between libraries, so Below is ours too.
#pragma once
#include <cstdint>

namespace mg::sim {

class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // In [0, bound); bound > 0. The bias, below bound / 2^64, does not matter here.
  std::uint64_t Below(std::uint64_t bound) {
    __extension__ typedef unsigned __int128 Wide;
    return static_cast<std::uint64_t>((static_cast<Wide>(Next()) * bound) >> 64);
  }

 private:
  std::uint64_t state_;
};

}  // namespace mg::sim
