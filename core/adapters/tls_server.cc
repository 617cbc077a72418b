#include "core/adapters/tls_server.h"

#include <Poco/Exception.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <utility>

namespace mg {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio Reading(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

}  // namespace

struct TlsServer::Impl {
  Poco::Net::Context::Ptr context;
  Key key{nullptr, EVP_PKEY_free};
  CertificateFor certificate_for;

  // OpenSSL's, before it uses a certificate. 0 ends the handshake.
  static int Choose(SSL* ssl, void* argument) {
    const auto& impl = *static_cast<const Impl*>(argument);
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const std::string pem = impl.certificate_for(name == nullptr ? "" : name);
    const Bio text = Reading(pem);
    const Certificate certificate(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr),
                                  X509_free);
    ERR_clear_error();
    return certificate && SSL_use_certificate(ssl, certificate.get()) == 1 &&
                   SSL_use_PrivateKey(ssl, impl.key.get()) == 1
               ? 1
               : 0;
  }
};

TlsServer::TlsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsServer::~TlsServer() = default;

Result<std::shared_ptr<TlsServer>> TlsServer::Make(const std::string& key,
                                                   CertificateFor certificate_for) {
  auto impl = std::make_unique<Impl>();
  impl->certificate_for = std::move(certificate_for);
  const Bio text = Reading(key);
  impl->key.reset(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  if (!impl->key) return Error{Code::kInvalid, "TLS: the key is no PEM key"};
  try {
    impl->context = new Poco::Net::Context(Poco::Net::Context::SERVER_USE, "", "", "",
                                           Poco::Net::Context::VERIFY_NONE, 9, false);
    impl->context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
  } catch (const Poco::Exception& e) {
    return Error{Code::kInternal, "TLS: " + e.displayText()};
  }
  SSL_CTX* ssl = impl->context->sslContext();
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);  // tickets hold what there is to hold
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);          // of connections that are idle
  SSL_CTX_set_cert_cb(ssl, &Impl::Choose, impl.get());
  return std::shared_ptr<TlsServer>(new TlsServer(std::move(impl)));
}

Result<std::unique_ptr<TlsSession>> TlsServer::Accept() {
  return TlsSession::MakeServer(*impl_->context);
}

}  // namespace mg
