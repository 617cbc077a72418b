#pragma once
#include <string_view>

#include "core/base/bytes.h"
#include "core/http/message.h"

namespace mg {

// What follows "Bearer " in the one Authorization header; empty otherwise.
inline std::string_view BearerOf(const Request& request) {
  constexpr std::string_view kScheme = "bearer ";
  if (request.headers.Count("authorization") != 1) return {};
  std::string_view value = request.headers.Get("authorization");
  if (value.size() <= kScheme.size() || !EqualsIgnoreCase(value.substr(0, kScheme.size()), kScheme))
    return {};
  return TrimSpace(value.substr(kScheme.size()));
}

}  // namespace mg
