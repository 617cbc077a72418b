#include "fakes/r2/dates.h"

#include <algorithm>
#include <iterator>

#include "core/base/bytes.h"
#include "core/base/time_text.h"
#include "core/clients/sigv4.h"

namespace mg::fake {
namespace {

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> TwoDigits(std::string_view text, std::size_t at) {
  const auto value = ParseInt(text.substr(at, 2));
  return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
}

std::int64_t DaysFromEpoch(std::int64_t year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;  // years that begin on 1 March
  const std::int64_t era = y / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

}  // namespace

std::optional<WallTime> ParseAmzDate(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  const auto year = ParseInt(text.substr(0, 4));
  const auto month = TwoDigits(text, 4);
  const auto day = TwoDigits(text, 6);
  const auto hour = TwoDigits(text, 9);
  const auto minute = TwoDigits(text, 11);
  const auto second = TwoDigits(text, 13);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::int64_t seconds =
      DaysFromEpoch(*year, *month, *day) * 86'400 + *hour * 3600 + *minute * 60 + *second;
  const WallTime at{seconds * 1000};
  // 30 February has no text of its own.
  return AmzDate(at) == text ? std::optional<WallTime>(at) : std::nullopt;
}

std::optional<std::int64_t> ParseHttpDate(std::string_view text) {
  if (text.size() != 29) return std::nullopt;
  const auto month = std::find(std::begin(kMonths), std::end(kMonths), text.substr(8, 3));
  if (month == std::end(kMonths)) return std::nullopt;
  const auto number = static_cast<int>(month - std::begin(kMonths)) + 1;
  std::string amz(text.substr(12, 4));
  amz += static_cast<char>('0' + number / 10);
  amz += static_cast<char>('0' + number % 10);
  amz.append(text.substr(5, 2)).append("T").append(text.substr(17, 2));
  amz.append(text.substr(20, 2)).append(text.substr(23, 2)).append("Z");
  const auto at = ParseAmzDate(amz);
  if (!at || HttpDate(at->seconds()) != text) return std::nullopt;
  return at->seconds();
}

}  // namespace mg::fake
