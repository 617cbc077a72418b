// Counters over windows of wall time: fixed ones, which begin at whole multiples of their length,
// and sliding ones, which add what is left of the previous bucket (wire/ai-gateway.md 4.2, 4.3).
//
// Thread-safety: all members. Bounded: beyond kMaxWindowCounters those whose window has passed go,
// then any.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/ports/random.h"
#include "core/ports/runtime.h"

namespace mg::fake {

struct AiWindow {
  std::int64_t length_ms = 1;  // at least 1
  bool sliding = false;
  std::int64_t limit = 0;  // in the counter's unit; reached means full
};

inline std::int64_t Ms(Nanos duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

class AiWindows {
 public:
  // Counts one unless the window is full. False: it is.
  bool TakeOne(const std::string& key, const AiWindow& window, std::int64_t now_ms);

  bool IsFull(const std::string& key, const AiWindow& window, std::int64_t now_ms);
  // `amount` belongs to the window of `at_ms`, and counts from `counts_from_ms` on.
  void Add(const std::string& key, const AiWindow& window, std::int64_t amount, std::int64_t at_ms,
           std::int64_t counts_from_ms);
  // Whether this window of the key is one in which its limit does not hold, drawn once for each.
  bool IsMissed(const std::string& key, double rate, Random& random);

  void Forget(std::string_view prefix);

 private:
  struct Pending {
    std::int64_t bucket, amount, counts_from_ms;
  };
  struct Counter {
    std::int64_t length_ms = 1;
    std::int64_t bucket = 0;
    std::int64_t current = 0, previous = 0;
    std::optional<bool> missed;
    std::deque<Pending> pending;
  };

  Counter& At(const std::string& key, const AiWindow& window, std::int64_t now_ms);
  void MakeRoom(std::int64_t now_ms);
  static void Book(Counter& counter, const Pending& pending);
  static bool IsFull(const Counter& counter, const AiWindow& window, std::int64_t now_ms);

  Mutex mutex_;
  std::map<std::string, Counter> counters_;
};

}  // namespace mg::fake
