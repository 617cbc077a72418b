#include "core/adapters/tls_session.h"

#include <Poco/Exception.h>
#include <Poco/Net/IPAddress.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace mg {
namespace {

constexpr std::size_t kRecordBytes = 16 * 1024;

std::string OpenSslReason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the peer ended the handshake" : reason;
}

// A name goes into SNI and is compared with the certificate's names; an address only the latter.
bool ExpectPeer(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
  Poco::Net::IPAddress address;
  if (Poco::Net::IPAddress::tryParse(host, address)) {
    return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  }
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

struct TlsSession::Ssl {
  SSL* ssl = nullptr;
  BIO* incoming = nullptr;  // both owned by `ssl`
  BIO* outgoing = nullptr;

  Ssl() = default;
  Ssl(const Ssl&) = delete;
  Ssl& operator=(const Ssl&) = delete;
  ~Ssl() { SSL_free(ssl); }
};

TlsSession::TlsSession(std::unique_ptr<Ssl> ssl) : ssl_(std::move(ssl)) {}
TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession::Ssl>> TlsSession::MakeSsl(Poco::Net::Context& context) {
  auto made = std::make_unique<Ssl>();
  made->ssl = SSL_new(context.sslContext());
  if (made->ssl == nullptr) return Error{Code::kInternal, "TLS: " + OpenSslReason()};
  made->incoming = BIO_new(BIO_s_mem());
  made->outgoing = BIO_new(BIO_s_mem());
  SSL_set_bio(made->ssl, made->incoming, made->outgoing);
  return made;
}

Result<std::unique_ptr<TlsSession>> TlsSession::MakeServer(Poco::Net::Context& context) {
  MG_TRY(made, MakeSsl(context));
  SSL_set_accept_state(made->ssl);
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(made)));
}

Result<std::unique_ptr<TlsSession>> TlsSession::Make(Poco::Net::Context& context,
                                                     const std::string& host) {
  MG_TRY(made, MakeSsl(context));
  SSL_set_connect_state(made->ssl);
  SSL_set_verify(made->ssl, SSL_VERIFY_PEER, nullptr);  // no callback that could overrule OpenSSL
  if (!ExpectPeer(made->ssl, host)) return Error{Code::kInvalid, "TLS: no name of a host: " + host};
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(made)));
}

Result<bool> TlsSession::Handshake() {
  Lock lock(mutex_);
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_->ssl);
  if (done == 1) return true;
  if (SSL_get_error(ssl_->ssl, done) == SSL_ERROR_WANT_READ) return false;
  std::string reason = OpenSslReason();
  if (const long verdict = SSL_get_verify_result(ssl_->ssl); verdict != X509_V_OK) {
    reason += std::string(": ") + X509_verify_cert_error_string(verdict);
  }
  return Error{Code::kUnavailable, "TLS: " + reason};
}

void TlsSession::Feed(std::string_view from_network) {
  Lock lock(mutex_);
  // A memory BIO takes everything; the caller reads in pieces far below an int's range.
  BIO_write(ssl_->incoming, from_network.data(), static_cast<int>(from_network.size()));
}

Got TlsSession::Read(std::string& out) {
  Lock lock(mutex_);
  ERR_clear_error();
  char record[kRecordBytes];
  Got got = Got::kNothing;
  while (true) {
    const int n = SSL_read(ssl_->ssl, record, sizeof record);
    if (n > 0) {
      out.append(record, static_cast<std::size_t>(n));
      got = Got::kBytes;
      continue;
    }
    if (got == Got::kBytes) return got;  // how it ends is for the next call to say
    switch (SSL_get_error(ssl_->ssl, n)) {
      case SSL_ERROR_WANT_READ:
        return Got::kNothing;
      case SSL_ERROR_ZERO_RETURN:
        return Got::kEnd;
      default:
        ERR_clear_error();
        return Got::kBroken;
    }
  }
}

bool TlsSession::Write(std::string_view bytes) {
  Lock lock(mutex_);
  while (!bytes.empty()) {
    ERR_clear_error();
    const std::size_t piece = std::min(bytes.size(), kRecordBytes);
    const int n = SSL_write(ssl_->ssl, bytes.data(), static_cast<int>(piece));
    if (n <= 0) return false;  // a memory BIO never asks to come again
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void TlsSession::EndOutgoing() {
  Lock lock(mutex_);
  SSL_shutdown(ssl_->ssl);
  ERR_clear_error();
}

std::string TlsSession::TakeOutgoing() {
  Lock lock(mutex_);
  std::string bytes(BIO_ctrl_pending(ssl_->outgoing), '\0');
  if (!bytes.empty()) BIO_read(ssl_->outgoing, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

Result<Poco::Net::Context::Ptr> MakeClientContext() {
  try {
    Poco::Net::Context::Ptr context = new Poco::Net::Context(
        Poco::Net::Context::CLIENT_USE, "", "", "", Poco::Net::Context::VERIFY_RELAXED, 9, true);
    context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_2);
    return context;
  } catch (const Poco::Exception& e) {
    return Error{Code::kInternal, "TLS: " + e.displayText()};
  }
}

}  // namespace mg
