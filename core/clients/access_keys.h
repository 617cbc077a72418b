// The team's JWKS (wire/access-edge-sandbox.md 1.2): fetched, size-limited, no redirects. Parsing
// and trust are services/access_verifier's.
#pragma once
#include <string>

#include "core/base/result.h"
#include "core/ports/transport.h"

namespace mg {

class AccessKeysClient {
 public:
  AccessKeysClient(Transport& transport, Runtime& runtime, std::string certs_url);
  // The document's text, at most 1 MiB. Errors: as Transport; any status but 200 is kUnavailable.
  Result<std::string> Fetch(CancelToken& cancel);

 private:
  Transport& transport_;
  Runtime& runtime_;
  std::string certs_url_;
};

}  // namespace mg
