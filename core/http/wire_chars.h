// The character classes of the codec's grammar (RFC 9110 5.6.2, 5.5), as one table look-up a byte.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mg::wire {

enum CharClass : std::uint8_t {
  kTokenChar = 1,   // methods and header names
  kTargetChar = 2,  // visible ASCII without '#', which origin-form does not have
  kValueChar = 4,   // visible ASCII, SP, HTAB and bytes over 0x7f
};

inline constexpr std::array<std::uint8_t, 256> kCharClasses = [] {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool visible = c > 0x20 && c < 0x7f;
    const bool separator = std::string_view("\"(),/:;<=>?@[\\]{}").find(static_cast<char>(c)) !=
                           std::string_view::npos;
    unsigned classes = 0;
    if (visible && !separator) classes |= kTokenChar;
    if (visible && c != '#') classes |= kTargetChar;
    if (visible || c == ' ' || c == '\t' || c > 0x7f) classes |= kValueChar;
    table[c] = static_cast<std::uint8_t>(classes);
  }
  return table;
}();

inline bool Is(CharClass wanted, char c) {
  return (kCharClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

// Eight bytes at a time: whether one of them is below `bound`, or equal to `byte`. Bytes over 0x7f
// are neither.
inline constexpr std::uint64_t kEachByte = 0x0101010101010101;
inline constexpr std::uint64_t kHighBits = 0x80 * kEachByte;
inline bool AnyBelow(std::uint64_t eight, unsigned bound) {
  return ((eight - bound * kEachByte) & ~eight & kHighBits) != 0;
}
inline bool AnyEqual(std::uint64_t eight, unsigned byte) {
  return AnyBelow(eight ^ byte * kEachByte, 1);
}

// The first byte that is not of the class, or `end`.
inline const char* SkipClass(CharClass wanted, const char* p, const char* end) {
  while (p != end && Is(wanted, *p)) ++p;
  return p;
}

// The same for kValueChar and kTargetChar, whose runs are long: most of a head is in them.
inline const char* SkipLongClass(CharClass wanted, const char* p, const char* end) {
  std::uint64_t eight = 0;
  for (; static_cast<std::size_t>(end - p) >= sizeof(eight); p += sizeof(eight)) {
    std::memcpy(&eight, p, sizeof(eight));
    const bool odd = wanted == kValueChar ? AnyBelow(eight, ' ') || AnyEqual(eight, 0x7f)
                                          : AnyBelow(eight, '!') || (eight & kHighBits) != 0 ||
                                                AnyEqual(eight, 0x7f) || AnyEqual(eight, '#');
    if (!odd) continue;
    const char* stop = SkipClass(wanted, p, p + sizeof(eight));
    if (stop != p + sizeof(eight)) return stop;  // else a HTAB, which a value may hold
  }
  return SkipClass(wanted, p, end);
}

inline bool AllAre(CharClass wanted, std::string_view text) {
  return std::all_of(text.begin(), text.end(), [wanted](char c) { return Is(wanted, c); });
}

inline bool IsToken(std::string_view text) {
  return !text.empty() && AllAre(kTokenChar, text);
}

}  // namespace mg::wire
