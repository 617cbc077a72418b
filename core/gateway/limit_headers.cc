#include "core/gateway/limit_headers.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace mg {

void SetLimitHeaders(const Allowance& allowance, Headers& headers) {
  const std::string limit = std::to_string(allowance.limit);
  const std::string remaining = std::to_string(std::max<std::int64_t>(0, allowance.remaining));
  const std::string reset = std::to_string(allowance.reset_seconds);
  headers.Set("x-ratelimit-limit", limit);
  headers.Set("x-ratelimit-remaining", remaining);
  headers.Set("x-ratelimit-reset", reset);
  const std::string name = '"' + std::string(allowance.policy) + '"';
  headers.Set("ratelimit-policy",
              name + ";q=" + limit + ";w=" + std::to_string(allowance.window_seconds));
  headers.Set("ratelimit", name + ";r=" + remaining + ";t=" + reset);
}

}  // namespace mg
