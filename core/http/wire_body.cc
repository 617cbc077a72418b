#include <algorithm>

#include "core/http/wire.h"
#include "core/http/wire_chars.h"

namespace mg::wire {
namespace {

constexpr std::size_t kMaxSizeDigits = 8;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

BodyDecoder::BodyDecoder(Framing framing, std::uint64_t content_length, const Limits& limits)
    : framing_(framing), state_(State::kData), limits_(limits) {
  switch (framing) {
    case Framing::kNone:
      state_ = State::kDone;
      break;
    case Framing::kLength:
      left_ = content_length;
      if (left_ == 0) state_ = State::kDone;
      break;
    case Framing::kChunked:
      state_ = State::kSize;
      break;
    case Framing::kUntilClose:
      break;
  }
}

bool BodyDecoder::EndOfInput() const {
  return framing_ == Framing::kUntilClose || done();
}

std::size_t BodyDecoder::Decode(std::string_view input, std::string& out) {
  if (framing_ == Framing::kChunked) return DecodeChunked(input, out);
  if (framing_ == Framing::kUntilClose) {
    out += input;
    return input.size();
  }
  return TakeData(input, State::kDone, out);
}

std::size_t BodyDecoder::TakeData(std::string_view input, State after, std::string& out) {
  const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  out += input.substr(0, taken);
  left_ -= taken;
  if (left_ == 0) state_ = after;
  return taken;
}

std::size_t BodyDecoder::DecodeChunked(std::string_view input, std::string& out) {
  std::size_t taken = 0;
  while (taken < input.size() && state_ != State::kDone && state_ != State::kMalformed) {
    if (state_ == State::kData) {
      taken += TakeData(input.substr(taken), State::kDataCr, out);
      continue;
    }
    const State next =
        state_ < State::kTrailer ? AfterChunkByte(input[taken]) : AfterTrailerByte(input[taken]);
    state_ = next;
    if (next != State::kMalformed) ++taken;
  }
  return taken;
}

// `byte` belongs to a chunk's size line or to the line end after its data.
BodyDecoder::State BodyDecoder::AfterChunkByte(char byte) {
  switch (state_) {
    case State::kSize:
      if (const int digit = HexValue(byte); digit >= 0 && digits_ < kMaxSizeDigits) {
        left_ = left_ * 16 + static_cast<unsigned>(digit);
        ++digits_;
        return State::kSize;
      }
      if (digits_ == 0) return State::kMalformed;
      if (byte == '\r') return State::kSizeLf;
      line_bytes_ = 0;
      return byte == ';' ? State::kExtension : State::kMalformed;
    case State::kExtension:
      if (byte == '\r') return State::kSizeLf;
      if (!Is(kValueChar, byte)) return State::kMalformed;
      return ++line_bytes_ <= limits_.chunk_extension_bytes ? State::kExtension : State::kMalformed;
    case State::kSizeLf:
      digits_ = 0;
      if (byte != '\n') return State::kMalformed;
      return left_ == 0 ? State::kTrailer : State::kData;
    case State::kDataCr:
      return byte == '\r' ? State::kDataLf : State::kMalformed;
    default:  // kDataLf
      return byte == '\n' ? State::kSize : State::kMalformed;
  }
}

// Trailers are dropped, but must be header lines: else what follows a cut body would pass for them.
BodyDecoder::State BodyDecoder::AfterTrailerByte(char byte) {
  if (++trailer_bytes_ > limits_.head_bytes) return State::kMalformed;
  switch (state_) {
    case State::kTrailer:
      if (byte == '\r') return State::kEndLf;
      return Is(kTokenChar, byte) ? State::kTrailerName : State::kMalformed;
    case State::kTrailerName:
      if (byte == ':') return State::kTrailerValue;
      return Is(kTokenChar, byte) ? State::kTrailerName : State::kMalformed;
    case State::kTrailerValue:
      if (byte == '\r') return State::kTrailerLf;
      return Is(kValueChar, byte) ? State::kTrailerValue : State::kMalformed;
    case State::kTrailerLf:
      return byte == '\n' ? State::kTrailer : State::kMalformed;
    default:  // kEndLf
      return byte == '\n' ? State::kDone : State::kMalformed;
  }
}

}  // namespace mg::wire
