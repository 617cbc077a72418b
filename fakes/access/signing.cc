#include "fakes/access/signing.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "core/base/bytes.h"
#include "core/base/check.h"

namespace mg::fake {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const unsigned char* AsBytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data() == nullptr ? "" : bytes.data());
}

EVP_PKEY* ReadPrivateKey(std::string_view pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* key =
      bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  return key;
}

}  // namespace

SigningKey::SigningKey(const AccessKeyData& data)
    : data_(data), key_(ReadPrivateKey(data.private_pem)) {
  MG_CHECK(key_ != nullptr, "the Access fake's private key is not PEM");
}

std::string SigningKey::Sign(std::string_view message) const {
  const DigestContext context(EVP_MD_CTX_new());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
  std::size_t size = signature.size();
  const bool made =
      context &&
      EVP_DigestSignInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, key_.get(),
                            nullptr) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     AsBytes(message), message.size()) == 1;
  MG_CHECK(made, "the Access fake cannot sign");
  signature.resize(size);
  return signature;
}

bool SigningKey::Verify(std::string_view message, std::string_view signature) const {
  const DigestContext context(EVP_MD_CTX_new());
  const bool good = context &&
                    EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr,
                                            key_.get(), nullptr) == 1 &&
                    EVP_DigestVerify(context.get(), AsBytes(signature), signature.size(),
                                     AsBytes(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

std::string SigningKey::Number(const char* name) const {
  BIGNUM* number = nullptr;
  MG_CHECK(EVP_PKEY_get_bn_param(key_.get(), name, &number) == 1, "an RSA key without numbers");
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  BN_free(number);
  return Base64UrlEncode(bytes);
}

std::string SigningKey::Modulus() const {
  return Number(OSSL_PKEY_PARAM_RSA_N);
}

std::string SigningKey::Exponent() const {
  return Number(OSSL_PKEY_PARAM_RSA_E);
}

}  // namespace mg::fake
