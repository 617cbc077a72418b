#include "core/base/time_text.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace mg {
namespace {

std::tm UtcOf(std::int64_t epoch_seconds) {
  const auto seconds = static_cast<std::time_t>(epoch_seconds);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return utc;
}

// Without the zone.
std::string IsoClock(std::int64_t epoch_seconds) {
  const std::tm utc = UtcOf(epoch_seconds);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d", utc.tm_year + 1900,
                utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return text.data();
}

}  // namespace

std::string HttpDate(std::int64_t epoch_seconds) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm utc = UtcOf(epoch_seconds);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday],
                utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text.data();
}

std::string IsoSeconds(std::int64_t epoch_seconds) {
  return IsoClock(epoch_seconds) + "Z";
}

std::string IsoMillis(std::int64_t epoch_ms) {
  std::int64_t seconds = epoch_ms / 1000;
  std::int64_t millis = epoch_ms % 1000;
  if (millis < 0) {  // before 1970
    millis += 1000;
    --seconds;
  }
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(millis));
  return IsoClock(seconds) + fraction.data();
}

}  // namespace mg
