// TLS as a server: sessions whose certificate depends on the name that the client asks for.
//
// Thread-safety: all members.
#pragma once
#include <Poco/Net/Context.h>

#include <functional>
#include <memory>
#include <string>

#include "core/adapters/tls_session.h"
#include "core/base/result.h"

namespace mg {

// The certificate for a name, as PEM; "" for the name of a client that names none. Empty: this name
// gets none, and its handshake ends. Called from many tasks at once.
using CertificateFor = std::function<std::string(const std::string& host)>;

class TlsServer {
 public:
  // `key`: of all the certificates, as PEM. Errors: kInvalid, kInternal.
  static Result<std::shared_ptr<TlsServer>> Make(const std::string& key,
                                                 CertificateFor certificate_for);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  Result<std::unique_ptr<TlsSession>> Accept();  // errors: kInternal

 private:
  struct Impl;
  explicit TlsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
