// A streamed chat answer: however it is cut, the same is read from it.
#include "core/clients/chat_stream.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  ChatStreamReader whole;
  whole.Feed(text);
  whole.End();
  ChatStreamReader pieces;
  const std::size_t step = size == 0 ? 1 : 1 + data[0] % 7;
  for (std::size_t at = 0; at < text.size(); at += step) pieces.Feed(text.substr(at, step));
  pieces.End();
  Require(whole.any_frame() == pieces.any_frame() && whole.done() == pieces.done());
  Require(whole.finished() == pieces.finished());
  Require(whole.usage().has_value() == pieces.usage().has_value());
  if (whole.usage())
    Require(whole.usage()->in == pieces.usage()->in && whole.usage()->out == pieces.usage()->out);
  Require(whole.failure().has_value() == pieces.failure().has_value());
  return 0;
}
