// RS256 with one of the fake's keys, and the key's public half as a JWK.
//
// Thread-safety: immutable once made. Errors: broken key data is CheckFailed.
#pragma once
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "fakes/access/keys_data.h"

namespace mg::fake {

class SigningKey {
 public:
  explicit SigningKey(const AccessKeyData& data);

  std::string_view kid() const { return data_.kid; }
  std::string_view certificate_pem() const { return data_.certificate_pem; }
  std::string Sign(std::string_view message) const;
  bool Verify(std::string_view message, std::string_view signature) const;
  std::string Modulus() const;  // base64url, as in a JWK
  std::string Exponent() const;

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  std::string Number(const char* name) const;

  const AccessKeyData& data_;
  std::unique_ptr<EVP_PKEY, Free> key_;
};

}  // namespace mg::fake
