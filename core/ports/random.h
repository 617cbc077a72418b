// Where unpredictable bytes come from. Thread-safe.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace mg {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::string Bytes(std::size_t count) = 0;
  virtual std::uint64_t Below(std::uint64_t bound) = 0;  // uniform in [0, bound); bound > 0
};

}  // namespace mg
