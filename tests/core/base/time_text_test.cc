#include "core/base/time_text.h"

#include <gtest/gtest.h>

namespace mg {
namespace {

TEST(TimeText, SpellsAMomentInEachForm) {
  EXPECT_EQ(HttpDate(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(IsoSeconds(784'111'777), "1994-11-06T08:49:37Z");
  EXPECT_EQ(IsoMillis(784'111'777'005), "1994-11-06T08:49:37.005Z");
}

TEST(TimeText, KnowsTheEpochAndWhatWasBefore) {
  EXPECT_EQ(HttpDate(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(IsoSeconds(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(IsoMillis(-1), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace mg
