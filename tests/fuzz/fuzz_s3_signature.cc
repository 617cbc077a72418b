// SigV4 in headers and in addresses: any bytes are refused or, never without the secret, accepted;
// the first line is the target, the others are headers.
#include <string>

#include "core/base/bytes.h"
#include "fakes/r2/auth.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;
using namespace mg::fake;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines = Split(Text(data, size), '\n');
  Request request;
  request.target = "/" + std::string(lines.front());
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    if (colon != std::string_view::npos && colon > 0)
      request.headers.Add(lines[i].substr(0, colon), lines[i].substr(colon + 1));
  }
  Credentials credentials;
  credentials.s3_access_key_id = "key";
  credentials.s3_secret_access_key = "a secret that no input can know";
  Signed out;
  const auto refused =
      CheckSignature(request, credentials, WallTime{1'772'600'767'000}, out);  // 20260304T050607Z
  Require(refused.has_value());
  Require(refused->status == 400 || refused->status == 401 || refused->status == 403);
  const auto claim = ParseAuthorization(request.headers.Get("authorization"));
  Require(!claim || (!claim->credential.empty() && !claim->signature.empty()));
  return 0;
}
