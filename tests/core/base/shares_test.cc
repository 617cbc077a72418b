#include "core/base/shares.h"

#include <gtest/gtest.h>

namespace mg {
namespace {

int TakeAll(Shares& shares, const std::string& who) {
  int taken = 0;
  while (shares.Take(who)) ++taken;
  return taken;
}

TEST(Shares, OneAloneGetsHalfAndEachNewcomerHalfOfTheRest) {
  Shares shares(100);
  EXPECT_EQ(TakeAll(shares, "a"), 50);
  EXPECT_EQ(TakeAll(shares, "b"), 25);
  EXPECT_EQ(TakeAll(shares, "c"), 13);
  EXPECT_TRUE(shares.Take("d"));
  EXPECT_FALSE(shares.Take("a"));
}

TEST(Shares, ThoseWhoTakeInTurnsGetTheSame) {
  Shares shares(100);
  int of_each[3] = {0, 0, 0};
  for (int turn = 0; turn < 100; ++turn) {
    for (int i = 0; i < 3; ++i) of_each[i] += shares.Take(std::to_string(i)) ? 1 : 0;
  }
  for (const int taken : of_each) EXPECT_EQ(taken, 25);
}

TEST(Shares, WhatIsGivenBackCanBeTakenAndLeavesNoTrace) {
  Shares shares(4);
  EXPECT_EQ(TakeAll(shares, "a"), 2);
  shares.Give("a");
  EXPECT_TRUE(shares.Take("a"));
  shares.Give("a");
  shares.Give("a");
  EXPECT_EQ(shares.left(), 4u);
  EXPECT_EQ(shares.entries(), 0u);
  EXPECT_EQ(TakeAll(shares, "b"), 2);
}

TEST(Shares, TheLastOneGoesToWhoeverHoldsNone) {
  Shares shares(2);
  EXPECT_TRUE(shares.Take("a"));
  EXPECT_FALSE(shares.Take("a"));
  EXPECT_TRUE(shares.Take("b"));
  EXPECT_FALSE(shares.Take("c")) << "none is left";
}

TEST(Shares, AMemberOfAGroupLeavesHalfOfTheGroupsRestToTheOthers) {
  Shares shares(12);
  int of_first = 0;
  while (shares.Take("group", "first")) ++of_first;
  EXPECT_EQ(of_first, 4) << "then the group may take 4 more";
  EXPECT_TRUE(shares.Take("group", "second"));
  EXPECT_TRUE(shares.Take("group", "second"));
  EXPECT_FALSE(shares.Take("group", "second"));
  EXPECT_FALSE(shares.Take("group", "third")) << "the group holds half of all";
  EXPECT_TRUE(shares.Take("somebody else"));
}

TEST(Shares, WhatAMemberGivesBackIsTheGroupsToo) {
  Shares shares(3);
  EXPECT_TRUE(shares.Take("group", "first"));
  EXPECT_FALSE(shares.Take("group", "first"));
  shares.Give("group", "first");
  EXPECT_EQ(shares.left(), 3u);
  EXPECT_EQ(shares.entries(), 0u);
  EXPECT_TRUE(shares.Take("group"));
  EXPECT_FALSE(Shares(0).Take("group", "first"));
}

}  // namespace
}  // namespace mg
