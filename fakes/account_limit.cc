#include "fakes/account_limit.h"

#include <string>

#include "fakes/v4.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kWindowMs = 300'000;
constexpr std::int64_t kSecondMs = 1000;

}  // namespace

void AccountLimit::Set(std::int64_t calls) {
  Lock lock(mutex_);
  if (calls == limit_) return;
  limit_ = calls;
  calls_ = window_ends_ms_ = blocked_until_ms_ = 0;
}

std::optional<Response> AccountLimit::Refuse() {
  const std::int64_t now = runtime_.Wall().ms;
  Lock lock(mutex_);
  if (limit_ == 0) return std::nullopt;
  if (now >= blocked_until_ms_) {
    if (now >= window_ends_ms_) {
      window_ends_ms_ = now + kWindowMs;
      calls_ = 0;
    }
    if (++calls_ <= limit_) return std::nullopt;
    blocked_until_ms_ = window_ends_ms_ = now + kWindowMs;
  }
  Response response = V4Error(429, kThrottledCode, kThrottled);
  const std::int64_t seconds = (blocked_until_ms_ - now + kSecondMs - 1) / kSecondMs;
  response.headers.Set("retry-after", std::to_string(seconds));
  return response;
}

}  // namespace mg::fake
