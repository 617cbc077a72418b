// The host of a request (TEN-1, TEN-9): parsed once, lower case, IDNA to punycode, port and one dot
// dropped.
#pragma once
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace mg {

struct HostName {
  std::string name;            // "acme.localhost", "xn--mnchen-3ya.de", "127.0.0.1", "[::1]"
  bool is_ip_literal = false;  // v4 in any form browsers know, or v6 in brackets
};

// `authority` is a Host header's value, port included. Errors: kInvalid.
Result<HostName> ParseHost(std::string_view authority);

}  // namespace mg
