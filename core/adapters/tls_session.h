// TLS, as a client or a server, between two buffers: what comes from the network is fed in, what
// must go there is taken out. It touches no socket, so that waiting and deadlines are the same as
// without TLS.
//
// Thread-safety: one reader (Feed, Read) and one writer (Write, TakeOutgoing) at the same time.
#pragma once
#include <Poco/Net/Context.h>

#include <memory>
#include <string>
#include <string_view>

#include "core/adapters/socket_io.h"
#include "core/base/result.h"
#include "core/ports/runtime.h"

namespace mg {

class TlsSession {
 public:
  // The server must prove to be `host`, a name or an address, by a certificate the context trusts.
  static Result<std::unique_ptr<TlsSession>> Make(Poco::Net::Context& context,
                                                  const std::string& host);
  static Result<std::unique_ptr<TlsSession>> MakeServer(Poco::Net::Context& context);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Goes on with the handshake. True when it is complete; false when it needs bytes of the peer.
  // What is to be sent must be taken in either case, and after an error.
  // Errors: kUnavailable with OpenSSL's reason.
  Result<bool> Handshake();

  void Feed(std::string_view from_network);
  Got Read(std::string& out);  // kNothing: feed more; kEnd: the peer said that it has finished
  bool Write(std::string_view bytes);
  void EndOutgoing();  // says that no more comes
  std::string TakeOutgoing();

 private:
  struct Ssl;
  static Result<std::unique_ptr<Ssl>> MakeSsl(Poco::Net::Context& context);
  explicit TlsSession(std::unique_ptr<Ssl> ssl);

  Mutex mutex_;  // OpenSSL's object is for one thread at a time
  std::unique_ptr<Ssl> ssl_;
};

// Verifies by the system's certificate authorities (SSL_CERT_FILE and SSL_CERT_DIR count).
// Errors: kInternal.
Result<Poco::Net::Context::Ptr> MakeClientContext();

}  // namespace mg
