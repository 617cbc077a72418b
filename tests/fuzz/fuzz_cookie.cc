// Cookies and query values: what is found stands there, under that name and no other.
#include "core/base/bytes.h"
#include "core/http/message.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  const std::size_t half = size == 0 ? 0 : data[0] % size;
  Headers headers{{"cookie", std::string(text.substr(0, half))},
                  {"Cookie", std::string(text.substr(half))}};
  const auto found = CookieValue(headers, "CF_Authorization");
  const std::string named = "CF_Authorization=";
  if (found) {
    Require(found->find(';') == std::string::npos);
    Require(found->empty() || TrimSpace(found->substr(found->size() - 1)).size() == 1);
    Require(text.find(named + *found) != std::string_view::npos);
    headers = {{"cookie", "a=b; " + named + *found + "; " + named + "second"}};
    Require(CookieValue(headers, "CF_Authorization") == found);
  }
  const auto value = QueryValue(text, "q");
  Require(!value || text.find('q') != std::string_view::npos ||
          text.find('%') != std::string_view::npos);
  Require(QueryValue("q=1&" + std::string(text), "q") == "1");
  return 0;
}
