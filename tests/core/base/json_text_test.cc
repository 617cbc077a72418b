#include "core/base/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace mg {
namespace {

TEST(JsonText, ReplacesEveryByteThatIsNotUtf8) {
  const std::string bad = "\xef\xbf\xbd";
  const std::pair<std::string, std::string> cases[] = {
      {"\xc3\xa4", "\xc3\xa4"},
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
      {"\xc0\xaf", bad + bad},                      // overlong
      {"\xe0\x80\xaf", bad + bad + bad},            // overlong
      {"\xed\xa0\x80", bad + bad + bad},            // a surrogate
      {"\xf4\x90\x80\x80", bad + bad + bad + bad},  // above U+10FFFF
      {"\xe2\x82", bad + bad},                      // cut
      {"\x80", bad},
  };
  for (const auto& [text, expected] : cases) {
    std::string out;
    AppendJsonString(out, text);
    EXPECT_EQ(out, "\"" + expected + "\"");
  }
}

}  // namespace
}  // namespace mg
