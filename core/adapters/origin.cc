#include "core/adapters/origin.h"

#include <optional>

#include "core/base/bytes.h"

namespace mg {
namespace {

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Result<Origin> ParseOrigin(std::string_view text) {
  const Error wrong{Code::kInvalid, "not an origin: " + std::string(text)};
  Origin origin;
  if (TakePrefix(text, "https://")) {
    origin.tls = true;
  } else if (!TakePrefix(text, "http://")) {
    return wrong;
  }
  origin.authority = text;
  origin.port = origin.tls ? kHttpsPort : kHttpPort;
  if (TakePrefix(text, "[")) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return wrong;
    origin.host = text.substr(0, bracket);
    text.remove_prefix(bracket + 1);
  } else {
    const std::size_t colon = text.find(':');
    origin.host = text.substr(0, colon);
    text.remove_prefix(origin.host.size());
  }
  if (origin.host.empty() || origin.host.find_first_of("/?#@ ") != std::string::npos) return wrong;
  if (text.empty()) return origin;
  if (!TakePrefix(text, ":")) return wrong;
  const std::optional<std::uint64_t> port = ParseUint(text);
  if (!port || *port == 0 || *port > 65'535) return wrong;
  origin.port = static_cast<std::uint16_t>(*port);
  return origin;
}

}  // namespace mg
