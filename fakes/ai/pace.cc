#include "fakes/ai/pace.h"

#include <algorithm>
#include <utility>

#include "fakes/faults.h"

namespace mg::fake {
namespace {

// SplitMix64, in [0, 1).
double NextChance(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1.0p-53;
}

}  // namespace

AiPace::AiPace(const AiTiming& timing, std::shared_ptr<AiLoad> load, Random& random)
    : timing_(timing), load_(std::move(load)) {
  ++load_->calls_;
  if (timing_.jitter > 0) chance_ = random.Below(UINT64_MAX);
}

AiPace::~AiPace() {
  --load_->calls_;
}

Nanos AiPace::FirstToken() {
  return Stretched(static_cast<double>(timing_.first_token.count()));
}

Nanos AiPace::Tokens(std::int64_t count) {
  if (timing_.tokens_per_second <= 0 || count <= 0) return Nanos::zero();
  return Stretched(static_cast<double>(count) * 1e9 / timing_.tokens_per_second);
}

Nanos AiPace::Stretched(double nanos) {
  if (nanos <= 0) return Nanos::zero();
  if (timing_.load_factor != 1) {
    const auto others = static_cast<double>(std::max<std::int64_t>(load_->calls() - 1, 0));
    const auto most = static_cast<double>(std::max<std::int64_t>(timing_.full_load - 1, 1));
    nanos *= 1 + (timing_.load_factor - 1) * std::min(others / most, 1.0);
  }
  if (timing_.jitter > 0) nanos *= 1 + timing_.jitter * (2 * NextChance(chance_) - 1);
  return Nanos(static_cast<std::int64_t>(std::min(nanos, static_cast<double>(kHang.count()))));
}

}  // namespace mg::fake
