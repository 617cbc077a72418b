#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "core/base/digest.h"
#include "core/services/access_verifier_keys.h"

namespace mg {
namespace {

constexpr int kMinModulusBits = 2048;
constexpr int kMaxModulusBits = 4096;  // each verification is paid by us: no key may make it slow
constexpr int kMaxExponentBits = 64;
constexpr unsigned long kMinExponent = 65'537;

template <class T, void (*Release)(T*)>
struct Releaser {
  void operator()(T* object) const { Release(object); }
};
using BigNumber = std::unique_ptr<BIGNUM, Releaser<BIGNUM, BN_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Releaser<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Releaser<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Releaser<OSSL_PARAM, OSSL_PARAM_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Releaser<EVP_MD_CTX, EVP_MD_CTX_free>>;

const unsigned char* AsBytes(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data() == nullptr ? "" : bytes.data());
}

BigNumber FromBigEndian(std::string_view bytes) {
  return BigNumber(BN_bin2bn(AsBytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

bool IsPowerOf65537(unsigned long residue, unsigned long prime) {
  const unsigned long generator = 65'537 % prime;
  unsigned long power = 1;
  for (unsigned long i = 0; i < prime; ++i) {
    if (power == residue) return true;
    power = power * generator % prime;
  }
  return false;
}

// CVE-2017-15361: the primes of affected chips are k*M + (65537^a mod M), so that modulo each small
// prime the modulus is a power of 65537. A sound modulus passes for one in 2^27.
bool HasRocaFingerprint(const BIGNUM* modulus) {
  constexpr unsigned long kPrimes[] = {
      3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
      73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
  for (const unsigned long prime : kPrimes) {
    if (!IsPowerOf65537(BN_mod_word(modulus, prime), prime)) return false;
  }
  return true;
}

bool IsSoundModulus(const BIGNUM* modulus) {
  const int bits = BN_num_bits(modulus);
  return bits >= kMinModulusBits && bits <= kMaxModulusBits && BN_is_odd(modulus) &&
         !HasRocaFingerprint(modulus);
}

bool IsSoundExponent(const BIGNUM* exponent) {
  if (!BN_is_odd(exponent) || BN_num_bits(exponent) > kMaxExponentBits) return false;
  return BN_get_word(exponent) >= kMinExponent;
}

EVP_PKEY* BuildKey(const BIGNUM* modulus, const BIGNUM* exponent) {
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus) ||
      !OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent)) {
    return nullptr;
  }
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return key;
}

}  // namespace

std::optional<RsaPublicKey> RsaPublicKey::Make(std::string_view modulus,
                                               std::string_view exponent) {
  if (modulus.size() > kMaxModulusBits || exponent.size() > kMaxModulusBits) return std::nullopt;
  const BigNumber n = FromBigEndian(modulus);
  const BigNumber e = FromBigEndian(exponent);
  if (!n || !e || !IsSoundModulus(n.get()) || !IsSoundExponent(e.get())) return std::nullopt;
  EVP_PKEY* key = BuildKey(n.get(), e.get());
  ERR_clear_error();
  if (key == nullptr) return std::nullopt;
  return RsaPublicKey(key);
}

bool RsaPublicKey::Verify(std::string_view message, std::string_view signature) const {
  if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()))) return false;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;  // owned by `context`
  const bool ready = context &&
                     EVP_DigestVerifyInit_ex(context.get(), &options, "SHA256", nullptr, nullptr,
                                             key_.get(), nullptr) == 1 &&
                     EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PADDING) == 1;
  const bool good = ready && EVP_DigestVerify(context.get(), AsBytes(signature), signature.size(),
                                              AsBytes(message), message.size()) == 1;
  ERR_clear_error();  // a refused signature leaves entries behind, which others might read as
                      // theirs
  return good;
}

std::string RsaPublicKey::Sha256OfDer() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  if (size <= 0) return "";
  const std::string hex = Sha256Hex(
      std::string_view(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return hex;
}

}  // namespace mg
