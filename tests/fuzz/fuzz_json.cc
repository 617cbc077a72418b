// JSON: what is accepted can be written, and reads again as the same text.
#include "core/base/json.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  JsonRules strict;
  strict.refuse_duplicate_keys = true;
  const Result<Json> unique = ParseJson(text, strict);
  const Result<Json> value = ParseJson(text);
  Require(!unique || value);
  if (!value) return 0;
  const std::string written = DumpJson(*value);
  const Result<Json> again = ParseJson(written);
  Require(again.ok() && DumpJson(*again) == written);
  return 0;
}
