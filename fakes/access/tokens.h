// Application tokens as Access mints them (wire/access-edge-sandbox.md 1.4), the certs document and
// the identity behind a token.
//
// Thread-safety: all members.
#pragma once
#include <string>
#include <string_view>

#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/access/access.h"
#include "fakes/access/signing.h"

namespace mg::fake {

class AccessTokens {
 public:
  AccessTokens(std::string issuer, std::string audience, std::string account_id, Runtime& runtime,
               Random& random);

  std::string Make(const Mint& mint) const;
  const std::string& certs_json() const { return certs_json_; }
  // "" when the token is not one of ours or has expired.
  std::string IdentityJson(std::string_view token) const;

 private:
  const SigningKey* KeyOf(std::string_view kid) const;

  const std::string issuer_;
  const std::string audience_;
  const std::string account_id_;
  Runtime& runtime_;
  Random& random_;
  const SigningKey& current_;
  const SigningKey& previous_;
  const std::string certs_json_;
};

}  // namespace mg::fake
