#include "fakes/r2/nfc.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "fakes/r2/nfc_data.h"

namespace mg::fake {
namespace {

constexpr char32_t kComposes = 0x800000;
constexpr char32_t kSyllable = 0xac00;  // Hangul, which is arithmetic
constexpr char32_t kLead = 0x1100;
constexpr char32_t kVowel = 0x1161;
constexpr char32_t kTail = 0x11a7;
constexpr char32_t kLeads = 19;
constexpr char32_t kVowels = 21;
constexpr char32_t kTails = 28;
constexpr char32_t kSyllables = kLeads * kVowels * kTails;

struct Tables {
  std::map<char32_t, std::pair<char32_t, char32_t>> parts;
  std::map<std::pair<char32_t, char32_t>, char32_t> composed;
  std::map<char32_t, int> classes;
};

char32_t ThreeBytes(const std::string& bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(bytes[at + i]));
  };
  return byte(0) << 16 | byte(1) << 8 | byte(2);
}

Tables ReadTables() {
  Tables tables;
  const std::string parts = Base64Decode(r2::kDecompositions).value_or("");
  for (std::size_t at = 0; at + 9 <= parts.size(); at += 9) {
    const char32_t whole = ThreeBytes(parts, at);
    const char32_t first = ThreeBytes(parts, at + 3);
    const std::pair<char32_t, char32_t> pair{first & ~kComposes, ThreeBytes(parts, at + 6)};
    tables.parts.emplace(whole, pair);
    if ((first & kComposes) != 0) tables.composed.emplace(pair, whole);
  }
  const std::string classes = Base64Decode(r2::kCombiningClasses).value_or("");
  for (std::size_t at = 0; at + 5 <= classes.size(); at += 5) {
    const char32_t first = ThreeBytes(classes, at);
    const auto count = static_cast<unsigned char>(classes[at + 3]);
    for (char32_t i = 0; i < count; ++i)
      tables.classes.emplace(first + i, static_cast<unsigned char>(classes[at + 4]));
  }
  return tables;
}

const Tables& Unicode() {
  static const Tables tables = ReadTables();
  return tables;
}

int ClassOf(char32_t c) {
  const auto found = Unicode().classes.find(c);
  return found == Unicode().classes.end() ? 0 : found->second;
}

std::u32string Decoded(std::string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    char32_t c = more == 0 ? lead : lead & (0x3fU >> more);
    for (int k = 1; k <= more; ++k)
      c = c << 6 | (static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]) & 0x3fU);
    out += c;
    i += static_cast<std::size_t>(more) + 1;
  }
  return out;
}

void AppendUtf8(std::string& out, char32_t c) {
  const auto add = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return add(c);
  if (c < 0x800) {
    add(0xc0 | c >> 6);
  } else if (c < 0x10000) {
    add(0xe0 | c >> 12);
    add(0x80 | (c >> 6 & 0x3f));
  } else {
    add(0xf0 | c >> 18);
    add(0x80 | (c >> 12 & 0x3f));
    add(0x80 | (c >> 6 & 0x3f));
  }
  add(0x80 | (c & 0x3f));
}

void AppendParts(std::u32string& out, char32_t c) {
  if (c >= kSyllable && c < kSyllable + kSyllables) {
    const char32_t index = c - kSyllable;
    out += kLead + index / (kVowels * kTails);
    out += kVowel + index % (kVowels * kTails) / kTails;
    if (index % kTails != 0) out += kTail + index % kTails;
    return;
  }
  const auto found = Unicode().parts.find(c);
  if (found == Unicode().parts.end()) {
    out += c;
    return;
  }
  AppendParts(out, found->second.first);  // ends: Unicode's decompositions have no cycle
  if (found->second.second != 0) AppendParts(out, found->second.second);
}

void SortMarks(std::u32string& text) {
  for (std::size_t start = 0; start < text.size(); ++start) {
    if (ClassOf(text[start]) == 0) continue;
    std::size_t end = start;
    while (end < text.size() && ClassOf(text[end]) != 0) ++end;
    std::stable_sort(text.begin() + static_cast<std::ptrdiff_t>(start),
                     text.begin() + static_cast<std::ptrdiff_t>(end),
                     [](char32_t a, char32_t b) { return ClassOf(a) < ClassOf(b); });
    start = end;
  }
}

char32_t Composed(char32_t a, char32_t b) {
  if (a >= kLead && a < kLead + kLeads && b >= kVowel && b < kVowel + kVowels)
    return kSyllable + ((a - kLead) * kVowels + (b - kVowel)) * kTails;
  const bool open = a >= kSyllable && a < kSyllable + kSyllables && (a - kSyllable) % kTails == 0;
  if (open && b > kTail && b < kTail + kTails) return a + (b - kTail);
  const auto found = Unicode().composed.find({a, b});
  return found == Unicode().composed.end() ? 0 : found->second;
}

std::u32string Recomposed(const std::u32string& text) {
  std::u32string out;
  std::size_t starter = std::u32string::npos;
  int last_class = -1;  // of what stands between the starter and the next character
  for (const char32_t c : text) {
    const int its_class = ClassOf(c);
    const bool free = last_class < its_class;  // nothing between blocks it
    const char32_t joined = starter != std::u32string::npos && free ? Composed(out[starter], c) : 0;
    if (joined != 0) {
      out[starter] = joined;
      continue;
    }
    if (its_class == 0) starter = out.size();
    last_class = its_class == 0 ? -1 : its_class;
    out += c;
  }
  return out;
}

}  // namespace

std::string Nfc(std::string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return std::string(text);
  std::u32string parts;
  for (const char32_t c : Decoded(text)) AppendParts(parts, c);
  SortMarks(parts);
  std::string out;
  for (const char32_t c : Recomposed(parts)) AppendUtf8(out, c);
  return out;
}

}  // namespace mg::fake
