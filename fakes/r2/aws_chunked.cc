#include "fakes/r2/aws_chunked.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/digest.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMaxLineBytes = 4096;
constexpr std::size_t kMaxTrailerBytes = 16 * 1024;
constexpr std::size_t kMaxSizeDigits = 10;
constexpr std::string_view kSignatureField = "chunk-signature=";
constexpr std::string_view kTrailerSignature = "x-amz-trailer-signature";

std::optional<std::uint64_t> HexSize(std::string_view text) {
  if (text.empty() || text.size() > kMaxSizeDigits) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const char lower = static_cast<char>(c | 0x20);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(lower >= 'a' && lower <= 'f')) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(digit ? c - '0' : lower - 'a' + 10);
  }
  return value;
}

}  // namespace

AwsChunkedDecoder::AwsChunkedDecoder(std::optional<ChunkSigning> signing, bool with_trailer)
    : signing_(std::move(signing)),
      with_trailer_(with_trailer),
      previous_signature_(signing_ ? signing_->seed_signature : "") {}

AwsChunkedDecoder::State AwsChunkedDecoder::Decode(std::string_view input, std::string& out) {
  while (!input.empty() && state_ == State::kGoing) {
    if (at_ == At::kData) {
      const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
      out.append(input.substr(0, taken));
      if (hash_) hash_->Update(input.substr(0, taken));
      input.remove_prefix(taken);
      left_ -= taken;
      if (left_ == 0) at_ = At::kDataEnd;
      continue;
    }
    const std::size_t end = input.find('\n');
    const std::string_view part = input.substr(0, end);
    if (line_.size() + part.size() > kMaxLineBytes) return state_ = State::kMalformed;
    line_.append(part);
    if (end == std::string_view::npos) return state_;
    input.remove_prefix(end + 1);
    if (line_.empty() || line_.back() != '\r') return state_ = State::kMalformed;
    line_.pop_back();
    TakeLine(line_);
    line_.clear();
  }
  if (!input.empty() && state_ == State::kDone) state_ = State::kMalformed;
  return state_;
}

void AwsChunkedDecoder::TakeLine(std::string_view line) {
  switch (at_) {
    case At::kSize:
      return BeginChunk(line);
    case At::kDataEnd:
      if (!line.empty()) {
        state_ = State::kMalformed;
        return;
      }
      at_ = At::kSize;
      return EndChunk();
    case At::kTrailer:
      return line.empty() ? EndTrailers() : TakeTrailer(line);
    case At::kData:
      return;
  }
}

void AwsChunkedDecoder::BeginChunk(std::string_view line) {
  const std::size_t semicolon = line.find(';');
  const auto size = HexSize(line.substr(0, semicolon));
  std::string_view extension =
      semicolon == std::string_view::npos ? std::string_view() : line.substr(semicolon + 1);
  const bool is_signed = extension.substr(0, kSignatureField.size()) == kSignatureField;
  if (!size || is_signed != signing_.has_value() || (!is_signed && !extension.empty())) {
    state_ = State::kMalformed;
    return;
  }
  if (is_signed) {
    chunk_signature_ = std::string(extension.substr(kSignatureField.size()));
    hash_.emplace(Algorithm::kSha256);
  }
  left_ = *size;
  last_ = *size == 0;
  at_ = At::kData;
  if (!last_) return;
  EndChunk();
  at_ = At::kTrailer;
}

bool AwsChunkedDecoder::SignatureHolds(std::string_view algorithm, std::string_view hashes,
                                       std::string_view signature) {
  const std::string expected =
      SigV4PartSignature(signing_->key, signing_->amz_date, algorithm, previous_signature_, hashes);
  previous_signature_ = std::string(signature);
  return ConstantTimeEqual(expected, signature);
}

void AwsChunkedDecoder::EndChunk() {
  if (!signing_) return;
  const std::string hashes = Sha256Hex("") + "\n" + HexEncode(hash_->Finish());
  hash_.reset();
  if (!SignatureHolds("AWS4-HMAC-SHA256-PAYLOAD", hashes, chunk_signature_))
    state_ = State::kWrongSignature;
}

void AwsChunkedDecoder::TakeTrailer(std::string_view line) {
  const std::size_t colon = line.find(':');
  trailer_bytes_ += line.size();
  if (!with_trailer_ || colon == std::string_view::npos || colon == 0 ||
      trailer_bytes_ > kMaxTrailerBytes) {
    state_ = State::kMalformed;
    return;
  }
  const std::string name = AsciiLower(line.substr(0, colon));
  const std::string_view value = TrimSpace(line.substr(colon + 1));
  if (name == kTrailerSignature) {
    trailer_signature_ = std::string(value);
    return;
  }
  trailers_.Add(name, value);
  trailer_text_.append(name).append(":").append(value).append("\n");
}

void AwsChunkedDecoder::EndTrailers() {
  state_ = State::kDone;
  if (!signing_ || !with_trailer_) return;
  if (!SignatureHolds("AWS4-HMAC-SHA256-TRAILER", Sha256Hex(trailer_text_), trailer_signature_))
    state_ = State::kWrongSignature;
}

}  // namespace mg::fake
