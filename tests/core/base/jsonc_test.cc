#include "core/base/jsonc.h"

#include <gtest/gtest.h>

namespace mg {
namespace {

using Kind = JsoncNode::Kind;

std::string MessageOf(std::string_view text) {
  const auto parsed = ParseJsonc(text, "p");
  if (parsed.ok()) return "accepted";
  EXPECT_EQ(parsed.error().code, Code::kInvalid);
  return parsed.error().message;
}

JsoncNode Parsed(std::string_view text) {
  const auto parsed = ParseJsonc(text, "p");
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.ok() ? *parsed : JsoncNode{};
}

TEST(Jsonc, ReadsCommentsAndTrailingCommas) {
  const JsoncNode root = Parsed(
      "\xef\xbb\xbf// head\n{ /* a */ \"a\" /**/ : /* * / */ [1, 2,], // rest\r\n"
      "  \"b\": {\"c\": null,},\n} // end");
  ASSERT_EQ(root.members.size(), 2U);
  EXPECT_EQ(root.Find("a")->items.size(), 2U);
  EXPECT_EQ(root.Find("b")->Find("c")->kind, Kind::kNull);
  EXPECT_EQ(root.Find("c"), nullptr);
  EXPECT_EQ(root.Find("a")->Find("a"), nullptr);
}

TEST(Jsonc, ReadsEveryKindOfValue) {
  const JsoncNode root = Parsed(R"([true, false, null, -2.5e1, "x", [], {}, 0])");
  ASSERT_EQ(root.items.size(), 8U);
  EXPECT_TRUE(root.items[0].boolean);
  EXPECT_EQ(root.items[1].kind, Kind::kBool);
  EXPECT_EQ(root.items[2].kind, Kind::kNull);
  EXPECT_EQ(root.items[3].number, -25);
  EXPECT_EQ(root.items[3].text, "-2.5e1");
  EXPECT_EQ(root.items[4].text, "x");
  EXPECT_EQ(root.items[5].kind, Kind::kArray);
  EXPECT_EQ(root.items[6].kind, Kind::kObject);
  EXPECT_EQ(root.items[7].number, 0);
}

TEST(Jsonc, KnowsWhereEveryKeyAndValueStands) {
  const JsoncNode root = Parsed("{\n  \"a\": 1,\n  /* x\n */ \"b\": [\n\t2]}");
  EXPECT_EQ(root.at.line, 1);
  EXPECT_EQ(root.members[0].at.line, 2);
  EXPECT_EQ(root.members[0].at.column, 3);
  EXPECT_EQ(root.members[0].value.at.column, 8);
  EXPECT_EQ(root.members[1].at.line, 4);
  EXPECT_EQ(root.members[1].at.column, 5);
  EXPECT_EQ(root.members[1].value.items[0].at.line, 5);
  EXPECT_EQ(root.members[1].value.items[0].at.column, 2);
}

TEST(Jsonc, DecodesEveryEscape) {
  EXPECT_EQ(Parsed(R"("\"\\\/\b\f\n\r\t\u0041\u00e4\u20AC\ud83d\ude00")").text,
            "\"\\/\b\f\n\r\tA\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(Parsed(R"("\u0000")").text, std::string(1, '\0'));
}

TEST(Jsonc, RefusesAKeyGivenTwiceAndNamesBothPlaces) {
  EXPECT_EQ(MessageOf("{\"a\": 1,\n \"b\": 2,\n  \"\\u0061\": 3}"),
            "p:3:3: \"a\" is given twice; first at 1:2");
  EXPECT_EQ(MessageOf(R"({"a": {"a": 1}, "b": {"a": 1}})"), "accepted");
}

TEST(Jsonc, SaysWhatIsWrongAndWhere) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "p:1:1: expected a value, found the end of the file"},
      {"// only", "p:1:8: expected a value, found the end of the file"},
      {"{} x", "p:1:4: nothing may follow the document, but 'x' does"},
      {"[1 2]", "p:1:4: expected ',' or ']', found '2'"},
      {"[1,,2]", "p:1:4: expected a value, found ','"},
      {"[,]", "p:1:2: expected a value, found ','"},
      {"{,}", "p:1:2: expected a key in double quotes, found ','"},
      {"{a: 1}", "p:1:2: expected a key in double quotes, found 'a'"},
      {"{'a': 1}", "p:1:2: expected a key in double quotes, found '''"},
      {"{\"a\" 1}", "p:1:6: expected ':' after \"a\", found '1'"},
      {"{\"a\":}", "p:1:6: expected a value, found '}'"},
      {"\n[1,\n", "p:2:1: this is not closed with ']'"},
      {"{\"a\": 1", "p:1:1: this is not closed with '}'"},
      {"[/* x ]", "p:1:2: this comment is not closed with */"},
      {"/", "p:1:1: '/' starts a comment only as // or /*"},
      {"/*/", "p:1:1: this comment is not closed with */"},
      {"[yes]", "p:1:2: expected a value, found 'yes'"},
      {"[\x01]", "p:1:2: expected a value, found byte 0x01"},
      {"\"a", "p:1:1: this string is not closed with '\"'"},
      {"\"a\n\"", "p:1:1: this string is not closed with '\"'"},
      {"\"\t\"", "p:1:2: a control character in a string must be written as \\u00xx"},
      {"\"\xff\"", "p:1:1: this string is not valid UTF-8"},
      {"\"\\x\"", "p:1:2: no such escape: a backslash before 'x'"},
      {"\"\\", "p:1:2: an escape is cut off by the end of the file"},
      {"\"\\u12", "p:1:2: \\u needs four hex digits"},
      {"\"\\ud83d\"", "p:1:2: the first half of a surrogate pair needs its second half"},
      {"\"\\ud83d\\u0041\"", "p:1:2: the first half of a surrogate pair needs its second half"},
      {"\"\\ude00\"", "p:1:2: the second half of a surrogate pair stands alone"},
      {"[1e999]", "p:1:2: this number is too large"},
      {"[1_000]", "p:1:3: expected ',' or ']', found '_'"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(MessageOf(text), message) << text;
  for (const char* text : {"-", "01", "-01", "1.", "1.e1", "1e", "1e+"}) {
    EXPECT_EQ(MessageOf(text), "p:1:1: a number is digits, as in 60, -1 or 2.5e3") << text;
  }
  EXPECT_EQ(MessageOf(std::string_view("\0", 1)), "p:1:1: expected a value, found byte 0x00");
}

TEST(Jsonc, LimitsTheDepth) {
  EXPECT_EQ(MessageOf(std::string(64, '[') + std::string(64, ']')), "accepted");
  EXPECT_EQ(MessageOf(std::string(65, '[')), "p:1:65: nested deeper than 64 levels");
  EXPECT_EQ(MessageOf(std::string(1'000'000, '[')), "p:1:65: nested deeper than 64 levels");
}

TEST(Jsonc, RefusesEveryProperPrefixOfADocumentWithoutACrash) {
  const std::string text =
      "{\"a\": [1, -2.5e-1, \"\\ud83d\\ude00 \xc3\xa4\", true], /* c */ \"b\": {\"c\": null,}}";
  ASSERT_EQ(MessageOf(text), "accepted");
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_NE(MessageOf(text.substr(0, length)), "accepted") << length;
  }
}

TEST(NearestWord, FindsATypingError) {
  const std::vector<std::string> words = {"app_domain", "operators", "limits", "listen", "db"};
  EXPECT_EQ(NearestWord("app_domian", words), "app_domain");
  EXPECT_EQ(NearestWord("operator", words), "operators");
  EXPECT_EQ(NearestWord("limit", words), "limits");
  EXPECT_EQ(NearestWord("applicationdomain", {"application_name"}), "application_name");
}

TEST(NearestWord, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(NearestWord("bucket", {"operators", "limits"}), "");
  EXPECT_EQ(NearestWord("kv", {"db"}), "");
  EXPECT_EQ(NearestWord("", {"a"}), "");
  EXPECT_EQ(NearestWord("a", {}), "");
  EXPECT_EQ(NearestWord(std::string(100'000, 'a'), {"a"}), "");
}

}  // namespace
}  // namespace mg
