#include "scenarios/sim/sim_random.h"

namespace mg::sim {

std::string SimRandom::Bytes(std::size_t count) {
  std::string bytes;
  bytes.reserve(count);
  std::uint64_t drawn = 0;
  for (std::size_t i = 0; i < count; ++i) {
    drawn = i % 8 == 0 ? generator_.Next() : drawn >> 8;
    bytes.push_back(static_cast<char>(drawn & 0xff));
  }
  return bytes;
}

}  // namespace mg::sim
