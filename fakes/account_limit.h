// The v4 API's limit for all calls of an account (wire/storage.md 1.6): so many in five minutes,
// and who goes beyond is refused for the next five.
//
// Thread-safety: all members. Time: the Runtime's calendar.
#pragma once
#include <cstdint>
#include <optional>

#include "core/http/message.h"
#include "core/ports/runtime.h"

namespace mg::fake {

class AccountLimit {
 public:
  explicit AccountLimit(Runtime& runtime) : runtime_(runtime) {}

  void Set(std::int64_t calls);      // 0: no limit; starts a new window
  std::optional<Response> Refuse();  // counts one call

 private:
  Runtime& runtime_;
  Mutex mutex_;
  std::int64_t limit_ = 0;
  std::int64_t calls_ = 0;
  std::int64_t window_ends_ms_ = 0;
  std::int64_t blocked_until_ms_ = 0;
};

}  // namespace mg::fake
