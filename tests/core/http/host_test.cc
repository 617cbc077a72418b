#include "core/http/host.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg {
namespace {

// The name, "literal NAME" for an IP address, or "refused".
std::string Parsed(std::string_view authority) {
  const Result<HostName> host = ParseHost(authority);
  if (!host) return host.error().code == Code::kInvalid ? "refused" : "wrong error";
  return (host->is_ip_literal ? "literal " : "") + host->name;
}

TEST(ParseHost, LowersTheNameAndDropsPortAndOneDot) {
  EXPECT_EQ(Parsed("acme.localhost"), "acme.localhost");
  EXPECT_EQ(Parsed("ACME.LocalHost:8787"), "acme.localhost");
  EXPECT_EQ(Parsed("acme.localhost."), "acme.localhost");
  EXPECT_EQ(Parsed("acme.localhost.:80"), "acme.localhost");
  EXPECT_EQ(Parsed("localhost"), "localhost");
  EXPECT_EQ(Parsed("a-b--c.x9.1a"), "a-b--c.x9.1a");
  EXPECT_EQ(Parsed("xn--mnchen-3ya.de"), "xn--mnchen-3ya.de");
}

TEST(ParseHost, TakesAPortOfDigitsOrNone) {
  EXPECT_EQ(Parsed("a:"), "a");
  EXPECT_EQ(Parsed("a:0"), "a");
  EXPECT_EQ(Parsed("a:65535"), "a");
  EXPECT_EQ(Parsed("a:00080"), "a");
  for (const char* wrong :
       {"a:65536", "a:8x", "a:-1", "a:+1", "a: 80", "a:80:80", "a:99999999999"}) {
    EXPECT_EQ(Parsed(wrong), "refused") << wrong;
  }
}

TEST(ParseHost, RefusesWhatIsNotAHostName) {
  for (const char* wrong : {"",     ".",   "..",  ":80",    "a..b",  ".a",
                            "a..",  "-a",  "a-",  "a.-b.c", "a_b",   "ac_me.localhost",
                            "a%62", "a b", " a",  "a ",     "a/b",   "user@a",
                            "a,b",  "a*b", "*.a", "a\tb",   "a\x7f", "a\\b"}) {
    EXPECT_EQ(Parsed(wrong), "refused") << wrong;
  }
  EXPECT_EQ(Parsed(std::string_view("a\0b", 3)), "refused");
}

TEST(ParseHost, HoldsLabelsTo63AndNamesTo253Bytes) {
  const std::string label(63, 'a');
  EXPECT_EQ(Parsed(label), label);
  EXPECT_EQ(Parsed(label + "a"), "refused");
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  ASSERT_EQ(longest.size(), 253u);
  EXPECT_EQ(Parsed(longest), longest);
  EXPECT_EQ(Parsed(longest + ".:443"), longest);
  EXPECT_EQ(Parsed(longest + "b"), "refused");
  EXPECT_EQ(Parsed(std::string(1'000'000, 'a')), "refused");
}

TEST(ParseHost, WritesInternationalNamesInPunycode) {
  EXPECT_EQ(Parsed("m\u00fcnchen.de"), "xn--mnchen-3ya.de");
  EXPECT_EQ(Parsed("M\u00dcNCHEN.de:443"), "xn--mnchen-3ya.de");
  EXPECT_EQ(Parsed("mu\u0308nchen.de"), "xn--mnchen-3ya.de");
  EXPECT_EQ(Parsed("fa\u00df.de"), "xn--fa-hia.de");
  EXPECT_EQ(Parsed("\uff41cme\u3002localhost\u3002"), "acme.localhost");
}

TEST(ParseHost, RefusesInternationalNamesThatBreakTheGrammar) {
  EXPECT_EQ(Parsed("m\xfcnchen.de"), "refused");
  EXPECT_EQ(Parsed("\xc0\xae"), "refused");
  EXPECT_EQ(Parsed("a_\u00fc.de"), "refused");
  EXPECT_EQ(Parsed("a%\u00fc.de"), "refused");
  EXPECT_EQ(Parsed("a\uff05\u00fc.de"), "refused");
  EXPECT_EQ(Parsed("a\uff0f\u00fc.de"), "refused");
  EXPECT_EQ(Parsed("a\uff1a80"), "refused");
  EXPECT_EQ(Parsed("\u00ad"), "refused");
  EXPECT_EQ(Parsed("a\u200b\u3002\u3002b"), "refused");
  EXPECT_EQ(Parsed(std::string("\u00fc\0.de", 6)), "refused");
  std::string long_name;
  for (int i = 0; i < 100'000; ++i) long_name += "\u00fc";
  EXPECT_EQ(Parsed(long_name), "refused");
}

TEST(ParseHost, FlagsIpv4InEveryFormThatBrowsersKnow) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"127.0.0.1", "literal 127.0.0.1"},
      {"127.0.0.1:8787", "literal 127.0.0.1"},
      {"127.0.0.1.", "literal 127.0.0.1"},
      {"127.1", "literal 127.0.0.1"},
      {"1.2.3", "literal 1.2.0.3"},
      {"0x7f.1", "literal 127.0.0.1"},
      {"0X7F.0.0.0x1", "literal 127.0.0.1"},
      {"0177.0.0.01", "literal 127.0.0.1"},
      {"2130706433", "literal 127.0.0.1"},
      {"0x7f000001", "literal 127.0.0.1"},
      {"017700000001", "literal 127.0.0.1"},
      {"0", "literal 0.0.0.0"},
      {"0x", "literal 0.0.0.0"},
      {"4294967295", "literal 255.255.255.255"},
      {"1.16777215", "literal 1.255.255.255"},
      {"\uff11\uff12\uff17.0.0.1", "literal 127.0.0.1"},
  };
  for (const auto& [authority, wanted] : rows) EXPECT_EQ(Parsed(authority), wanted) << authority;
}

