#include "core/http/headers.h"

#include <gtest/gtest.h>

namespace mg {
namespace {

TEST(Headers, CompareNamesWithoutCaseAndKeepTheirOrder) {
  Headers headers{{"Accept", "a"}, {"X-Id", "1"}};
  headers.Add("accept", "b");
  EXPECT_TRUE(headers.Has("ACCEPT"));
  EXPECT_EQ(headers.Count("aCCept"), 2u);
  EXPECT_EQ(headers.Get("ACCEPT"), "a");
  EXPECT_EQ(headers.GetAll("accept"), (std::vector<std::string_view>{"a", "b"}));
  ASSERT_EQ(headers.lines().size(), 3u);
  EXPECT_EQ(headers.lines()[2].name, "accept");
}

TEST(Headers, AnswerEmptyWhenTheNameIsAbsent) {
  const Headers headers{{"Accept", "a"}};
  EXPECT_FALSE(headers.Has("Accep"));
  EXPECT_EQ(headers.Count("Accept-"), 0u);
  EXPECT_EQ(headers.Get("x"), "");
  EXPECT_TRUE(headers.GetAll("x").empty());
  EXPECT_TRUE(Headers().empty());
}

TEST(Headers, SetReplacesEveryLineOfTheName) {
  Headers headers{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  headers.Set("a", "4");
  EXPECT_EQ(headers.GetAll("A"), (std::vector<std::string_view>{"4"}));
  EXPECT_EQ(headers.Get("b"), "2");
  EXPECT_EQ(headers.lines().size(), 2u);
}

TEST(Headers, SetAndRemoveTakeViewsIntoTheLinesThemselves) {
  const std::string long_value(100, 'v');
  Headers headers{{"A", long_value}, {"A", "second"}};
  headers.Set(headers.lines()[1].name, headers.Get("a"));
  EXPECT_EQ(headers.GetAll("a"), (std::vector<std::string_view>{long_value}));
  headers.Remove(headers.lines()[0].name);
  EXPECT_TRUE(headers.empty());
}

}  // namespace
}  // namespace mg
