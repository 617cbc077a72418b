#include "core/base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <limits>

#include "core/base/bytes.h"
#include "core/base/check.h"

namespace mg {
namespace {

const unsigned char* AsBytes(std::string_view bytes) {
  // libcrypto reads a null pointer as "not given", which an empty view may hold.
  return reinterpret_cast<const unsigned char*>(bytes.data() == nullptr ? "" : bytes.data());
}

std::string DigestOf(const EVP_MD* algorithm, std::string_view bytes) {
  MG_CHECK(algorithm != nullptr, "libcrypto has no such digest");
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  const int done = EVP_Digest(AsBytes(bytes), bytes.size(), out.data(), &size, algorithm, nullptr);
  MG_CHECK(done == 1, "EVP_Digest failed");
  return std::string(reinterpret_cast<const char*>(out.data()), size);
}

// Fetched once and kept for the life of the process: an implicit fetch costs more than a digest.
const EVP_MD* Sha256Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

const EVP_MD* Sha1Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return algorithm;
}

const EVP_MD* Md5Algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return algorithm;
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  return DigestOf(Sha256Algorithm(), bytes);
}

std::string Sha256Hex(std::string_view bytes) {
  return HexEncode(Sha256(bytes));
}

std::string Sha1(std::string_view bytes) {
  return DigestOf(Sha1Algorithm(), bytes);
}

std::string Md5(std::string_view bytes) {
  return DigestOf(Md5Algorithm(), bytes);
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  MG_CHECK(key.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()),
           "an HMAC key of over 2 GiB");
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  const unsigned char* done = HMAC(Sha256Algorithm(), AsBytes(key), static_cast<int>(key.size()),
                                   AsBytes(bytes), bytes.size(), out.data(), &size);
  MG_CHECK(done != nullptr, "HMAC failed");
  return std::string(reinterpret_cast<const char*>(out.data()), size);
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  return CRYPTO_memcmp(AsBytes(a), AsBytes(b), a.size()) == 0;
}

}  // namespace mg