TEST(ParseHost, RefusesNamesThatEndInANumberButAreNoAddress) {
  for (const char* wrong :
       {"256.0.0.1", "1.2.3.256", "4294967296", "1.16777216", "1.2.3.4.5", "a.1", "09.1", "1.08",
        "0xg.1", "a.0x1", "1..2", "99999999999999999999", "0x1ffffffffffffffff"}) {
    EXPECT_EQ(Parsed(wrong), "refused") << wrong;
  }
  EXPECT_EQ(Parsed("1.a"), "1.a");
  EXPECT_EQ(Parsed("0xg"), "0xg");
  EXPECT_EQ(Parsed("a.1b"), "a.1b");
}

TEST(ParseHost, TakesIpv6OnlyInBracketsAndInItsShortestForm) {
  EXPECT_EQ(Parsed("[::1]"), "literal [::1]");
  EXPECT_EQ(Parsed("[::1]:8787"), "literal [::1]");
  EXPECT_EQ(Parsed("[2001:DB8:0:0:0:0:0:1]"), "literal [2001:db8::1]");
  EXPECT_EQ(Parsed("[::ffff:127.0.0.1]"), "literal [::ffff:127.0.0.1]");
  for (const char* wrong :
       {"::1", "[", "[]", "[::1", "[::1]x", "[::1]:x", "[::1]:65536", "[::1].", "[fe80::1%25eth0]",
        "[1.2.3.4]", "[:::]", "[a.b]", "[::1]]", "a[::1]"}) {
    EXPECT_EQ(Parsed(wrong), "refused") << wrong;
  }
  EXPECT_EQ(Parsed(std::string_view("[::1\0]", 6)), "refused");
}

Json Vectors(const std::string& name) {
  const char* source = std::getenv("MOLTGATE_SOURCE_DIR");
  std::ifstream file(std::string(source == nullptr ? "." : source) + "/../shared/vectors/url/" +
                     name);
  std::stringstream text;
  text << file.rdbuf();
  std::string json = text.str();
  // Two rows hold half a surrogate pair, which is no JSON; U+FFFD is refused as well.
  constexpr std::string_view kHalfPair = "\\ud900";
  for (std::size_t at = 0; (at = json.find(kHalfPair, at)) != std::string::npos;) {
    json.replace(at, kHalfPair.size(), "\\ufffd");
  }
  const Result<Json> table = ParseJson(json);
  return table ? *table : Json();
}

// Browsers accept more than a host name (underscores, empty labels, hyphens at the ends); what they
// accept within our grammar must come out the same, and what we accept must be what they say.
TEST(ParseHost, AgreesWithBrowsersWithinTheHostGrammar) {
  int agreed = 0;
  for (const char* name : {"toascii.json", "IdnaTestV2.json"}) {
    const Json table = Vectors(name);
    if (table.is_null()) GTEST_SKIP() << "no vectors";
    for (const Json& row : table) {
      if (!row.is_object() || !row["input"].is_string()) continue;
      const std::string input = row["input"].get<std::string>();
      // Unicode 15.1 maps capital sharp s to the small one; the library's older table to "ss".
      if (input.find("\u1e9e") != std::string::npos) continue;
      const Result<HostName> host = ParseHost(input);
      if (!host || host->is_ip_literal) continue;
      const std::string wanted = StringAt(row, "output", "refused");
      EXPECT_EQ(host->name, wanted.substr(0, wanted.find_last_not_of('.') + 1)) << input;
      ++agreed;
    }
  }
  EXPECT_GT(agreed, 500);
}

TEST(ParseHost, AcceptsWhatBrowsersMakeOfAName) {
  const Json table = Vectors("IdnaTestV2.json");
  if (table.is_null()) GTEST_SKIP() << "no vectors";
  for (const Json& row : table) {
    const std::string output = StringAt(row, "output");
    if (output.empty() || !ParseHost(output)) continue;
    EXPECT_EQ(ParseHost(ParseHost(output)->name)->name, ParseHost(output)->name) << output;
  }
}

}  // namespace
}  // namespace mg
