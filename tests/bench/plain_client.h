// The smallest HTTP client for benches: one connection, one request at a time, answers framed by
// Content-Length.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace mg::test {

using Clock = std::chrono::steady_clock;

inline double Ms(Clock::duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

// The smallest of the values that `share` of them do not exceed; 0 when there are none.
inline double Quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * double(values.size() - 1))];
}

class PlainClient {
 public:
  // `source`: the loopback address to come from, 127.0.0.`source`.
  explicit PlainClient(std::uint16_t port, int source = 1) : port_(port), source_(source) {}
  ~PlainClient() { HangUp(); }
  PlainClient(const PlainClient&) = delete;
  PlainClient& operator=(const PlainClient&) = delete;

  int fd() const { return fd_; }
  bool connected() const { return fd_ >= 0; }

  void Connect() {
    HangUp();
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int late = 1;  // else binding to port 0 takes one that no other destination may use
    ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late);
    const sockaddr_in from = Loopback(source_, 0);
    const sockaddr_in to = Loopback(1, port_);
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
        ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect to port " + std::to_string(port_));
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  void HangUp() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    answer_.clear();
  }
  bool Send(const std::string& bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }

  enum class Got { kAnswer, kNothingYet, kEnd };

  // What is there, without waiting; after kAnswer, status() is its status.
  Got Read() { return Take(MSG_DONTWAIT); }
  // The status of the answer to `request`, over a new connection when there is none; nullopt when
  // it ended without one.
  std::optional<int> Ask(const std::string& request) {
    if (!connected()) Connect();
    if (!Send(request)) HangUp();
    while (connected()) {
      switch (Take(0)) {
        case Got::kAnswer:
          return status_;
        case Got::kNothingYet:
          break;
        case Got::kEnd:
          HangUp();
      }
    }
    return std::nullopt;
  }
  int status() const { return status_; }

 private:
  Got Take(int flags) {
    char piece[16 * 1024];
    const ssize_t n = ::recv(fd_, piece, sizeof piece, flags);
    if (n < 0) return errno == EAGAIN || errno == EINTR ? Got::kNothingYet : Got::kEnd;
    if (n == 0) return Got::kEnd;
    answer_.append(piece, static_cast<std::size_t>(n));
    const std::size_t head = answer_.find("\r\n\r\n");
    if (head == std::string::npos) return Got::kNothingYet;
    const std::size_t length = answer_.find("\r\nContent-Length: ");
    const std::size_t body =
        length < head ? std::strtoul(answer_.c_str() + length + 18, nullptr, 10) : 0;
    if (answer_.size() < head + 4 + body) return Got::kNothingYet;
    status_ = std::atoi(answer_.c_str() + 9);
    answer_.clear();
    return Got::kAnswer;
  }

  static sockaddr_in Loopback(int last, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(0x7f000000u + static_cast<std::uint32_t>(last));
    return address;
  }

  const std::uint16_t port_;
  const int source_;
  int fd_ = -1;
  int status_ = 0;
  std::string answer_;
};

}  // namespace mg::test
