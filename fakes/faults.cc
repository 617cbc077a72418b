#include "fakes/faults.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/check.h"

namespace mg::fake {
namespace {

// SplitMix64.
std::uint64_t NextRandom(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

bool Covers(const FaultRule& rule, const FaultedCall& call, Nanos age) {
  const FaultScope& where = rule.where;
  if (rule.after_chunks >= 0 && !call.streams) return false;
  return (where.tenant.empty() || where.tenant == call.tenant) &&
         (where.model.empty() || where.model == call.model) &&
         (where.key.empty() || MatchesPattern(where.key, call.key)) &&
         (where.step < 0 || where.step == call.step) &&
         (where.attempt < 0 || where.attempt == call.attempt) && age >= where.from &&
         age < where.until;
}

}  // namespace

bool MatchesPattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one, and what it had taken
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

Faults::Faults(Runtime& runtime, std::uint64_t seed)
    : runtime_(runtime), seed_(seed), random_state_(seed) {}

std::string Faults::Add(FaultRule rule) {
  const Instant now = runtime_.Now();
  Lock lock(mutex_);
  const auto in_use = [this](const std::string& id) {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&id](const Entry& entry) { return !entry.removed && entry.rule.id == id; });
  };
  const bool unnamed = rule.id.empty();
  while (unnamed && (rule.id.empty() || in_use(rule.id))) {
    rule.id = "fault-" + std::to_string(++made_ids_);
  }
  MG_CHECK(!in_use(rule.id), "two faults of one id: " + rule.id);
  std::string id = rule.id;
  entries_.push_back(Entry{std::move(rule), now, 0, 0, 0, false});
  return id;
}

void Faults::Remove(const std::string& id) {
  Lock lock(mutex_);
  for (Entry& entry : entries_) {
    if (entry.rule.id == id) entry.removed = true;
  }
}

void Faults::Clear() {
  Lock lock(mutex_);
  entries_.clear();
  random_state_ = seed_;
  made_ids_ = 0;
}

bool Faults::MayFire(const Entry& entry) {
  return !entry.removed && (entry.rule.times < 0 || entry.fired < entry.rule.times);
}

bool Faults::Has(const std::string& id) const {
  Lock lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(),
                     [&id](const Entry& entry) { return !entry.removed && entry.rule.id == id; });
}

bool Faults::Any() const {
  Lock lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(), MayFire);
}

bool Faults::WantsStale() const {
  Lock lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) {
    return entry.rule.stale > Nanos::zero() && MayFire(entry);
  });
}

std::optional<FaultRule> Faults::Next(const FaultedCall& call) {
  const Instant now = runtime_.Now();
  Lock lock(mutex_);
  std::optional<FaultRule> chosen;
  for (Entry& entry : entries_) {
    if (entry.removed || !MatchesPattern(entry.rule.operation, call.operation)) continue;
    const bool covered = Covers(entry.rule, call, now - entry.added);
    if (covered) ++entry.matched;
    if (chosen || !covered || !Fires(entry, call, now)) {
      ++entry.bypassed;
      continue;
    }
    ++entry.fired;
    chosen = entry.rule;
    chosen->delay = DrawDelay(entry.rule);
  }
  return chosen;
}

bool Faults::Fires(Entry& entry, const FaultedCall& call, Instant now) {
  const FaultRule& rule = entry.rule;
  if (!MayFire(entry) || entry.matched < rule.nth) return false;
  if (rule.stale > Nanos::zero()) {
    const bool told_under_it = call.answered && *call.answered >= entry.added;
    if (!told_under_it || now - *call.answered > rule.stale) return false;
  }
  return rule.probability >= 1.0 || Chance() < rule.probability;
}

// In [0, 1).
double Faults::Chance() {
  return static_cast<double>(NextRandom(random_state_) >> 11) * 0x1.0p-53;
}

Nanos Faults::DrawDelay(const FaultRule& rule) {
  if (rule.delay_sigma <= 0 || rule.delay <= Nanos::zero()) return rule.delay;
  constexpr double kTwoPi = 6.283185307179586;
  const double radius = std::sqrt(-2.0 * std::log(1.0 - Chance()));  // Box and Muller
  const double normal = radius * std::cos(kTwoPi * Chance());
  const double nanos =
      static_cast<double>(rule.delay.count()) * std::exp(rule.delay_sigma * normal);
  const auto longest = static_cast<double>(kHang.count());  // a longer one is a hang
  return Nanos(static_cast<std::int64_t>(std::min(nanos, longest)));
}

std::vector<FaultCount> Faults::Counts() const {
  Lock lock(mutex_);
  std::vector<FaultCount> counts;
  for (const Entry& entry : entries_) {
    counts.push_back({entry.rule.id, entry.rule.times, entry.fired, entry.bypassed});
  }
  return counts;
}

}  // namespace mg::fake
