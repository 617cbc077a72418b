#include "core/base/duration.h"

#include <gtest/gtest.h>

#include <limits>

namespace mg {
namespace {

using std::chrono::nanoseconds;

TEST(Duration, IsReadExactly) {
  const struct {
    const char* text;
    std::int64_t nanos;
  } cases[] = {
      {"250ms", 250'000'000},
      {"5s", 5'000'000'000},
      {"1.5s", 1'500'000'000},
      {"0.1s", 100'000'000},
      {"2m", 120'000'000'000},
      {"1h", 3'600'000'000'000},
      {"7d", 604'800'000'000'000},
      {"0.5d", 43'200'000'000'000},
      {"10us", 10'000},
      {"1.234us", 1'234},
      {"1ns", 1},
      {"0s", 0},
      {"0.000000001s", 1},
      {"1.50000000000000000s", 1'500'000'000},
      {"000000000000000000000000001s", 1'000'000'000},
      {"9223372036854775807ns", std::numeric_limits<std::int64_t>::max()},
      {"9223372036.854775807s", std::numeric_limits<std::int64_t>::max()},
  };
  for (const auto& c : cases) {
    const auto read = ParseDuration(c.text);
    ASSERT_TRUE(read) << c.text << ": " << read.error().message;
    EXPECT_EQ(read->count(), c.nanos) << c.text;
  }
}

TEST(Duration, RefusesWhatIsNotWhollyOne) {
  const std::string nul("5\0s", 3);
  for (const std::string& text : {std::string(),
                                  std::string("5"),
                                  std::string("s"),
                                  std::string("ms"),
                                  std::string("-5s"),
                                  std::string("+5s"),
                                  std::string(" 5s"),
                                  std::string("5 s"),
                                  std::string("5s "),
                                  std::string("5S"),
                                  std::string("5sec"),
                                  std::string("1.s"),
                                  std::string(".5s"),
                                  std::string("1,5s"),
                                  std::string("1e3s"),
                                  std::string("0x5s"),
                                  std::string("1m30s"),
                                  std::string("1.5ns"),
                                  std::string("0.0000000001s"),
                                  std::string("9223372036854775808ns"),
                                  std::string("106752d"),
                                  std::string("99999999999999999999999999d"),
                                  std::string("9223372036.854775808s"),
                                  nul,
                                  std::string("\xff\xfe")}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

TEST(Duration, IsWrittenInItsLargestWholeUnit) {
  const struct {
    std::int64_t nanos;
    const char* text;
  } cases[] = {
      {0, "0s"},
      {1, "1ns"},
      {1'500'000'000, "1500ms"},
      {90'000'000'000, "90s"},
      {120'000'000'000, "2m"},
      {604'800'000'000'000, "7d"},
      {-250'000'000, "-250ms"},
      {std::numeric_limits<std::int64_t>::max(), "9223372036854775807ns"},
      {std::numeric_limits<std::int64_t>::min(), "-9223372036854775808ns"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(DurationText(nanoseconds(c.nanos)), c.text);
    if (c.nanos < 0) continue;
    const auto back = ParseDuration(c.text);
    ASSERT_TRUE(back) << c.text;
    EXPECT_EQ(back->count(), c.nanos);
  }
}

}  // namespace
}  // namespace mg
