#include "core/base/ip_address.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <optional>

#include "core/base/bytes.h"

namespace mg {
namespace {

struct Address {
  bool v6 = false;
  std::array<unsigned char, 16> bytes{};
};

std::optional<Address> ParseAddress(std::string_view text) {
  const std::string copy(text);
  Address address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data()) == 1) return address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) != 1) return std::nullopt;
  constexpr unsigned char kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::memcmp(address.bytes.data(), kMappedPrefix, sizeof(kMappedPrefix)) == 0) {
    std::memmove(address.bytes.data(), address.bytes.data() + 12, 4);
    return address;
  }
  address.v6 = true;
  return address;
}

bool SamePrefix(const Address& a, const Address& b, unsigned bits) {
  const unsigned whole = bits / 8;
  if (std::memcmp(a.bytes.data(), b.bytes.data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xffU << (8 - bits % 8);
  return ((a.bytes[whole] ^ b.bytes[whole]) & mask & 0xffU) == 0;
}

}  // namespace

bool IsIpAddress(std::string_view text) {
  return ParseAddress(text).has_value();
}

std::string ClientNetwork(std::string_view address) {
  const auto parsed = ParseAddress(address);
  if (!parsed) return std::string(address);
  const std::size_t kept = parsed->v6 ? 8 : 4;  // bytes
  std::string prefix(reinterpret_cast<const char*>(parsed->bytes.data()), kept);
  return (parsed->v6 ? "v6:" : "v4:") + HexEncode(prefix);
}

bool CidrContains(std::string_view cidr, std::string_view address) {
  const std::size_t slash = cidr.find('/');
  const auto network = ParseAddress(cidr.substr(0, slash));
  const auto client = ParseAddress(address);
  if (!network || !client || network->v6 != client->v6) return false;
  const unsigned width = network->v6 ? 128 : 32;
  if (slash == std::string_view::npos) return SamePrefix(*network, *client, width);
  const auto bits = ParseUint(cidr.substr(slash + 1));
  return bits && *bits <= width && SamePrefix(*network, *client, static_cast<unsigned>(*bits));
}

}  // namespace mg
