// "http://127.0.0.1:8788" in its parts.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace mg {

struct Origin {
  bool tls = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string authority;  // what the Host header says: the port only when it was given
};

// Errors: kInvalid.
Result<Origin> ParseOrigin(std::string_view text);

}  // namespace mg
