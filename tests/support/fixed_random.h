// A Random for tests: the same seed gives the same bytes (SplitMix64). Thread-safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "core/ports/random.h"

namespace mg::test {

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::uint64_t seed = 1) : state_(seed) {}

  std::string Bytes(std::size_t count) override {
    std::lock_guard lock(mutex_);
    std::string bytes;
    bytes.reserve(count + 8);
    while (bytes.size() < count) {
      std::uint64_t word = Next();
      for (int i = 0; i < 8; ++i, word >>= 8) bytes.push_back(static_cast<char>(word & 0xff));
    }
    bytes.resize(count);
    return bytes;
  }

  std::uint64_t Below(std::uint64_t bound) override {
    std::lock_guard lock(mutex_);
    return Next() % bound;
  }

 private:
  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::mutex mutex_;
  std::uint64_t state_;
};

}  // namespace mg::test
