#include "core/adapters/client_socket.h"

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/HostEntry.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace mg {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kEncryptedAtOnceBytes = 64 * 1024;

Error Unavailable(std::string message) {
  return Error{Code::kUnavailable, std::move(message), true};
}

Result<std::vector<Poco::Net::SocketAddress>> Resolve(const Origin& origin) {
  std::vector<Poco::Net::SocketAddress> addresses;
  Poco::Net::IPAddress literal;
  if (Poco::Net::IPAddress::tryParse(origin.host, literal)) {
    addresses.emplace_back(literal, origin.port);
    return addresses;
  }
  try {
    const Poco::Net::HostEntry entry = Poco::Net::DNS::resolve(origin.host);
    for (const auto& address : entry.addresses()) {
      addresses.emplace_back(address, origin.port);
    }
  } catch (const Poco::Exception& e) {
    return Unavailable("cannot resolve " + origin.host + ": " + e.displayText());
  }
  if (addresses.empty()) return Unavailable("no address of " + origin.host);
  return addresses;
}

int PendingError(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

}  // namespace

ClientSocket::ClientSocket(Poco::Net::StreamSocket socket, const Runtime& runtime)
    : socket_(std::move(socket)), fd_(socket_.impl()->sockfd()), runtime_(runtime) {}

Result<std::unique_ptr<ClientSocket>> ClientSocket::Connect(const Origin& origin,
                                                            Poco::Net::Context* tls,
                                                            Instant deadline, CancelToken& cancel,
                                                            const Runtime& runtime) {
  MG_TRY(addresses, Resolve(origin));
  Error last = Unavailable("no address of " + origin.host);
  for (const auto& address : addresses) {
    auto connected = ConnectTo(address, deadline, cancel, runtime);
    if (!connected) {
      last = connected.error();
      if (last.code != Code::kUnavailable) return last;
      continue;
    }
    if (tls != nullptr) {
      const Status shaken = (*connected)->ShakeHands(*tls, origin.host, deadline);
      if (cancel.cancelled()) return Error{Code::kCancelled, "cancelled while connecting"};
      if (!shaken) return shaken.error();
    }
    return connected;
  }
  return last;
}

Result<std::unique_ptr<ClientSocket>> ClientSocket::ConnectTo(
    const Poco::Net::SocketAddress& address, Instant deadline, CancelToken& cancel,
    const Runtime& runtime) {
  const std::string where = "cannot connect to " + address.toString() + ": ";
  Poco::Net::StreamSocket socket;
  try {
    socket.connectNB(address);
    socket.setNoDelay(true);
  } catch (const Poco::Exception& e) {
    return Unavailable(where + e.displayText());
  }
  CloseOnExec(socket.impl()->sockfd());
  std::unique_ptr<ClientSocket> made(new ClientSocket(std::move(socket), runtime));
  made->EndOn(cancel);
  const short ready = WaitReady(made->fd_, POLLOUT, deadline, runtime);
  if (cancel.cancelled()) return Error{Code::kCancelled, "cancelled while connecting"};
  if (ready == 0) return Error{Code::kTimeout, where + "no answer in time", true};
  if (const int error = PendingError(made->fd_); error != 0) {
    return Unavailable(where + std::generic_category().message(error));
  }
  return made;
}

Status ClientSocket::ShakeHands(Poco::Net::Context& context, const std::string& host,
                                Instant deadline) {
  MG_TRY(session, TlsSession::Make(context, host));
  std::string bytes;
  while (true) {
    const Result<bool> done = session->Handshake();
    const Progress sent = SendRaw(session->TakeOutgoing(), {}, POLLOUT, deadline);
    if (!done) return Error{done.error().code, host + ": " + done.error().message};
    if (sent == Progress::kTimedOut) return Error{Code::kTimeout, host + ": TLS: too slow", true};
    if (*done && sent == Progress::kAll) break;
    bytes.clear();
    switch (Receive(deadline, bytes)) {
      case Got::kBytes:
        session->Feed(bytes);
        break;
      case Got::kNothing:
        return Error{Code::kTimeout, host + ": TLS: no answer in time", true};
      case Got::kEnd:
      case Got::kBroken:
        return Unavailable(host + ": the connection ended in the TLS handshake");
    }
  }
  tls_ = std::move(session);
  MarkUnsent();
  return Ok();
}

Got ClientSocket::ReceiveNowDecoded(std::string& out) {
  if (!tls_) return ReceiveNow(fd_, kReadBytes, out);
  while (true) {
    if (const Got got = tls_->Read(out); got != Got::kNothing) return got;
    std::string encrypted;
    const Got got = ReceiveNow(fd_, kReadBytes, encrypted);
    // Cut without TLS's own goodbye: whoever did that must not pass for the server's end.
    if (got != Got::kBytes) return got == Got::kEnd ? Got::kBroken : got;
    tls_->Feed(encrypted);
  }
}

Got ClientSocket::Receive(Instant deadline, std::string& out) {
  while (true) {
    if (const Got got = ReceiveNowDecoded(out); got != Got::kNothing) return got;
    if (WaitReady(fd_, POLLIN, deadline, runtime_) == 0) return Got::kNothing;
  }
}

ClientSocket::Progress ClientSocket::Send(std::string_view first, std::string_view second,
                                          Instant deadline) {
  if (!tls_) return SendRaw(first, second, POLLOUT, deadline);
  while (!first.empty() || !second.empty()) {
    for (std::string_view* part : {&first, &second}) {
      const std::string_view piece = part->substr(0, kEncryptedAtOnceBytes);
      if (!tls_->Write(piece)) return Progress::kBroken;
      part->remove_prefix(piece.size());
    }
    const Progress sent = SendRaw(tls_->TakeOutgoing(), {}, POLLOUT, deadline);
    if (sent != Progress::kAll) return sent;
  }
  return Progress::kAll;
}

ClientSocket::Progress ClientSocket::SendUnlessAnswered(std::string_view first,
                                                        std::string_view second, Instant deadline) {
  // What comes under TLS is mostly TLS's own.
  if (tls_) return Send(first, second, deadline);
  return SendRaw(first, second, POLLOUT | POLLIN, deadline);
}

ClientSocket::Progress ClientSocket::SendRaw(std::string_view first, std::string_view second,
                                             short events, Instant deadline) {
  const std::size_t whole = first.size() + second.size();
  while (true) {
    const bool open = SendNow(fd_, first, second);
    const std::size_t left = first.size() + second.size();
    if (left < whole) sent_any_ = true;
    if (!open) return Progress::kBroken;
    if (left == 0) return Progress::kAll;
    const short ready = WaitReady(fd_, events, deadline, runtime_);
    if (ready == 0) return Progress::kTimedOut;
    if (ready == POLLIN) return Progress::kAnswered;
  }
}

void ClientSocket::EndOn(CancelToken& cancel) {
  subscription_ = cancel.OnCancel([this] { HangUp(); });
}

void ClientSocket::HangUp() {
  hung_up_ = true;
  ::shutdown(fd_, SHUT_RDWR);
}

bool ClientSocket::Quiet() {
  std::string unexpected;
  return !hung_up_ && ReceiveNowDecoded(unexpected) == Got::kNothing;
}

}  // namespace mg
