#include "core/base/utc.h"

#include <array>
#include <cstdio>

#include "core/base/bytes.h"

namespace mg {
namespace {

// Days since 1970-01-01 of a day in the proleptic Gregorian calendar (after Howard Hinnant).
std::int64_t DaysFromCivil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2 ? 1 : 0;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<std::uint64_t>(y - era * 400);
  const std::uint64_t doy = (153 * (m > 2 ? m - 3U : m + 9U) + 2) / 5 + d - 1;
  const std::uint64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + static_cast<std::int64_t>(doe) - 719468;
}

// The number in text[at, at + size), when all of it is digits.
std::optional<std::int64_t> Digits(std::string_view text, std::size_t at, std::size_t size) {
  if (text.size() < at + size) return std::nullopt;
  const auto number = ParseUint(text.substr(at, size));
  if (!number) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

// ".5" of a second in milliseconds; the text must end with 'Z' after it.
std::optional<std::int64_t> FractionMs(std::string_view rest) {
  if (rest == "Z") return 0;
  if (rest.size() < 3 || rest.front() != '.' || rest.back() != 'Z') return std::nullopt;
  std::string digits(rest.substr(1, rest.size() - 2));
  if (!ParseUint(digits)) return std::nullopt;
  digits.resize(3, '0');
  return static_cast<std::int64_t>(*ParseUint(digits));
}

}  // namespace

std::optional<std::int64_t> ParseUtcMs(std::string_view text) {
  const auto year = Digits(text, 0, 4), month = Digits(text, 5, 2), day = Digits(text, 8, 2);
  const auto hour = Digits(text, 11, 2), minute = Digits(text, 14, 2), second = Digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const bool punctuated =
      text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' && text[16] == ':';
  const bool in_range = *month >= 1 && *month <= 12 && *day >= 1 && *day <= 31 && *hour < 24 &&
                        *minute < 60 && *second < 60;
  const auto fraction = FractionMs(text.substr(19));
  if (!punctuated || !in_range || !fraction) return std::nullopt;
  const std::int64_t days =
      DaysFromCivil(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day));
  return ((days * 24 + *hour) * 60 + *minute) * 60'000 + *second * 1000 + *fraction;
}

std::string UtcText(std::int64_t ms) {
  const std::int64_t days = ms / 86'400'000, in_day = ms % 86'400'000;
  const std::int64_t z = days + 719468, era = z / 146097, doe = z % 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld.%03lldZ",
                static_cast<long long>(year), static_cast<long long>(month),
                static_cast<long long>(day), static_cast<long long>(in_day / 3'600'000),
                static_cast<long long>(in_day / 60'000 % 60),
                static_cast<long long>(in_day / 1000 % 60), static_cast<long long>(in_day % 1000));
  return text.data();
}

}  // namespace mg
