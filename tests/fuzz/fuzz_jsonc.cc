// JSON with comments: every input ends in a value or in an error that names the file and a place.
#include "core/base/jsonc.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  const Result<JsoncNode> node = ParseJsonc(text, "f.jsonc");
  if (!node) {
    Require(node.error().code == Code::kInvalid);
    Require(node.error().message.rfind("f.jsonc:", 0) == 0);
  }
  return 0;
}
