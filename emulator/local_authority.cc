#include "emulator/local_authority.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "core/adapters/small_adapters.h"
#include "core/base/bytes.h"
#include "core/http/host.h"
#include "emulator/state.h"
#include "fakes/edge/zone.h"

namespace mg {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr std::int64_t kDaySeconds = 24 * 3600;
constexpr std::int64_t kAuthorityDays = 3650;
constexpr std::int64_t kServerDays = 90;  // browsers take no server's for more than 398
constexpr std::size_t kSerialBytes = 16;
constexpr std::size_t kMostCertificates = 1000;
constexpr const char* kLoopbackNames = "DNS:localhost,IP:127.0.0.1,IP:::1";

Error Failed(const std::string& what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  Error error{Code::kInternal, "TLS: " + what + ": " + (reason == nullptr ? "failed" : reason)};
  ERR_clear_error();
  return error;
}

Key MakeKey() {
  return {EVP_EC_gen("P-256"), EVP_PKEY_free};
}

template <class Write>
std::string Pem(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  if (!bio || write(bio.get()) != 1) return {};
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}
std::string PemOf(X509* certificate) {
  return Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}
std::string PemOf(EVP_PKEY* key) {
  return Pem([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}
Bio Reading(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

bool Extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

void Name(X509_NAME* name, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(std::min<std::size_t>(text.size(), 64)), -1, 0);
}

// Without issuer, extensions and signature.
Certificate Begin(const std::string& name, EVP_PKEY* key, std::int64_t days, Random& random,
                  const Runtime& runtime) {
  Certificate made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  std::string serial = random.Bytes(kSerialBytes);
  serial.front() = static_cast<char>((serial.front() & 0x3f) | 0x40);  // positive, full length
  BIGNUM* number = BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()),
                             static_cast<int>(serial.size()), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(made.get()));
  BN_free(number);
  const std::int64_t now = runtime.Wall().seconds();
  ASN1_TIME_set(X509_getm_notBefore(made.get()), static_cast<time_t>(now - kDaySeconds));
  ASN1_TIME_set(X509_getm_notAfter(made.get()), static_cast<time_t>(now + days * kDaySeconds));
  X509_set_pubkey(made.get(), key);
  Name(X509_get_subject_name(made.get()), name);
  return made;
}

std::string AuthorityName(const std::string& domain) {
  return "moltgate local authority for " + domain;
}

std::string Constraints(const std::string& domain) {
  return "critical,permitted;DNS:localhost,permitted;DNS:" + domain +
         ",permitted;IP:127.0.0.0/255.0.0.0,"
         "permitted;IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
}

}  // namespace

struct LocalAuthority::Signer {
  Key key{nullptr, EVP_PKEY_free};
  Certificate certificate{nullptr, X509_free};
  Key server_key{nullptr, EVP_PKEY_free};
  std::string domain;
  Random& random;
  const Runtime& runtime;

  Signer(std::string of, Random& chance, const Runtime& clock)
      : domain(std::move(of)), random(chance), runtime(clock) {}

  bool Make() {
    key = MakeKey();
    if (!key) return false;
    certificate = Begin(AuthorityName(domain), key.get(), kAuthorityDays, random, runtime);
    X509* made = certificate.get();
    X509_set_issuer_name(made, X509_get_subject_name(made));
    return Extend(made, made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
           Extend(made, made, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           Extend(made, made, NID_subject_key_identifier, "hash") &&
           Extend(made, made, NID_name_constraints, Constraints(domain)) &&
           X509_sign(made, key.get(), EVP_sha256()) != 0;
  }

  // False when these are not a pair of this domain's, or expired.
  bool Read(const std::string& certificate_pem, const std::string& key_pem) {
    const Bio certificate_text = Reading(certificate_pem);
    const Bio key_text = Reading(key_pem);
    certificate.reset(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
    key.reset(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    if (!certificate || !key || X509_check_private_key(certificate.get(), key.get()) != 1)
      return false;
    char name[128] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                              sizeof name);
    auto soon = static_cast<time_t>(runtime.Wall().seconds() + kServerDays * kDaySeconds);
    return AuthorityName(domain).substr(0, 64) == name &&
           X509_cmp_time(X509_get0_notAfter(certificate.get()), &soon) > 0;
  }

  std::string Sign(const std::string& host) {
    const Certificate made =
        Begin(host.empty() ? "localhost" : host, server_key.get(), kServerDays, random, runtime);
    X509_set_issuer_name(made.get(), X509_get_subject_name(certificate.get()));
    const std::string names = host.empty() ? kLoopbackNames : "DNS:" + host;
    const bool whole =
        Extend(made.get(), certificate.get(), NID_basic_constraints, "critical,CA:FALSE") &&
        Extend(made.get(), certificate.get(), NID_key_usage, "critical,digitalSignature") &&
        Extend(made.get(), certificate.get(), NID_ext_key_usage, "serverAuth") &&
        Extend(made.get(), certificate.get(), NID_authority_key_identifier, "keyid") &&
        Extend(made.get(), certificate.get(), NID_subject_alt_name, names) &&
        X509_sign(made.get(), key.get(), EVP_sha256()) != 0;
    return whole ? PemOf(made.get()) : "";
  }
};

LocalAuthority::LocalAuthority(std::unique_ptr<Signer> signer, std::string certificate_path,
                               std::string server_key)
    : signer_(std::move(signer)),
      certificate_path_(std::move(certificate_path)),
      server_key_(std::move(server_key)) {}
LocalAuthority::~LocalAuthority() = default;

Result<std::shared_ptr<LocalAuthority>> LocalAuthority::Open(const std::string& folder,
                                                             bool keeps_key,
                                                             const std::string& domain,
                                                             Random& random,
                                                             const Runtime& runtime) {
  MG_RETURN_IF_ERROR(MakeFolder(folder));
  FileDisk disk;
  const std::string certificate_path = folder + "/ca.pem";
  const std::string key_path = folder + "/ca.key";
  auto signer = std::make_unique<Signer>(domain, random, runtime);
  const auto certificate = disk.Read(certificate_path);
  const auto key = disk.Read(key_path);
  if (!keeps_key || !certificate || !key || !signer->Read(*certificate, *key)) {
    if (!signer->Make()) return Failed("cannot make an authority");
    if (keeps_key) MG_RETURN_IF_ERROR(disk.Replace(key_path, PemOf(signer->key.get())));
    MG_RETURN_IF_ERROR(disk.Replace(certificate_path, PemOf(signer->certificate.get())));
  }
  signer->server_key = MakeKey();
  if (!signer->server_key) return Failed("cannot make a key");
  std::string server_key = PemOf(signer->server_key.get());
  return std::shared_ptr<LocalAuthority>(
      new LocalAuthority(std::move(signer), certificate_path, std::move(server_key)));
}

std::string LocalAuthority::CertificateFor(const std::string& host) {
  std::string name;
  if (!host.empty()) {
    const auto parsed = ParseHost(host);
    if (!parsed || parsed->is_ip_literal || !fake::IsUnder(parsed->name, signer_->domain))
      return {};
    name = parsed->name;
  }
  {
    const Lock lock(mutex_);
    const auto found = certificates_.find(name);
    if (found != certificates_.end()) return found->second;
  }
  std::string made = signer_->Sign(name);
  const Lock lock(mutex_);
  if (certificates_.size() >= kMostCertificates) certificates_.clear();
  certificates_.insert_or_assign(name, made);
  return made;
}

}  // namespace mg
