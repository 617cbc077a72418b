// How fast the models of the AI Gateway fake speak: time to the first token, tokens a second,
// jitter, and a slow-down under load. Without settings they take no time at all.
//
// Thread-safety: AiLoad any task; AiPace one at a time. Chance: one draw for each pace, from
// Random.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/ports/random.h"
#include "core/ports/runtime.h"

namespace mg::fake {

struct AiTiming {
  Nanos first_token = Nanos::zero();
  double tokens_per_second = 0;  // 0: all of them at once
  double jitter = 0;             // 0 to 1: each wait is its mean times 1-jitter to 1+jitter
  // With `full_load` calls under way every wait is `load_factor` times as long; with fewer, in
  // proportion.
  double load_factor = 1;
  std::int64_t full_load = 64;
  bool early_head = false;  // the head goes out at once, and the wait is the body's
};

// The calls that are being answered.
class AiLoad {
 public:
  std::int64_t calls() const { return calls_; }

 private:
  friend class AiPace;
  std::atomic<std::int64_t> calls_{0};
};

// Of one call, which counts as load while this lives.
class AiPace {
 public:
  AiPace(const AiTiming& timing, std::shared_ptr<AiLoad> load, Random& random);
  ~AiPace();
  AiPace(const AiPace&) = delete;
  AiPace& operator=(const AiPace&) = delete;

  Nanos FirstToken();
  Nanos Tokens(std::int64_t count);  // after the first

 private:
  Nanos Stretched(double nanos);

  const AiTiming timing_;
  const std::shared_ptr<AiLoad> load_;
  std::uint64_t chance_ = 0;
};

}  // namespace mg::fake
