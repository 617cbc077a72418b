#include "core/http/host.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/bytes.h"

namespace mg {
namespace {

constexpr std::size_t kMaxNameBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;
// UTF-8 of a name that still fits into 253 bytes of punycode is far shorter than this.
constexpr std::size_t kMaxUnicodeBytes = 1024;
constexpr std::uint64_t kMaxPort = 65535;

Error Malformed(std::string_view what) {
  return Error{Code::kInvalid, "host: " + std::string(what)};
}

bool IsPort(std::string_view text) {
  if (text.empty()) return true;
  const std::optional<std::uint64_t> port = ParseUint(text);
  return port && *port <= kMaxPort;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool IsLabel(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabelBytes) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool IsNumber(std::string_view text, int base) {
  return std::all_of(text.begin(), text.end(), [base](char c) {
    if (base == 16 && c >= 'a' && c <= 'f') return true;
    return c >= '0' && c < '0' + std::min(base, 10);
  });
}

// One part of an IPv4 address as browsers read it: decimal, 0octal or 0xhex ("0x" alone is 0).
std::optional<std::uint64_t> ParseIpv4Part(std::string_view part) {
  int base = 10;
  if (part.size() >= 2 && part[0] == '0') {
    base = part[1] == 'x' ? 16 : 8;
    part.remove_prefix(base == 16 ? 2 : 1);
    if (part.empty()) return 0;
  }
  if (part.empty() || !IsNumber(part, base)) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, base);
  if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
  return value;
}

// WHATWG URL, "ends in a number": then the whole name must be an IPv4 address.
bool EndsInNumber(std::string_view last_label) {
  if (IsNumber(last_label, 10)) return true;
  return last_label.substr(0, 2) == "0x" && IsNumber(last_label.substr(2), 16);
}

Result<HostName> ParseIpv4(const std::vector<std::string_view>& parts) {
  constexpr std::size_t kMaxParts = 4;
  if (parts.size() > kMaxParts) return Malformed("more than four numbers");
  std::uint64_t address = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::optional<std::uint64_t> number = ParseIpv4Part(parts[i]);
    const bool last = i + 1 == parts.size();
    const std::size_t bits = last ? 8 * (kMaxParts - i) : 8;  // the last part fills what is left
    if (!number || *number >> bits != 0) return Malformed("not an IPv4 address");
    address = address << bits | *number;
  }
  std::string dotted;
  for (int shift = 24; shift >= 0; shift -= 8) {
    if (!dotted.empty()) dotted += '.';
    dotted += std::to_string(address >> shift & 0xff);
  }
  return HostName{dotted, true};
}

Result<HostName> ParseIpv6(std::string_view authority) {
  const std::size_t close = authority.find(']');
  if (close == std::string_view::npos) return Malformed("'[' without ']'");
  const std::string_view rest = authority.substr(close + 1);
  if (!rest.empty() && (rest.front() != ':' || !IsPort(rest.substr(1)))) {
    return Malformed("malformed port");
  }
  const std::string inside(authority.substr(1, close - 1));
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  // inet_pton stops at a NUL, which would hide what follows it.
  if (inside.find('\0') != std::string::npos ||
      inet_pton(AF_INET6, inside.c_str(), &address) != 1 ||
      inet_ntop(AF_INET6, &address, text.data(), text.size()) == nullptr) {
    return Malformed("not an IPv6 address");
  }
  return HostName{'[' + std::string(text.data()) + ']', true};
}

Result<std::string> ToPunycode(std::string_view name) {
  if (name.size() > kMaxUnicodeBytes || !IsValidUtf8(name)) return Malformed("malformed name");
  const std::string terminated(name);
  if (terminated.find('\0') != std::string::npos) return Malformed("malformed name");
  std::uint8_t* encoded = nullptr;
  const int error = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(terminated.c_str()),
                                   &encoded, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(encoded, idn2_free);
  if (error != IDN2_OK) return Malformed("not an international name");
  return std::string(reinterpret_cast<const char*>(encoded));
}

}  // namespace

Result<HostName> ParseHost(std::string_view authority) {
  if (!authority.empty() && authority.front() == '[') return ParseIpv6(authority);
  const std::size_t colon = authority.find(':');
  if (colon != std::string_view::npos && !IsPort(authority.substr(colon + 1))) {
    return Malformed("malformed port");
  }
  std::string name(authority.substr(0, colon));
  if (!IsAscii(name)) {
    MG_TRY(punycode, ToPunycode(name));
    name = std::move(punycode);
  }
  name = AsciiLower(name);
  if (!name.empty() && name.back() == '.') name.pop_back();
  if (name.size() > kMaxNameBytes) return Malformed("longer than 253 bytes");
  const std::vector<std::string_view> labels = Split(name, '.');
  if (!std::all_of(labels.begin(), labels.end(), IsLabel)) return Malformed("malformed label");
  if (EndsInNumber(labels.back())) return ParseIpv4(labels);
  return HostName{std::move(name), false};
}

}  // namespace mg
