#include "fakes/r2/checksums.h"

#include <array>
#include <cstdint>

#include "core/base/bytes.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

constexpr std::uint32_t kPolynomial = 0xedb88320;  // reflected

constexpr std::array<std::uint32_t, 256> MakeTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1) != 0 ? kPolynomial ^ value >> 1 : value >> 1;
    table[i] = value;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> kTable = MakeTable();

// `named`: as R2's sentence calls the algorithm (any but MD5's is UNCONFIRMED).
Response BadDigest(std::string_view named, std::string_view given, std::string_view actual) {
  const std::string name(named);
  return S3Error(400, "BadDigest",
                 "The " + name + " checksum you specified did not match what we received.\n" +
                     "You provided a " + name + " checksum with value: " + HexEncode(given) +
                     "\nActual " + name + " was: " + HexEncode(actual));
}

std::optional<Response> CheckOne(std::string_view header, std::string_view named,
                                 std::string_view actual) {
  const auto given = Base64Decode(header);
  if (!given || given->size() != actual.size()) {
    return S3Error(400, "InvalidDigest", "The checksum or Content-MD5 you specified is not valid.");
  }
  if (*given == actual) return std::nullopt;
  return BadDigest(named, *given, actual);
}

}  // namespace

std::string Crc32(std::string_view bytes) {
  std::uint32_t value = 0xffffffff;
  for (const char c : bytes) {
    value = kTable[(value ^ static_cast<unsigned char>(c)) & 0xff] ^ value >> 8;
  }
  value ^= 0xffffffff;
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

std::optional<Response> CheckChecksums(const Request& request, std::string_view md5) {
  if (request.headers.Has("content-md5")) {
    auto wrong = CheckOne(request.headers.Get("content-md5"), "MD5", md5);
    if (wrong) return wrong;
  }
  if (!request.headers.Has(kCrc32Header)) return std::nullopt;
  return CheckOne(request.headers.Get(kCrc32Header), "CRC32", Crc32(request.body.bytes()));
}

}  // namespace mg::fake
