// The RSA keys behind KeySet: what a JWK must be to verify a token (wire/access-edge-sandbox.md
// 1.13 rules 5 and 6).
//
// Thread-safety: immutable once made.
#pragma once
#include <openssl/evp.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/services/access_verifier.h"

namespace mg {

class RsaPublicKey {
 public:
  // Big-endian modulus and exponent. nullopt: too small or large, an exponent that is even or below
  // 65537, or a modulus with the fingerprint of ROCA.
  static std::optional<RsaPublicKey> Make(std::string_view modulus, std::string_view exponent);

  // RSASSA-PKCS1-v1_5 with SHA-256; the signature must be as long as the modulus.
  bool Verify(std::string_view message, std::string_view signature) const;
  std::string Sha256OfDer() const;  // lower-case hex; what the fake uses as kid

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  explicit RsaPublicKey(EVP_PKEY* key) : key_(key) {}
  std::unique_ptr<EVP_PKEY, Free> key_;
};

struct KeySet::Impl {
  std::map<std::string, RsaPublicKey, std::less<>> keys;  // by kid
  std::size_t dropped = 0;
};

}  // namespace mg
