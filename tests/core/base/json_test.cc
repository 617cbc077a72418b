#include "core/base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <vector>

#include "core/base/jsonc.h"

namespace mg {
namespace {

namespace fs = std::filesystem;

std::string MessageOf(std::string_view text, JsonRules rules = {}) {
  const auto parsed = ParseJson(text, rules);
  if (parsed.ok()) return "accepted";
  EXPECT_EQ(parsed.error().code, Code::kInvalid);
  EXPECT_FALSE(parsed.error().retryable);
  return parsed.error().message;
}

std::string Nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

// Name and content of each file of ../shared/vectors/json/<folder>; empty when it is not there.
std::vector<std::pair<std::string, std::string>> Vectors(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> files;
  const char* source = std::getenv("MOLTGATE_SOURCE_DIR");
  if (source == nullptr) return files;
  std::error_code absent;
  const fs::path path = fs::path(source) / "../shared/vectors/json" / folder;
  for (const auto& entry : fs::directory_iterator(path, absent)) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    files.emplace_back(entry.path().filename().string(), content.str());
  }
  return files;
}

TEST(ParseJson, AgreesWithTheJsonTestSuite) {
  const auto vectors = Vectors("test_parsing");
  if (vectors.empty()) GTEST_SKIP() << "no vectors";
  // The suite's deepest document is 500 levels, and it may be refused or not.
  for (const auto& [name, text] : vectors) {
    const auto parsed = ParseJson(text);
    if (name.rfind("y_", 0) == 0) {
      EXPECT_TRUE(parsed.ok()) << name << ": " << parsed.error().message;
    }
    if (name.rfind("n_", 0) == 0) {
      EXPECT_FALSE(parsed.ok()) << name;
    }
    if (parsed) {
      EXPECT_TRUE(ParseJson(DumpJson(*parsed)).ok()) << name;
    }
  }
}

// JSON with comments is JSON with comments and trailing commas, and nothing else.
TEST(ParseJson, HasASuiteThatProfilesAndScenariosKeepTo) {
  const auto vectors = Vectors("test_parsing");
  if (vectors.empty()) GTEST_SKIP() << "no vectors";
  const std::set<std::string> allowed = {
      "n_array_number_and_comma.json",        "n_object_trailing_comma.json",
      "n_object_trailing_comment.json",       "n_object_trailing_comment_slash_open.json",
      "n_structure_object_with_comment.json", "n_array_extra_comma.json"};
  const std::set<std::string> keys_twice = {"y_object_duplicated_key.json",
                                            "y_object_duplicated_key_and_value.json"};
  for (const auto& [name, text] : vectors) {
    const bool accepted = ParseJsonc(text, name).ok();
    if (name.rfind("y_", 0) == 0) {
      EXPECT_EQ(accepted, keys_twice.count(name) == 0) << name;
    }
    if (name.rfind("n_", 0) == 0) {
      EXPECT_EQ(accepted, allowed.count(name) != 0) << name;
    }
  }
}

TEST(ParseJson, SurvivesTheTransformSuite) {
  const auto vectors = Vectors("test_transform");
  if (vectors.empty()) GTEST_SKIP() << "no vectors";
  for (const auto& [name, text] : vectors) {
    const auto parsed = ParseJson(text);
    const bool same_keys = name.rfind("object_same_key", 0) == 0;
    if (same_keys) {
      EXPECT_TRUE(parsed.ok()) << name;
      EXPECT_FALSE(ParseJson(text, {64, true}).ok()) << name;
    }
  }
}

TEST(ParseJson, ReadsEveryKindOfValue) {
  const auto parsed = ParseJson(R"( {"a": [1, -2, 2.5, true, null, "x\u00e4\ud83d\ude00"]} )");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(DumpJson(*parsed), "{\"a\":[1,-2,2.5,true,null,\"x\xc3\xa4\xf0\x9f\x98\x80\"]}");
}

TEST(ParseJson, NamesTheLineAndColumnOfAnError) {
  EXPECT_THAT(MessageOf("{\n  \"a\": tru\n}"), ::testing::HasSubstr("line 2, column 11"));
  EXPECT_EQ(MessageOf("[1,\n2"),
            "JSON: line 2, column 2: array - unexpected end of input; expected ']'");
  EXPECT_THAT(MessageOf(""), ::testing::HasSubstr("JSON: line 1, column 1: "));
  EXPECT_THAT(MessageOf("[\"a\x80\"]"), ::testing::HasSubstr("ill-formed UTF-8"));
  EXPECT_THAT(MessageOf("[1e999]"), ::testing::HasSubstr("a number is too large"));
}

TEST(ParseJson, NeverQuotesTheInput) {
  for (const char* text : {"{\"token\": \"hunter2", "[hunter2]", "{\"hunter2\" 1}",
                           "\"hunter2\x01\"", "[1e99999999]"}) {
    EXPECT_THAT(MessageOf(text), ::testing::Not(::testing::HasSubstr("hunter2"))) << text;
    EXPECT_THAT(MessageOf(text), ::testing::Not(::testing::HasSubstr("99999"))) << text;
  }
}

TEST(ParseJson, RefusesANulByteAndWhatFollowsTheDocument) {
  EXPECT_THAT(MessageOf(std::string_view("[]\0", 3)), ::testing::HasSubstr("column 3: a NUL byte"));
  EXPECT_THAT(MessageOf("[] []"), ::testing::HasSubstr("line 1, column 4"));
  EXPECT_NE(MessageOf("[1,]"), "accepted");
  EXPECT_NE(MessageOf("[1] // why"), "accepted");
}

TEST(ParseJson, LimitsTheDepth) {
  EXPECT_TRUE(ParseJson(Nested(64)).ok());
  EXPECT_EQ(MessageOf(Nested(65)), "JSON: line 1, column 65: nested deeper than 64 levels");
  EXPECT_EQ(MessageOf("{\"a\":{\"b\":[]}}", {2, false}),
            "JSON: line 1, column 11: nested deeper than 2 levels");
  EXPECT_TRUE(ParseJson("[[],[],{\"a\":1}]", {2, false}).ok());
  EXPECT_FALSE(ParseJson(std::string(1'000'000, '[')).ok());
}

TEST(ParseJson, KeepsTheLastOfTwoEqualKeysUnlessToldToRefuse) {
  constexpr std::string_view kText = "{\"a\": 1,\n \"\\u0061\": {\"b\": 2}}";
  const auto parsed = ParseJson(kText);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(DumpJson(*parsed), "{\"a\":{\"b\":2}}");
  EXPECT_EQ(MessageOf(kText, {64, true}),
            "JSON: line 2, column 2: a key is given twice in one object");
}

TEST(ParseJson, SeesTwoEqualKeysInOneObjectAlone) {
  EXPECT_TRUE(ParseJson(R"({"a": {"a": [{"a": 1}, {"a": 1}]}, "A": 1})", {64, true}).ok());
  EXPECT_THAT(MessageOf(R"([{"a\"\\": 1, "b": [], "a\"\\": 1}])", {64, true}),
              ::testing::HasSubstr("column 24"));
  EXPECT_THAT(MessageOf(R"({"":1,"":2})", {64, true}), ::testing::HasSubstr("column 7"));
}

TEST(DumpJson, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(DumpJson(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

TEST(JsonMembers, AreReadOrFallBackWithoutThrowing) {
  const auto parsed =
      ParseJson(R"({"s": "x", "n": -7, "f": 7.0, "u": 18446744073709551615, "z": null})");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(StringAt(*parsed, "s"), "x");
  EXPECT_EQ(StringAt(*parsed, "n", "none"), "none");
  EXPECT_EQ(StringAt(*parsed, "absent", "none"), "none");
  EXPECT_EQ(IntAt(*parsed, "n", 1), -7);
  for (const char* key : {"s", "f", "u", "z", "absent"})
    EXPECT_EQ(IntAt(*parsed, key, 1), 1) << key;
  EXPECT_NE(Find(*parsed, "z"), nullptr);
  EXPECT_EQ(Find(*parsed, "absent"), nullptr);
  EXPECT_EQ(Find(Json::array({1}), "s"), nullptr);
  EXPECT_EQ(StringAt(Json("text"), "s", "none"), "none");
}

TEST(ParseJson, RefusesAByteOrderMark) {
  EXPECT_FALSE(ParseJson("\xef\xbb\xbf{}"));
}

}  // namespace
}  // namespace mg
