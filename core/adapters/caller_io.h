// The bytes of one accepted connection, plain or TLS, without waiting.
//
// Thread-safety: one reader and one writer at the same time, once the first bytes were received.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/adapters/socket_io.h"
#include "core/adapters/tls_session.h"
#include "core/ports/runtime.h"
#include "core/ports/transport.h"

namespace mg {

class CallerIo {
 public:
  // `fd` stays the caller's; `tls` is null for a plain connection.
  CallerIo(int fd, std::unique_ptr<TlsSession> tls) : fd_(fd), tls_(std::move(tls)) {}

  int fd() const { return fd_; }
  // As ReceiveNow; it shakes hands first, and leaves nothing decoded behind that epoll cannot see.
  Got Receive(std::size_t at_most, std::string& out);
  // As SendNow. What has not been dropped must come again at the front of the next call: a part of
  // it may be encrypted already.
  bool Send(std::string_view& first, std::string_view& second);
  // As SendAll.
  Sent SendAll(std::string_view first, std::string_view second, Nanos patience,
               const Runtime& runtime);
  // Under TLS, tells the peer that the end is no cut.
  void SayGoodbye();

 private:
  bool Flush();  // false when the connection is broken
  bool ShakeHands();

  const int fd_;
  const std::unique_ptr<TlsSession> tls_;
  bool ready_ = false;         // hands are shaken
  std::string pending_;        // encrypted, not yet sent
  std::size_t in_flight_ = 0;  // plain bytes that `pending_` ends with
};

// Bytes both ways over a connection, which stays the caller's. `leftover`: bytes that came with the
// head. One task may read while another writes.
class SocketDuplex final : public Duplex {
 public:
  SocketDuplex(CallerIo& io, std::string leftover, Nanos write_patience, const Runtime& runtime)
      : io_(io),
        leftover_(std::move(leftover)),
        write_patience_(write_patience),
        runtime_(runtime) {}
  Result<std::string> Read(Instant deadline) override;
  Status Write(std::string_view bytes) override;
  void Close() override;  // both directions; ends a Read that waits

 private:
  CallerIo& io_;
  std::string leftover_;
  Nanos write_patience_;
  const Runtime& runtime_;
};

}  // namespace mg
