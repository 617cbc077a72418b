#include "core/base/duration.h"

#include <cstdint>
#include <limits>

namespace mg {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t nanos;
};

constexpr Unit kUnits[] = {
    // the largest first, for DurationText
    {"d", 86'400'000'000'000},
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
};
constexpr auto kMost =
    static_cast<std::uint64_t>(std::numeric_limits<std::chrono::nanoseconds::rep>::max());
constexpr std::size_t kQuotedBytes = 40;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

Error NotADuration(std::string_view text) {
  std::string quoted(text.substr(0, kQuotedBytes));
  if (quoted.size() < text.size()) quoted += "...";
  return {Code::kInvalid,
          "\"" + quoted + "\" is not a duration: a number and ns, us, ms, s, m, h or d", false};
}

// Adds digit * weight to sum; false when that is more than a duration holds.
bool AddDigit(char digit, std::uint64_t weight, std::uint64_t& sum) {
  const auto value = static_cast<std::uint64_t>(digit - '0');
  if (value != 0 && weight > (kMost - sum) / value) return false;
  sum += value * weight;
  return true;
}

// False on overflow.
bool AddWhole(std::string_view digits, std::uint64_t weight, std::uint64_t& sum) {
  for (auto at = digits.rbegin(); at != digits.rend(); ++at) {
    if (!AddDigit(*at, weight, sum)) return false;
    weight = weight > kMost / 10 ? kMost : weight * 10;  // no digit but 0 fits there
  }
  return true;
}

// False when it is not a whole number of nanoseconds.
bool AddFraction(std::string_view digits, std::uint64_t unit, std::uint64_t& sum) {
  for (const char digit : digits) {
    if (unit % 10 != 0 && digit != '0') return false;
    unit = unit % 10 == 0 ? unit / 10 : 0;
    if (!AddDigit(digit, unit, sum)) return false;
  }
  return true;
}

std::string_view TakeDigits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && IsDigit(text[count])) ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

}  // namespace

Result<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  std::string_view rest = text;
  const std::string_view whole = TakeDigits(rest);
  if (whole.empty()) return NotADuration(text);
  std::string_view fraction;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    fraction = TakeDigits(rest);
    if (fraction.empty()) return NotADuration(text);
  }
  for (const Unit& unit : kUnits) {
    if (rest != unit.name) continue;
    std::uint64_t nanos = 0;
    if (!AddWhole(whole, unit.nanos, nanos) || !AddFraction(fraction, unit.nanos, nanos)) break;
    return std::chrono::nanoseconds(static_cast<std::int64_t>(nanos));
  }
  return NotADuration(text);
}

std::string DurationText(std::chrono::nanoseconds duration) {
  const bool negative = duration.count() < 0;
  auto nanos = static_cast<std::uint64_t>(duration.count());
  if (negative) nanos = 0 - nanos;  // well defined for the least value too
  if (nanos == 0) return "0s";
  const Unit* unit = kUnits;
  while (nanos % unit->nanos != 0) ++unit;
  return (negative ? "-" : "") + std::to_string(nanos / unit->nanos) + std::string(unit->name);
}

}  // namespace mg
