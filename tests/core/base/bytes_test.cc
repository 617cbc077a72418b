#include "core/base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace mg {
namespace {

using Parts = std::vector<std::string_view>;

std::string EveryByte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(Hex, IsWrittenInLowerCaseAndReadInBoth) {
  EXPECT_EQ(HexEncode(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(HexDecode("00fF1A"), std::string("\x00\xff\x1a", 3));
  EXPECT_EQ(HexDecode(""), "");
}

TEST(Hex, RefusesOddLengthsAndForeignCharacters) {
  for (const char* text : {"0", "abc", "0g", "g0", "0x", " 0", "0 "}) {
    EXPECT_EQ(HexDecode(text), std::nullopt) << text;
  }
}

TEST(Base64, HoldsTheVectorsOfRfc4648) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(Base64Decode(text), bytes);
    const std::string unpadded = text.substr(0, text.find('='));
    EXPECT_EQ(Base64UrlEncode(bytes), unpadded);
    EXPECT_EQ(Base64UrlDecode(unpadded), bytes);
  }
}

TEST(Base64, RoundTripsEveryByteAtEveryLength) {
  const std::string all = EveryByte();
  for (std::size_t length = 0; length <= all.size(); ++length) {
    const std::string bytes = all.substr(all.size() - length);
    EXPECT_EQ(Base64Decode(Base64Encode(bytes)), bytes);
    EXPECT_EQ(Base64UrlDecode(Base64UrlEncode(bytes)), bytes);
  }
}

TEST(Base64, RefusesWrongPaddingTrailingBitsAndForeignCharacters) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "Z=g=",
                           "Zm9v\n", "Zm 9v", "Zm-v", "Zm_v", "Zm9vZg==Zm9v"}) {
    EXPECT_EQ(Base64Decode(text), std::nullopt) << text;
  }
}

TEST(Base64Url, RefusesPaddingTrailingBitsAndTheStandardAlphabet) {
  EXPECT_EQ(Base64UrlEncode("\xfb\xff"), "-_8");
  for (const char* text : {"Zg==", "Zh", "Zm9", "Z", "Zm9vY", "+_8", "-/8", "Zg\n", " Zg"}) {
    EXPECT_EQ(Base64UrlDecode(text), std::nullopt) << text;
  }
}

TEST(PercentEncoding, KeepsUnreservedBytesAndThoseAskedFor) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a/b c\xc3\xa4"), "a%2Fb%20c%C3%A4");
  EXPECT_EQ(PercentEncode("a/b", "/"), "a/b");
  EXPECT_EQ(PercentEncode(std::string_view("\0", 1)), "%00");
}

TEST(PercentEncoding, DecodesWhatItEncodes) {
  EXPECT_EQ(PercentDecode(PercentEncode(EveryByte())), EveryByte());
  EXPECT_EQ(PercentDecode("a+b%2fc%2F"), "a+b/c/");
}

TEST(PercentEncoding, RefusesAPercentSignWithoutTwoHexDigits) {
  for (const char* text : {"%", "%2", "a%", "%2g", "%g2", "%%20"}) {
    EXPECT_EQ(PercentDecode(text), std::nullopt) << text;
  }
}

TEST(Text, LowersAndComparesAsciiAlone) {
  EXPECT_EQ(AsciiLower("ABCxyz[]@\xc3\x84"), "abcxyz[]@\xc3\x84");
  EXPECT_TRUE(EqualsIgnoreCase("Content-Type", "cONTENT-tYPE"));
  EXPECT_FALSE(EqualsIgnoreCase("a", "ab"));
  EXPECT_FALSE(EqualsIgnoreCase("@", "`"));  // 0x40 and 0x60 differ in the case bit alone
}

TEST(Text, TrimsTheFourSpacesOfHttpAndNoOthers) {
  EXPECT_EQ(TrimSpace(" \t\r\na b\n"), "a b");
  EXPECT_EQ(TrimSpace(" \t"), "");
  EXPECT_EQ(TrimSpace(""), "");
  EXPECT_EQ(TrimSpace("\va\v"), "\va\v");
}

TEST(Text, SplitsIntoOnePartMoreThanThereAreSeparators) {
  EXPECT_EQ(Split("", ','), Parts({""}));
  EXPECT_EQ(Split("a", ','), Parts({"a"}));
  EXPECT_EQ(Split("a,,b,", ','), Parts({"a", "", "b", ""}));
}

TEST(Numbers, AreDecimalDigitsUpToTheirLimit) {
  EXPECT_EQ(ParseUint("0"), 0U);
  EXPECT_EQ(ParseUint("0042"), 42U);
  EXPECT_EQ(ParseUint("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(ParseInt("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
}

TEST(Numbers, RefuseSignsSpacesAndOverflow) {
  for (const char* text : {"", "+1", "-1", " 1", "1 ", "1.0", "0x1", "1e3", "18446744073709551616",
                           "99999999999999999999999"}) {
    EXPECT_EQ(ParseUint(text), std::nullopt) << text;
    EXPECT_EQ(ParseInt(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseInt("9223372036854775808"), std::nullopt);
}

TEST(Utf8, AcceptsTheEdgesOfEveryLength) {
  for (const char* text :
       {"", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << HexEncode(text);
  }
}

TEST(Utf8, RefusesOverlongFormsSurrogatesTruncationAndWhatLiesBeyond) {
  for (const char* text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "a\xe2\x28\xa1", "\xe2\x82\x28"}) {
    EXPECT_FALSE(IsValidUtf8(text)) << HexEncode(text);
  }
}

}  // namespace
}  // namespace mg
