#include "core/adapters/caller_io.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace mg {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::size_t kEncryptedAtOnceBytes = 64 * 1024;

void Drop(std::size_t bytes, std::string_view& first, std::string_view& second) {
  const std::size_t of_first = std::min(bytes, first.size());
  first.remove_prefix(of_first);
  second.remove_prefix(std::min(bytes - of_first, second.size()));
}

}  // namespace

Got CallerIo::Receive(std::size_t at_most, std::string& out) {
  if (!tls_) return ReceiveNow(fd_, at_most, out);
  while (true) {
    if (ready_) {
      if (const Got got = tls_->Read(out); got != Got::kNothing) return got;
    }
    std::string encrypted;
    if (const Got got = ReceiveNow(fd_, at_most, encrypted); got != Got::kBytes) return got;
    tls_->Feed(encrypted);
    if (!ready_ && !ShakeHands()) return Got::kBroken;
  }
}

// What it has to say is small: the peer's window of a new connection has room for it.
bool CallerIo::ShakeHands() {
  const Result<bool> done = tls_->Handshake();
  pending_ += tls_->TakeOutgoing();
  const bool open = Flush();
  ready_ = done && *done;
  return done && open;
}

bool CallerIo::Flush() {
  std::string_view left = pending_;
  std::string_view nothing;
  const bool open = SendNow(fd_, left, nothing);
  pending_.erase(0, pending_.size() - left.size());
  return open;
}

bool CallerIo::Send(std::string_view& first, std::string_view& second) {
  if (!tls_) return SendNow(fd_, first, second);
  if (!ready_) return false;
  while (true) {
    if (!Flush()) return false;
    if (!pending_.empty()) return true;  // no room
    Drop(std::exchange(in_flight_, 0), first, second);
    if (first.empty() && second.empty()) return true;
    const std::string_view piece =
        (first.empty() ? second : first).substr(0, kEncryptedAtOnceBytes);
    if (!tls_->Write(piece)) return false;
    in_flight_ = piece.size();
    pending_ += tls_->TakeOutgoing();
  }
}

Sent CallerIo::SendAll(std::string_view first, std::string_view second, Nanos patience,
                       const Runtime& runtime) {
  while (true) {
    if (!Send(first, second)) return Sent::kBroken;
    if (first.empty() && second.empty()) return Sent::kAll;
    if (WaitReady(fd_, POLLOUT, runtime.Now() + patience, runtime) == 0) return Sent::kTimedOut;
  }
}

void CallerIo::SayGoodbye() {
  if (!tls_ || !ready_ || !pending_.empty()) return;
  tls_->EndOutgoing();
  pending_ += tls_->TakeOutgoing();
  Flush();
}

Result<std::string> SocketDuplex::Read(Instant deadline) {
  if (!leftover_.empty()) return std::exchange(leftover_, {});
  std::string bytes;
  while (true) {
    switch (io_.Receive(kPieceBytes, bytes)) {
      case Got::kBytes:
      case Got::kEnd:
        return bytes;
      case Got::kBroken:
        return Error{Code::kUnavailable, "the connection is broken"};
      case Got::kNothing:
        break;
    }
    if (WaitReady(io_.fd(), POLLIN, deadline, runtime_) == 0) {
      return Error{Code::kTimeout, "nothing came before the deadline", true};
    }
  }
}

Status SocketDuplex::Write(std::string_view bytes) {
  switch (io_.SendAll(bytes, {}, write_patience_, runtime_)) {
    case Sent::kAll:
      return Ok();
    case Sent::kTimedOut:
      return Error{Code::kUnknownOutcome, "the peer takes no bytes"};
    case Sent::kBroken:
      break;
  }
  return Error{Code::kUnavailable, "the connection is broken"};
}

void SocketDuplex::Close() {
  ::shutdown(io_.fd(), SHUT_RDWR);
}

}  // namespace mg
