// A request head: the verdict is the same however its bytes are split, and what is accepted can be
// written again and then means the same.
#include "core/http/wire.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;
using namespace mg::wire;

namespace {

Limits SmallLimits() {  // so that the fuzzer reaches them
  Limits limits;
  limits.target_bytes = 64;
  limits.header_lines = 8;
  limits.head_bytes = 512;
  return limits;
}

void RequireSameVerdictByteByByte(std::string_view input, Progress whole, const Refused& refused) {
  RequestHead head;
  std::size_t consumed = 0;
  for (std::size_t size = 0; size <= input.size(); ++size) {
    Refused now;
    const Progress progress =
        ParseRequestHead(input.substr(0, size), SmallLimits(), head, consumed, now);
    if (progress == Progress::kMore) continue;
    Require(progress == whole);
    Require(progress != Progress::kDone || consumed == size);
    Require(progress != Progress::kRefused ||
            (now.status == refused.status && now.reason == refused.reason));
    return;
  }
  Require(whole == Progress::kMore);
}

void RequireRoundTrip(const RequestHead& head) {
  const Result<std::string> text = RequestHeadText(head.request, "a.example");
  Require(text.ok());
  RequestHead again;
  Refused refused;
  std::size_t consumed = 0;
  const Progress progress = ParseRequestHead(*text, Limits{}, again, consumed, refused);
  Require(progress == Progress::kDone && consumed == text->size());
  Require(again.request.method == head.request.method);
  Require(again.request.target == head.request.target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = Text(data, size);
  RequestHead head;
  Refused refused;
  std::size_t consumed = 0;
  const Progress whole = ParseRequestHead(input, SmallLimits(), head, consumed, refused);
  RequireSameVerdictByteByByte(input, whole, refused);
  if (whole == Progress::kRefused) Require(refused.status >= 400 && !refused.reason.empty());
  if (whole != Progress::kDone) return 0;
  Require(consumed <= input.size() && consumed <= SmallLimits().head_bytes);
  Require(head.http_1_0 || head.request.headers.Count("host") == 1);
  Require(head.framing != Framing::kUntilClose);
  RequireRoundTrip(head);
  return 0;
}
