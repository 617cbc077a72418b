// Counters over fixed windows of wall time, each opened by the first thing it counts, with a time
// afterwards in which whoever went over is kept out.
//
// Thread-safety: all members. Bounded: ended counters go first, and when all are live the one whose
// window is oldest: as at Cloudflare, where counts live in memory, a flood makes the edge forget
// and never refuse a newcomer.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/ports/runtime.h"

namespace mg::fake {

inline constexpr std::size_t kMaxEdgeCounters = std::size_t{1} << 18;  // some 60 MB

class EdgeCounters {
 public:
  explicit EdgeCounters(std::size_t max_counters = kMaxEdgeCounters) : max_(max_counters) {}

  struct Rule {
    std::int64_t limit = 0;
    std::int64_t window_ms = 1;
    std::int64_t kept_out_ms = 0;  // 0: only the excess is over the limit
  };
  struct State {
    bool over = false;
    std::int64_t until_ms = 0;  // when it is over no more
  };

  // Adds `amount` unless the key is kept out, and says whether it is over the limit now. With 0 it
  // only looks.
  State Count(std::string_view key, const Rule& rule, std::int64_t amount, std::int64_t now_ms);
  std::size_t size() const;

 private:
  struct Counter {
    std::string key;  // a digest
    std::int64_t ends_ms = 0;
    std::int64_t used = 0;
    std::int64_t kept_out_until_ms = 0;
    std::int64_t LastsUntil() const {
      return ends_ms > kept_out_until_ms ? ends_ms : kept_out_until_ms;
    }
  };
  using Place = std::list<Counter>::iterator;

  Place Open(const std::string& key, const Rule& rule, std::int64_t now_ms);
  void ForgetSome(std::int64_t now_ms);
  void Forget(Place place);

  const std::size_t max_;
  mutable Mutex mutex_;
  std::list<Counter> counters_;  // by when their windows opened
  std::unordered_map<std::string_view, Place> places_;
};

}  // namespace mg::fake
