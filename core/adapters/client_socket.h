// One outgoing connection, plain or TLS: connect, send and receive with deadlines, end on
// cancellation.
//
// Thread-safety: one reader and one writer at the same time; HangUp from anywhere.
#pragma once
#include <Poco/Net/Context.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "core/adapters/origin.h"
#include "core/adapters/socket_io.h"
#include "core/adapters/tls_session.h"
#include "core/base/result.h"
#include "core/ports/cancel.h"
#include "core/ports/runtime.h"

namespace mg {

class ClientSocket {
 public:
  // How far a Send came.
  enum class Progress { kAll, kTimedOut, kBroken, kAnswered };

  // `tls` is null for a plain connection. Errors: kUnavailable, kTimeout (past `deadline`),
  // kCancelled, kInvalid.
  static Result<std::unique_ptr<ClientSocket>> Connect(const Origin& origin,
                                                       Poco::Net::Context* tls, Instant deadline,
                                                       CancelToken& cancel, const Runtime& runtime);

  // kNothing: the deadline came first.
  Got Receive(Instant deadline, std::string& out);
  Progress Send(std::string_view first, std::string_view second, Instant deadline);
  // As Send, but kAnswered when the peer has said something instead of reading on.
  Progress SendUnlessAnswered(std::string_view first, std::string_view second, Instant deadline);
  bool sent_any() const { return sent_any_; }  // since the last MarkUnsent, TLS's own bytes apart
  void MarkUnsent() { sent_any_ = false; }

  // From here on, cancellation ends the connection, until ForgetCancel or the end.
  void EndOn(CancelToken& cancel);
  void ForgetCancel() { subscription_ = CancelToken::Subscription(); }
  void HangUp();
  bool hung_up() const { return hung_up_; }  // from this side

  // Between requests: still open, and nothing came that nobody asked for.
  bool Quiet();

 private:
  ClientSocket(Poco::Net::StreamSocket socket, const Runtime& runtime);

  static Result<std::unique_ptr<ClientSocket>> ConnectTo(const Poco::Net::SocketAddress& address,
                                                         Instant deadline, CancelToken& cancel,
                                                         const Runtime& runtime);
  Status ShakeHands(Poco::Net::Context& context, const std::string& host, Instant deadline);
  Got ReceiveNowDecoded(std::string& out);
  // Stops with kAnswered when there is something to read instead of room, if `events` has POLLIN.
  Progress SendRaw(std::string_view first, std::string_view second, short events, Instant deadline);

  Poco::Net::StreamSocket socket_;
  const int fd_;
  const Runtime& runtime_;
  std::unique_ptr<TlsSession> tls_;
  std::atomic<bool> hung_up_{false};
  bool sent_any_ = false;
  CancelToken::Subscription subscription_;  // last: its callback uses the members above
};

}  // namespace mg
