// AWS Signature Version 4 for S3 over headers (wire/storage.md 4.3). Pure: the client signs with
// it, the R2 fake verifies with the same canonical form.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/ports/runtime.h"

namespace mg {

struct SigV4Key {
  std::string access_key_id;
  std::string secret_access_key;
  std::string region = "auto";
  std::string service = "s3";
};

// "20261122T225103Z"
std::string AmzDate(WallTime at);

// Adds x-amz-date, x-amz-content-sha256 and Authorization; signs host and every x-amz-* header.
void SignRequest(Request& request, std::string_view host, const SigV4Key& key, WallTime at,
                 std::string_view payload_sha256_hex);

// The canonical request for the given signed header names (lower case, sorted). The path is taken
// as it was sent: S3 neither normalises nor encodes it again. Exposed for the public vectors and
// for the fake.
std::string CanonicalRequest(const Request& request, std::string_view host,
                             const std::vector<std::string>& signed_headers,
                             std::string_view payload_sha256_hex);
// Exposed because R2 quotes it in a SignatureDoesNotMatch answer.
std::string SigV4StringToSign(std::string_view canonical_request, std::string_view amz_date,
                              const SigV4Key& key);
std::string SigV4Signature(std::string_view canonical_request, std::string_view amz_date,
                           const SigV4Key& key);
// Of a chunk or the trailer of a streaming body: `algorithm` is AWS4-HMAC-SHA256-PAYLOAD or
// -TRAILER, `previous` the signature before it, `hashes` the last lines of what is signed.
std::string SigV4PartSignature(const SigV4Key& key, std::string_view amz_date,
                               std::string_view algorithm, std::string_view previous,
                               std::string_view hashes);

}  // namespace mg
