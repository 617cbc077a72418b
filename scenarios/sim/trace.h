// A running FNV-1a hash of what happened; std::hash differs between libraries.
#pragma once
#include <cstdint>
#include <string_view>

namespace mg::sim {

class Trace {
 public:
  void Add(std::string_view text) {
    for (const char c : text) AddByte(static_cast<unsigned char>(c));
  }
  void Add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) AddByte((number >> shift) & 0xff);
  }
  std::uint64_t hash() const { return hash_; }

 private:
  void AddByte(std::uint64_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3u; }

  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace mg::sim
