// Fixed-window limits, exact under concurrency (LIM-2 to LIM-4, LIM-7, LIM-9).
//
// Thread-safety: all members; sharded locks, no I/O. Memory: bounded; a million distinct keys stay
// under 200 MB, ended windows go first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/runtime.h"

namespace mg {

struct Budget {
  std::string key;  // "address:{tenant}:{client}"
  std::int64_t limit = 0;
  std::int64_t window_seconds = 60;
  std::string_view policy = {};  // its name in RateLimit headers; static text
};

// What the X-RateLimit-* and RateLimit headers say.
struct Allowance {
  bool admitted = true;
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t reset_seconds = 0;  // whole seconds to the window's end, at least 1
  std::int64_t window_seconds = 0;
  std::string_view policy;  // the budget's
};

class Limiter {
 public:
  // Two tables, so that a flood from ever new addresses leaves no tenant or key without a window
  // (LIM-8): those of addresses, as many as an attacker cares to use (some 160 MB), and those of
  // tenants and keys, which only operators make (some 20 MB).
  static constexpr std::size_t kMaxAddresses = std::size_t{1} << 21;
  static constexpr std::size_t kMaxTenantsAndKeys = std::size_t{1} << 18;

  // `max_entries`: live windows are never forgotten, so with this many a new key is refused (Take)
  // or not counted (Charge) until one of them ends.
  Limiter(Runtime& runtime, std::size_t max_entries);
  ~Limiter();

  // Takes one from every budget, or from none (LIM-2). Reports the one with the least remaining;
  // when refused, the one that refuses (the longest wait of several). Keys of one call differ.
  Allowance Take(const std::vector<Budget>& budgets);
  Allowance Peek(const Budget& budget);  // takes nothing; admitted says whether one is left
  void Charge(const Budget& budget);     // takes one whatever is left (LIM-9: after the answer)
  std::size_t EntryCount() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
