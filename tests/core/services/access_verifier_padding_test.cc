// Signatures that are good RSA over a bad encoding: only the holder of a key can make them, and
// with a small exponent a lax verifier lets anybody (RFC 8017 8.2.2 compares the whole encoding).
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/services/access_verifier_keys.h"
#include "fakes/access/signing.h"

namespace mg {
namespace {

using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using ContextPointer = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

constexpr std::size_t kModulusBytes = 256;
constexpr std::string_view kMessage = "header.claims";

// The private operation over `encoded` as it stands.
std::string SignRaw(const std::string& encoded) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(
      BIO_new_mem_buf(fake::kCurrentAccessKey.private_pem.data(),
                      static_cast<int>(fake::kCurrentAccessKey.private_pem.size())),
      &BIO_free);
  const KeyPointer key(PEM_read_bio_PrivateKey(pem.get(), nullptr, nullptr, nullptr),
                       &EVP_PKEY_free);
  const ContextPointer context(EVP_PKEY_CTX_new(key.get(), nullptr), &EVP_PKEY_CTX_free);
  std::string signature(kModulusBytes, '\0');
  std::size_t size = signature.size();
  const bool signed_it =
      EVP_PKEY_sign_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1 &&
      EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                    reinterpret_cast<const unsigned char*>(encoded.data()), encoded.size()) == 1;
  if (!signed_it || size != kModulusBytes) throw std::runtime_error("cannot sign");
  return signature;
}

bool Accepts(const std::string& encoded) {
  const fake::SigningKey signer(fake::kCurrentAccessKey);
  const auto key =
      RsaPublicKey::Make(*Base64UrlDecode(signer.Modulus()), std::string("\x01\0\x01", 3));
  return key && key->Verify(kMessage, SignRaw(encoded));
}

// 00 `type` `fill`... 00 `tail`, as long as the modulus; `after`: what stands behind the tail.
std::string Encoded(const std::string& tail, char type = 1, char fill = '\xff',
                    const std::string& after = "") {
  const std::string head{'\0', type};
  const std::size_t rest = kModulusBytes - head.size() - 1 - tail.size() - after.size();
  return head + std::string(rest, fill) + '\0' + tail + after;
}

TEST(RsaPublicKeyVerify, ComparesTheWholeEncoding) {
  const std::string digest = Sha256(kMessage);
  const std::string sha256 = *HexDecode("3031300d060960864801650304020105000420");
  const std::string without_null = *HexDecode("302f300b06096086480165030402010420");
  const std::string sha1 = *HexDecode("3021300906052b0e03021a05000414");
  const std::string good = sha256 + digest;
  ASSERT_TRUE(Accepts(Encoded(good)));
  EXPECT_FALSE(Accepts(Encoded(good, 1, '\xff', std::string(100, 'x')))) << "more after the digest";
  EXPECT_FALSE(Accepts(Encoded(good, 1, '\xff', std::string(1, '\0')))) << "a zero after it";
  EXPECT_FALSE(Accepts(Encoded(good, 2))) << "an encryption's block type";
  EXPECT_FALSE(Accepts(Encoded(good, 0, '\0'))) << "no padding";
  EXPECT_FALSE(Accepts(Encoded(good, 1, '\xfe'))) << "other fill bytes";
  EXPECT_FALSE(Accepts(Encoded(without_null + digest))) << "an algorithm without its NULL";
  EXPECT_FALSE(Accepts(Encoded(sha1 + digest.substr(0, 20)))) << "another digest's algorithm";
  EXPECT_FALSE(Accepts(Encoded(digest))) << "a bare digest";
  EXPECT_FALSE(Accepts(Encoded(good.substr(0, good.size() - 1)))) << "a digest cut short";
  std::string one_short = Encoded(good);
  one_short.erase(5, 1);
  EXPECT_FALSE(Accepts('\0' + one_short)) << "shifted by a byte";
}

}  // namespace
}  // namespace mg
