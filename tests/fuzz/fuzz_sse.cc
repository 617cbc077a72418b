// Server-sent events: however the bytes are cut, the events are the same, and none is longer than
// the limit.
#include <string>
#include <vector>

#include "core/http/sse.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;

namespace {

constexpr std::size_t kMaxEventBytes = 48;  // small, so that the fuzzer reaches it

std::vector<std::string> Events(std::string_view text, std::size_t step) {
  std::vector<std::string> events;
  SseReader reader(kMaxEventBytes, [&events](std::string_view data) { events.emplace_back(data); });
  for (std::size_t at = 0; at < text.size(); at += step) reader.Feed(text.substr(at, step));
  reader.End();
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  const auto whole = Events(text, size + 1);
  Require(whole == Events(text, 1));
  Require(whole == Events(text, size == 0 ? 1 : 2 + data[0] % 9));
  for (const std::string& event : whole) Require(event.size() <= kMaxEventBytes);
  return 0;
}
