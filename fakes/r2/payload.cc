#include "fakes/r2/payload.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "fakes/r2/aws_chunked.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr std::string_view kStreamingUnsigned = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
constexpr std::string_view kStreamingSigned = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
constexpr std::string_view kStreamingSignedTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

bool IsStreaming(std::string_view payload) {
  return payload == kStreamingUnsigned || payload == kStreamingSigned ||
         payload == kStreamingSignedTrailer;
}

Response TooLarge() {
  return S3Error(400, "EntityTooLarge",
                 "Your proposed upload exceeds the maximum allowed object size.");
}

Response Incomplete() {
  return S3Error(400, "IncompleteBody", r2::kIncomplete);
}

Response WrongChunk() {
  return S3Error(403, "SignatureDoesNotMatch",
                 "The request signature we calculated does not match the signature you provided. "
                 "Check your secret access key and signing method.");
}

class Reading {
 public:
  Reading(const Signed& signature, const ChecksumClaim& claim, std::optional<Algorithm> wanted,
          std::uint64_t limit, const PayloadSink& sink)
      : limit_(limit), sink_(sink) {
    const std::string& payload = signature.payload;
    digests_.emplace_back(Algorithm::kMd5);
    if (payload != kUnsigned && !IsStreaming(payload)) Want(Algorithm::kSha256);
    if (claim.algorithm) Want(*claim.algorithm);
    if (wanted) Want(*wanted);
    if (payload == kStreamingUnsigned) decoder_.emplace(std::nullopt, true);
    if (payload == kStreamingSigned || payload == kStreamingSignedTrailer) {
      decoder_.emplace(ChunkSigning{signature.key, signature.amz_date, signature.signature},
                       payload == kStreamingSignedTrailer);
    }
  }

  std::optional<Response> Take(std::string_view bytes) {
    if (!decoder_) return Pass(bytes);
    std::string carried;
    const auto state = decoder_->Decode(bytes, carried);
    if (state == AwsChunkedDecoder::State::kWrongSignature) return WrongChunk();
    if (state == AwsChunkedDecoder::State::kMalformed) return Incomplete();
    return Pass(carried);
  }

  bool whole() const { return !decoder_ || decoder_->state() == AwsChunkedDecoder::State::kDone; }
  std::uint64_t size_bytes() const { return size_bytes_; }
  const Headers& trailers() const {
    static const Headers none;
    return decoder_ ? decoder_->trailers() : none;
  }
  DigestValues Values() {
    DigestValues values;
    for (Digest& digest : digests_) values[digest.algorithm()] = digest.Finish();
    return values;
  }

 private:
  void Want(Algorithm algorithm) {
    const bool there = std::any_of(digests_.begin(), digests_.end(), [&](const Digest& digest) {
      return digest.algorithm() == algorithm;
    });
    if (!there) digests_.emplace_back(algorithm);
  }

  std::optional<Response> Pass(std::string_view bytes) {
    if (bytes.empty()) return std::nullopt;
    size_bytes_ += bytes.size();
    if (size_bytes_ > limit_) return TooLarge();
    for (Digest& digest : digests_) digest.Update(bytes);
    const Status taken = sink_(bytes);
    if (taken) return std::nullopt;
    if (taken.error().code == Code::kExhausted)
      return S3Gap("r2.memory", "More than 1 GiB of objects without a state folder is");
    return S3Internal();
  }

  const std::uint64_t limit_;
  const PayloadSink& sink_;
  std::vector<Digest> digests_;
  std::optional<AwsChunkedDecoder> decoder_;
  std::uint64_t size_bytes_ = 0;
};

std::optional<Response> ReadAll(Request& request, Runtime& runtime, Reading& reading) {
  if (!request.body.is_stream()) return reading.Take(request.body.bytes());
  const Instant deadline = runtime.Now() + r2::kBodyDeadline;
  while (true) {
    auto piece = request.body.stream()->Next(deadline);
    if (!piece) return Incomplete();
    if (piece->empty()) return std::nullopt;
    if (auto refused = reading.Take(*piece)) return refused;
  }
}

}  // namespace

std::optional<std::uint64_t> DeclaredLength(const Request& request, const Signed& signature) {
  if (IsStreaming(signature.payload))
    return ParseUint(request.headers.Get("x-amz-decoded-content-length"));
  return request.body.length();
}

std::optional<Response> ReadPayload(Request& request, const Signed& signature, Runtime& runtime,
                                    std::uint64_t limit, std::optional<Algorithm> wanted,
                                    const PayloadSink& sink, Payload& out) {
  ChecksumClaim claim;
  if (auto refused = ReadClaim(request.headers, claim)) return refused;
  if (claim.in_trailer && !IsStreaming(signature.payload))
    return S3InvalidRequest("x-amz-trailer needs a streaming x-amz-content-sha256");
  const auto declared = DeclaredLength(request, signature);
  if (declared && *declared > limit) return TooLarge();
  Reading reading(signature, claim, wanted, limit, sink);
  if (auto refused = ReadAll(request, runtime, reading)) return refused;
  if (!reading.whole() || (declared && *declared != reading.size_bytes())) return Incomplete();
  const DigestValues values = reading.Values();
  const std::string& payload = signature.payload;
  if (payload != kUnsigned && !IsStreaming(payload) &&
      payload != HexEncode(values.at(Algorithm::kSha256))) {
    return S3Error(400, "XAmzContentSHA256Mismatch",
                   "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
  if (auto refused = CheckClaim(claim, reading.trailers(), values)) return refused;
  out.size_bytes = reading.size_bytes();
  out.md5 = values.at(Algorithm::kMd5);
  out.algorithm = claim.algorithm ? claim.algorithm : wanted;
  if (out.algorithm) out.checksum = values.at(*out.algorithm);
  return std::nullopt;
}

std::optional<Response> ReadDocument(Request& request, const Signed& signature, Runtime& runtime,
                                     std::string& out) {
  Payload payload;
  const PayloadSink keep = [&out](std::string_view bytes) {
    out.append(bytes);
    return Ok();
  };
  return ReadPayload(request, signature, runtime, r2::kMaxDocumentBytes, std::nullopt, keep,
                     payload);
}

}  // namespace mg::fake
