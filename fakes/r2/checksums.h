// What a client may say about its body beside SigV4's hash (wire/storage.md 4.8): Content-MD5, and
// one x-amz-checksum-* as a header or as a trailer of a streaming body.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "fakes/r2/digests.h"

namespace mg::fake {

struct ChecksumClaim {
  std::optional<std::string> md5;  // raw
  std::optional<Algorithm> algorithm;
  std::string value;  // raw; empty when it comes in a trailer
  bool in_trailer = false;
};

// The refusal when what is said cannot be a checksum, or says two.
std::optional<Response> ReadClaim(const Headers& headers, ChecksumClaim& out);

// Raw digests of the body, by algorithm.
using DigestValues = std::map<Algorithm, std::string>;

// The refusal when the body is not what was claimed; the trailer's claim is read here.
std::optional<Response> CheckClaim(const ChecksumClaim& claim, const Headers& trailers,
                                   const DigestValues& actual);

}  // namespace mg::fake
