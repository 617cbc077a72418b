#include "fakes/r2/checksums.h"

#include "core/base/bytes.h"
#include "fakes/r2/limits.h"
#include "fakes/r2/xml.h"

namespace mg::fake {
namespace {

Response InvalidDigest() {
  return S3Error(400, "InvalidDigest", "The checksum or Content-MD5 you specified is not valid.");
}

// The sentence is MD5's; for the other algorithms it is UNCONFIRMED.
std::optional<Response> Compare(Algorithm algorithm, const std::string& given,
                                const std::string& actual) {
  if (given == actual) return std::nullopt;
  const std::string name(NameOf(algorithm));
  return S3Error(400, "BadDigest",
                 "The " + name + " checksum you specified did not match what we received.\n" +
                     "You provided a " + name + " checksum with value: " + HexEncode(given) +
                     "\nActual " + name + " was: " + HexEncode(actual));
}

std::optional<std::string> Raw(Algorithm algorithm, std::string_view text) {
  auto raw = Base64Decode(text);
  return raw && raw->size() == BytesOf(algorithm) ? raw : std::nullopt;
}

}  // namespace

std::optional<Response> ReadClaim(const Headers& headers, ChecksumClaim& out) {
  if (headers.Has("content-md5")) {
    out.md5 = Raw(Algorithm::kMd5, headers.Get("content-md5"));
    if (!out.md5) return InvalidDigest();
  }
  for (const Headers::Line& line : headers.lines()) {
    const auto algorithm = AlgorithmOfHeader(line.name);
    if (!algorithm) continue;
    const auto raw = Raw(*algorithm, line.value);
    if (!raw) return InvalidDigest();
    if (out.algorithm) return S3InvalidRequest(r2::kManyChecksums);
    out.algorithm = algorithm;
    out.value = *raw;
  }
  const std::string_view trailer = headers.Get("x-amz-trailer");
  if (trailer.empty()) return std::nullopt;
  const auto algorithm = AlgorithmOfHeader(TrimSpace(trailer));
  if (!algorithm) {
    return S3InvalidRequest("The value specified in the x-amz-trailer header is not supported");
  }
  if (out.algorithm) return S3InvalidRequest(r2::kManyChecksums);
  out.algorithm = algorithm;
  out.in_trailer = true;
  return std::nullopt;
}

std::optional<Response> CheckClaim(const ChecksumClaim& claim, const Headers& trailers,
                                   const DigestValues& actual) {
  if (claim.md5) {
    if (auto wrong = Compare(Algorithm::kMd5, *claim.md5, actual.at(Algorithm::kMd5))) return wrong;
  }
  if (!claim.algorithm) return std::nullopt;
  std::string given = claim.value;
  if (claim.in_trailer) {
    const auto raw = Raw(*claim.algorithm, trailers.Get(ChecksumHeader(*claim.algorithm)));
    if (!raw) return InvalidDigest();
    given = *raw;
  }
  return Compare(*claim.algorithm, given, actual.at(*claim.algorithm));
}

}  // namespace mg::fake
