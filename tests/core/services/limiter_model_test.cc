// The limiter against the rule in its plainest form (LIM-2 to LIM-4): no hash, no shard, no sweep,
// no bound. A million seeded steps with colliding keys, budgets taken together, limits that change,
// a clock that jumps.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/services/limiter.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"

namespace mg {
namespace {

constexpr std::size_t kKeys = 24;

// Keys are numbers here: what is under test is the counting, and a map of texts costs the second
// that this test has.
struct Asked {
  std::size_t key = 0;
  std::int64_t limit = 0;
  std::int64_t window_ms = 0;
};

class PlainLimiter {
 public:
  struct Told {
    bool admitted = true;
    std::int64_t remaining = 0;
    std::int64_t reset_seconds = 1;
  };

  Told Take(const Asked* asked, std::size_t count, std::int64_t now_ms) {
    Told told;
    for (std::size_t i = 0; i < count; ++i) Report(told, Look(asked[i], now_ms), i);
    if (!told.admitted) return told;
    for (std::size_t i = 0; i < count; ++i) {
      Charge(asked[i], now_ms);
      Told one = Look(asked[i], now_ms);
      one.admitted = true;
      Report(told, one, i);
    }
    return told;
  }
  void Charge(const Asked& asked, std::int64_t now_ms) {
    Window& window = Open(asked, now_ms);
    if (window.used == 0) window.opened_ms = now_ms;
    ++window.used;
  }
  Told Look(const Asked& asked, std::int64_t now_ms) {
    const Window& window = Open(asked, now_ms);
    const std::int64_t ends_ms = (window.used == 0 ? now_ms : window.opened_ms) + asked.window_ms;
    return {window.used < asked.limit, std::max<std::int64_t>(asked.limit - window.used, 0),
            std::max<std::int64_t>((ends_ms - now_ms + 999) / 1000, 1)};
  }

 private:
  struct Window {
    std::int64_t opened_ms = 0;
    std::int64_t used = 0;
  };

  Window& Open(const Asked& asked, std::int64_t now_ms) {  // an ended one begins anew
    Window& window = windows_[asked.key];
    if (now_ms >= window.opened_ms + asked.window_ms) window.used = 0;
    return window;
  }
  // Refusals before admissions; of these the least remaining, of those the longest wait.
  static void Report(Told& told, const Told& one, std::size_t index) {
    const bool sooner = one.admitted != told.admitted ? !one.admitted
                        : one.admitted && one.remaining != told.remaining
                            ? one.remaining < told.remaining
                            : one.reset_seconds > told.reset_seconds;
    if (index == 0 || sooner) told = one;
  }

  std::array<Window, kKeys> windows_;
};

class LimiterModel : public testing::Test {
 protected:
  Asked Draw() {
    const std::size_t key = random_.Below(kKeys);
    return {key, static_cast<std::int64_t>(key % 6) + extra_limit_,
            static_cast<std::int64_t>(key % 3 + 1) * 1000};
  }
  Budget BudgetOf(const Asked& asked) const {
    return {names_[asked.key], asked.limit, asked.window_ms / 1000, {}};
  }
  void Same(const Allowance& told, const PlainLimiter::Told& wanted, std::int64_t limit) {
    if (told.admitted == wanted.admitted && told.remaining == wanted.remaining &&
        told.reset_seconds == wanted.reset_seconds && (limit < 0 || told.limit == limit)) {
      return;
    }
    ADD_FAILURE() << "step " << step_ << ": " << told.admitted << " " << told.remaining << " "
                  << told.reset_seconds << ", not " << wanted.admitted << " " << wanted.remaining
                  << " " << wanted.reset_seconds;
  }
  void Step();

  test::SteppedRuntime runtime_;
  test::FixedRandom random_{20};
  Limiter limiter_{runtime_, Limiter::kMaxTenantsAndKeys};
  PlainLimiter model_;
  std::vector<std::string> names_;
  std::int64_t extra_limit_ = 0;
  int step_ = 0;
};

void LimiterModel::Step() {
  const std::int64_t now_ms = runtime_.Wall().ms;
  const Asked first = Draw();
  Asked two[] = {first, Draw()};
  switch (random_.Below(16)) {
    case 0:
      return runtime_.Advance(std::chrono::milliseconds(random_.Below(700)));
    case 1:
      if (random_.Below(64) != 0) return;
      return runtime_.ShiftWall(static_cast<std::int64_t>(random_.Below(4000)));
    case 2:
      if (random_.Below(64) == 0) extra_limit_ = static_cast<std::int64_t>(random_.Below(3));
      return;
    case 3:
      limiter_.Charge(BudgetOf(first));
      return model_.Charge(first, now_ms);
    case 4:
    case 5:
      return Same(limiter_.Peek(BudgetOf(first)), model_.Look(first, now_ms), first.limit);
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
      return Same(limiter_.Take({BudgetOf(first)}), model_.Take(two, 1, now_ms), first.limit);
    default:
      if (two[1].key == first.key) return;  // the keys of one call differ
      return Same(limiter_.Take({BudgetOf(first), BudgetOf(two[1])}), model_.Take(two, 2, now_ms),
                  -1);
  }
}

TEST_F(LimiterModel, AgreesWithThePlainRuleOverAMillionSteps) {
  for (std::size_t i = 0; i < kKeys; ++i) names_.push_back("key" + std::to_string(i));
  for (step_ = 0; step_ < 1'000'000 && !HasFailure(); ++step_) Step();
}

}  // namespace
}  // namespace mg
