// The aws-chunked framing: the verdict and the bytes are the same however the input is split. The
// first byte says which of the framings it is.
#include <string>

#include "fakes/r2/aws_chunked.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;
using namespace mg::fake;

namespace {

AwsChunkedDecoder DecoderOf(std::uint8_t kind) {
  std::optional<ChunkSigning> signing;
  if ((kind & 1) != 0)
    signing = ChunkSigning{{"key", "secret"}, "20260304T050607Z", std::string(64, '0')};
  return AwsChunkedDecoder(std::move(signing), (kind & 2) != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input = Text(data + 1, size - 1);
  AwsChunkedDecoder whole = DecoderOf(data[0]);
  std::string at_once;
  whole.Decode(input, at_once);
  Require(at_once.size() <= input.size());

  AwsChunkedDecoder pieces = DecoderOf(data[0]);
  std::string bit_by_bit;
  for (std::size_t i = 0; i < input.size(); ++i) pieces.Decode(input.substr(i, 1), bit_by_bit);
  Require(pieces.state() == whole.state());
  if (whole.state() == AwsChunkedDecoder::State::kDone) {
    Require(bit_by_bit == at_once);
    Require(pieces.trailers().lines().size() == whole.trailers().lines().size());
  }
  return 0;
}
