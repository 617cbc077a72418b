#include "core/base/utc.h"

#include <gtest/gtest.h>

namespace mg {
namespace {

TEST(Utc, ReadsWhatItWrites) {
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{951'782'400'000},  // 29 Feb 2000
                                std::int64_t{1'767'225'600'123}, std::int64_t{4'102'444'799'999}})
    EXPECT_EQ(ParseUtcMs(UtcText(ms)), ms) << UtcText(ms);
  EXPECT_EQ(UtcText(1'767'225'600'123), "2026-01-01T00:00:00.123Z");
  EXPECT_EQ(ParseUtcMs("2026-01-01T00:00:00Z"), 1'767'225'600'000);
  EXPECT_EQ(ParseUtcMs("2026-01-01T00:00:00.5Z"), 1'767'225'600'500);
}

TEST(Utc, RefusesEverythingElse) {
  for (const char* text : {"", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00",
                           "2026-13-01T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T24:00:00Z",
                           "2026-01-01T00:00:00.Z", "x026-01-01T00:00:00Z"})
    EXPECT_FALSE(ParseUtcMs(text)) << text;
}

}  // namespace
}  // namespace mg
