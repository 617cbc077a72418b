// Non-blocking socket calls with deadlines of our own, shared by the server and the transport.
//
// Thread-safety: stateless; one reader and one writer may use a descriptor at the same time.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/ports/runtime.h"
#include "core/ports/transport.h"

namespace mg {

enum class Got { kBytes, kNothing, kEnd, kBroken };
enum class Sent { kAll, kTimedOut, kBroken };

// Appends what is there, `at_most` bytes of it, without waiting.
Got ReceiveNow(int fd, std::size_t at_most, std::string& out);

// Sends as much as fits without waiting, of `first` and then of `second`, and drops it from them.
// False when the connection is broken.
bool SendNow(int fd, std::string_view& first, std::string_view& second);

// The poll(2) events that came, errors included; 0 when the deadline came first.
short WaitReady(int fd, short events, Instant deadline, const Runtime& runtime);

// Waits as long as some bytes leave every `patience`.
Sent SendAll(int fd, std::string_view first, std::string_view second, Nanos patience,
             const Runtime& runtime);

// Whether a head's parser may find more in `input` than when it saw its first `looked_at` bytes. It
// starts at the front each time; a head cannot end without a line feed, so a look for each of
// these, and whenever the input has doubled (for a wrong byte without any), keeps the work that a
// trickled head can cause small.
bool WorthALook(std::string_view input, std::size_t looked_at);

// Poco makes sockets that a child process would inherit.
void CloseOnExec(int fd);

// Bytes both ways over a plain connection, which stays the caller's. `leftover`: bytes that came
// with the head. One task may read while another writes.
class SocketDuplex final : public Duplex {
 public:
  SocketDuplex(int fd, std::string leftover, Nanos write_patience, const Runtime& runtime)
      : fd_(fd),
        leftover_(std::move(leftover)),
        write_patience_(write_patience),
        runtime_(runtime) {}
  Result<std::string> Read(Instant deadline) override;
  Status Write(std::string_view bytes) override;
  void Close() override;  // both directions; ends a Read that waits

 private:
  int fd_;
  std::string leftover_;
  Nanos write_patience_;
  const Runtime& runtime_;
};

}  // namespace mg
