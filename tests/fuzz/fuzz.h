// What every fuzz target shares. A property that does not hold ends the process, which libFuzzer
// reports with the input.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace mg {

inline void Require(bool property) {
  if (!property) std::abort();
}

inline std::string_view Text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace mg
