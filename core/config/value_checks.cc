#include "core/config/value_checks.h"

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/ids.h"

namespace mg {
namespace {

constexpr std::size_t kHostMax = 253;
constexpr std::uint64_t kPortMax = 65535;

bool IsAddress(int family, std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  if (text.find('\0') != std::string_view::npos) return false;
  return inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

bool IsPort(std::string_view text) {
  const auto port = ParseUint(text);
  return text.size() <= 5 && port && *port <= kPortMax;
}

// The host of "host[:port]" when both are well formed; brackets go round IPv6.
bool IsAuthority(std::string_view text, bool port_needed) {
  const std::size_t host_end = text.substr(0, 1) == "[" ? text.find(']') : text.find(':');
  std::string_view host = text.substr(0, host_end);
  std::string_view rest;
  bool is_host = false;
  if (text.substr(0, 1) == "[") {
    if (host_end == std::string_view::npos) return false;
    is_host = IsAddress(AF_INET6, host.substr(1));
    rest = text.substr(host_end + 1);
  } else {
    is_host = IsHost(host) || IsAddress(AF_INET, host);
    rest = text.substr(host.size());
  }
  if (!is_host) return false;
  if (rest.empty()) return !port_needed;
  return rest.front() == ':' && IsPort(rest.substr(1));
}

// What follows "http://" or "https://".
std::optional<std::string_view> AfterScheme(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.substr(0, scheme.size()) == scheme) return text.substr(scheme.size());
  }
  return std::nullopt;
}

}  // namespace

bool IsHost(std::string_view text) {
  if (text.empty() || text.size() > kHostMax) return false;
  std::string_view last;
  for (const std::string_view label : Split(text, '.')) {
    if (!IsSlug(label)) return false;
    last = label;
  }
  // A name that ends in a number is an IPv4 address to every URL parser.
  return last.find_first_not_of("0123456789") != std::string_view::npos;
}

bool IsHttpUrl(std::string_view text) {
  const auto rest = AfterScheme(text);
  if (!rest || !IsVisibleText(*rest) || rest->back() == '/') return false;
  if (rest->find_first_of("?#@\\") != std::string_view::npos) return false;
  return IsAuthority(rest->substr(0, rest->find('/')), false);
}

bool IsHttpOrigin(std::string_view text) {
  const auto rest = AfterScheme(text);
  return rest && IsAuthority(*rest, false);
}

bool IsCidr(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view address = text.substr(0, slash);
  const std::string_view bits_text = text.substr(slash + 1);
  const auto bits = ParseUint(bits_text);
  if (!bits || bits_text.size() > 3) return false;
  if (IsAddress(AF_INET, address)) return *bits <= 32;
  return IsAddress(AF_INET6, address) && *bits <= 128;
}

bool IsListenAddress(std::string_view text) {
  return IsAuthority(text, true);
}

bool IsVisibleText(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return !text.empty();
}

}  // namespace mg
