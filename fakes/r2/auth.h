// SigV4 as R2 checks it, in its order (wire/storage.md 4.3): in headers, or in the address of a
// presigned request.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clients/sigv4.h"
#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/credentials.h"

namespace mg::fake {

// Of a request that was accepted.
struct Signed {
  SigV4Key key;
  std::string amz_date;
  std::string signature;
  std::string payload;  // x-amz-content-sha256
  bool presigned = false;
};

// The refusal, or nothing. Reads no body: its hash is for who reads that (payload.h).
std::optional<Response> CheckSignature(const Request& request, const Credentials& credentials,
                                       WallTime now, Signed& out);

// What both forms say, and what is checked of it alike.
struct Claim {
  std::string credential;
  std::vector<std::string> signed_headers;
  std::string signature;
  std::string amz_date;
  std::string payload;
};

// "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=c;d,Signature=e": clients differ in the spaces.
// nullopt when a field is missing. Exposed for the fuzzer.
std::optional<Claim> ParseAuthorization(std::string_view header);

}  // namespace mg::fake
