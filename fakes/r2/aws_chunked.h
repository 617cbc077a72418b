// The aws-chunked framing within a body (wire/storage.md 4.8): chunks with a hex size, signed or
// not, and trailers behind the last one.
//
// Total and bounded; bytes may come in any pieces. One task at a time.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clients/sigv4.h"
#include "core/http/headers.h"
#include "fakes/r2/digests.h"

namespace mg::fake {

struct ChunkSigning {
  SigV4Key key;
  std::string amz_date;
  std::string seed_signature;  // of the request
};

class AwsChunkedDecoder {
 public:
  enum class State { kGoing, kDone, kMalformed, kWrongSignature };

  // `signing`: nullopt for STREAMING-UNSIGNED-PAYLOAD-TRAILER.
  AwsChunkedDecoder(std::optional<ChunkSigning> signing, bool with_trailer);

  // Takes all of `input` and appends what it carries to `out`; bytes of a signed chunk come before
  // its signature is known to be right. Bytes behind the end are malformed.
  State Decode(std::string_view input, std::string& out);
  State state() const { return state_; }
  const Headers& trailers() const { return trailers_; }  // when done

 private:
  enum class At { kSize, kData, kDataEnd, kTrailer };

  void TakeLine(std::string_view line);
  void BeginChunk(std::string_view line);
  void EndChunk();
  void TakeTrailer(std::string_view line);
  void EndTrailers();
  bool SignatureHolds(std::string_view algorithm, std::string_view hashes,
                      std::string_view signature);

  const std::optional<ChunkSigning> signing_;
  const bool with_trailer_;
  State state_ = State::kGoing;
  At at_ = At::kSize;
  std::string line_;  // of a chunk's head or a trailer, so far
  std::uint64_t left_ = 0;
  bool last_ = false;
  std::string chunk_signature_;
  std::string previous_signature_;
  std::optional<Digest> hash_;
  Headers trailers_;
  std::string trailer_text_;  // as it is signed
  std::string trailer_signature_;
  std::size_t trailer_bytes_ = 0;
};

}  // namespace mg::fake
