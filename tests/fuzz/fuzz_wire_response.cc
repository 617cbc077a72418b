// A response head: the verdict is the same however its bytes are split. The first byte chooses the
// method that was asked with.
#include "core/http/wire.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;
using namespace mg::wire;

namespace {

Limits SmallLimits() {  // so that the fuzzer reaches them
  Limits limits;
  limits.header_lines = 8;
  limits.head_bytes = 512;
  return limits;
}

void RequireSameVerdictByteByByte(std::string_view input, std::string_view method, Progress whole) {
  ResponseHead head;
  Refused refused;
  std::size_t consumed = 0;
  for (std::size_t size = 0; size <= input.size(); ++size) {
    const Progress progress =
        ParseResponseHead(input.substr(0, size), method, SmallLimits(), head, consumed, refused);
    if (progress == Progress::kMore) continue;
    Require(progress == whole);
    Require(progress != Progress::kDone || consumed == size);
    return;
  }
  Require(whole == Progress::kMore);
}

void RequireRoundTrip(const ResponseHead& head) {
  Response response;
  response.status = head.status;
  response.headers = head.headers;
  const Result<std::string> text = ResponseHeadText(response, "GET", false, true);
  Require(text.ok());
  ResponseHead again;
  Refused refused;
  std::size_t consumed = 0;
  const Progress progress = ParseResponseHead(*text, "GET", Limits{}, again, consumed, refused);
  Require(progress == Progress::kDone && consumed == text->size());
  Require(again.status == head.status);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::string_view kMethods[] = {"GET", "HEAD", "CONNECT"};
  const std::string_view method = kMethods[data[0] % std::size(kMethods)];
  const std::string_view input = Text(data, size).substr(1);
  ResponseHead head;
  Refused refused;
  std::size_t consumed = 0;
  const Progress whole = ParseResponseHead(input, method, SmallLimits(), head, consumed, refused);
  RequireSameVerdictByteByByte(input, method, whole);
  if (whole != Progress::kDone) return 0;
  Require(consumed <= input.size() && consumed <= SmallLimits().head_bytes);
  Require(head.status >= 100 && head.status <= 599);
  Require(method != "HEAD" || head.framing == Framing::kNone);
  RequireRoundTrip(head);
  return 0;
}
