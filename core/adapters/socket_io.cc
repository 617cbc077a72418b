#include "core/adapters/socket_io.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mg {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr int kLongestPollMs = 60'000;

// Rounded up: a poll that ends early would be called again at once, many times.
int PollMs(Nanos left) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::clamp<decltype(ms)>(ms, 0, kLongestPollMs));
}

bool WouldBlock(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

Got ReceiveNow(int fd, std::size_t at_most, std::string& out) {
  char piece[kPieceBytes];
  while (true) {
    const ssize_t n = ::recv(fd, piece, std::min(at_most, sizeof piece), MSG_DONTWAIT);
    if (n > 0) {
      out.append(piece, static_cast<std::size_t>(n));
      return Got::kBytes;
    }
    if (n == 0) return Got::kEnd;
    if (errno == EINTR) continue;
    return WouldBlock(errno) ? Got::kNothing : Got::kBroken;
  }
}

bool SendNow(int fd, std::string_view& first, std::string_view& second) {
  while (!first.empty() || !second.empty()) {
    // sendmsg does not write through these pointers; its type only cannot say so.
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t n = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
      if (errno == EINTR) continue;
      return WouldBlock(errno);
    }
    const auto sent = static_cast<std::size_t>(n);
    const std::size_t of_first = std::min(sent, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(sent - of_first);
  }
  return true;
}

short WaitReady(int fd, short events, Instant deadline, const Runtime& runtime) {
  while (true) {
    const Instant now = runtime.Now();
    const Nanos left = deadline == kNever ? Nanos::max() : deadline - now;
    pollfd entry{fd, events, 0};
    const int n = ::poll(&entry, 1, left == Nanos::max() ? kLongestPollMs : PollMs(left));
    if (n > 0) return entry.revents;
    if (n < 0 && errno != EINTR) return POLLERR;
    if (runtime.Now() >= deadline) return 0;
  }
}

bool WorthALook(std::string_view input, std::size_t looked_at) {
  if (input.size() <= looked_at) return false;
  return input.size() >= 2 * looked_at || input.find('\n', looked_at) != std::string_view::npos;
}

void CloseOnExec(int fd) {
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace mg
