// A body: the same bytes come out however they are split, and never more than went in. The first
// byte chooses the framing, the second the length or the size of the pieces.
#include <algorithm>

#include "core/http/wire.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;
using namespace mg::wire;

namespace {

struct Decoded {
  std::string body;
  std::size_t taken = 0;
  bool done = false;
  bool malformed = false;
  bool whole = false;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded Decode(Framing framing, std::uint64_t length, std::string_view input, std::size_t step) {
  Limits limits;  // small, so that the fuzzer reaches them
  limits.chunk_extension_bytes = 16;
  limits.head_bytes = 64;
  BodyDecoder decoder(framing, length, limits);
  Decoded decoded;
  while (decoded.taken < input.size() && !decoder.done() && !decoder.malformed()) {
    const std::string_view piece = input.substr(decoded.taken, step);
    const std::size_t taken = decoder.Decode(piece, decoded.body);
    decoded.taken += taken;
    Require(taken == piece.size() || decoder.done() || decoder.malformed());
  }
  decoded.done = decoder.done();
  decoded.malformed = decoder.malformed();
  decoded.whole = decoder.EndOfInput();
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto framing = static_cast<Framing>(data[0] % 4);
  const std::size_t number = data[1];
  const std::string_view input = Text(data, size).substr(2);
  const Decoded whole = Decode(framing, number, input, std::max<std::size_t>(input.size(), 1));
  Require(whole == Decode(framing, number, input, 1));
  Require(whole == Decode(framing, number, input, number % 16 + 2));
  Require(whole.body.size() <= whole.taken && whole.taken <= input.size());
  Require(!(whole.done && whole.malformed) && !(whole.malformed && whole.whole));

  if (input.empty()) return 0;
  const std::string chunks = ChunkText(input) + std::string(kLastChunk);
  const Decoded back = Decode(Framing::kChunked, 0, chunks, number + 1);
  Require(back.done && back.body == input && back.taken == chunks.size());
  return 0;
}
