// What the adapters' tests share: a client that speaks raw bytes, a log that remembers, handlers
// made of functions.
#pragma once
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/adapters/server.h"
#include "core/adapters/thread_runtime.h"
#include "core/http/message.h"
#include "core/ports/log.h"

namespace mg {

using namespace std::chrono_literals;

// Polls until `condition` holds; false after `limit`.
inline bool Eventually(const std::function<bool()>& condition, Nanos limit = 5s) {
  ThreadRuntime runtime;
  const Instant deadline = runtime.Now() + limit;
  while (!condition()) {
    if (runtime.Now() >= deadline) return false;
    runtime.SleepUntil(runtime.Now() + 1ms);
  }
  return true;
}

class MemoryLog final : public Log {
 public:
  void Write(LogLevel, std::string_view event, std::vector<LogField> fields) override {
    std::string line(event);
    for (const LogField& field : fields) {
      line += " " + std::string(field.name) + "=";
      const auto* text = std::get_if<std::string>(&field.value);
      line += text != nullptr ? *text : std::to_string(std::get<std::int64_t>(field.value));
    }
    Lock lock(mutex_);
    lines_.push_back(std::move(line));
  }
  bool Has(std::string_view part) {
    Lock lock(mutex_);
    for (const std::string& line : lines_) {
      if (line.find(part) != std::string::npos) return true;
    }
    return false;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> lines_;
};

class FunctionHandler final : public Handler {
 public:
  using Function = std::function<Response(Request&, const Peer&, CancelToken&)>;
  explicit FunctionHandler(Function function) : function_(std::move(function)) {}
  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override {
    return function_(request, peer, caller_gone);
  }

 private:
  Function function_;
};

class FunctionStream final : public BodyStream {
 public:
  using Function = std::function<Result<std::string>(Instant)>;
  explicit FunctionStream(Function function) : function_(std::move(function)) {}
  Result<std::string> Next(Instant deadline) override { return function_(deadline); }

 private:
  Function function_;
};

// Bytes over a loopback connection, each read limited to five seconds.
class RawConnection {
 public:
  explicit RawConnection(int fd) : fd_(fd) {}
  // `from`: of the many addresses that loopback has.
  static RawConnection To(std::uint16_t port, const char* from = "127.0.0.1") {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, from, &address.sin_addr);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return RawConnection(fd);
  }
  RawConnection(RawConnection&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), unread_(std::move(other.unread_)) {}
  RawConnection& operator=(RawConnection&&) = delete;
  ~RawConnection() { Close(); }

  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void Reset() {  // closes with a reset instead of an end
    const linger abort{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    Close();
  }
  void FinishWriting() { ::shutdown(fd_, SHUT_WR); }

  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  // As much as there is room for now; false when there is none.
  bool SendNow(std::string_view bytes) {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
  }

  // Up to and including `end`; what there is when the connection ends or the time is up.
  std::string ReadTo(std::string_view end) {
    while (true) {
      const std::size_t at = unread_.find(end);
      if (at != std::string::npos) return Take(at + end.size());
      if (!ReadMore()) return Take(unread_.size());
    }
  }
  std::string ReadBytes(std::size_t count) {
    while (unread_.size() < count && ReadMore()) {
    }
    return Take(std::min(count, unread_.size()));
  }
  std::string ReadAll() {
    while (ReadMore()) {
    }
    return Take(unread_.size());
  }
  // One answer with a Content-Length.
  std::string ReadAnswer() {
    std::string head = ReadTo("\r\n\r\n");
    const std::size_t at = head.find("Content-Length: ");
    if (at == std::string::npos) return head;
    return head + ReadBytes(std::stoul(head.substr(at + 16)));
  }
  bool Readable(Nanos limit) {
    pollfd wait{fd_, POLLIN, 0};
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    return ::poll(&wait, 1, static_cast<int>(ms)) == 1;
  }
  // True when the peer has closed, in whatever way, and nothing is left to read.
  bool Ended(Nanos limit = 5s) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    return unread_.empty() && !ReadMore(static_cast<int>(ms)) && ended_;
  }

 private:
  bool ReadMore(int limit_ms = 5000) {
    pollfd wait{fd_, POLLIN, 0};
    if (::poll(&wait, 1, limit_ms) != 1) return false;
    char piece[65536];
    const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
    ended_ = n <= 0;
    if (ended_) return false;
    unread_.append(piece, static_cast<std::size_t>(n));
    return true;
  }
  std::string Take(std::size_t count) {
    std::string taken = unread_.substr(0, count);
    unread_.erase(0, count);
    return taken;
  }

  int fd_;
  std::string unread_;
  bool ended_ = false;
};

// A server on a free port with a handler made of a function.
class ServerFixture {
 public:
  explicit ServerFixture(FunctionHandler::Function function, ServerOptions options = {})
      : handler_(std::move(function)), server_(std::move(options), handler_, runtime_, log_) {
    const Status started = server_.Start();
    EXPECT_TRUE(started.ok()) << (started ? "" : started.error().message);
  }
  ~ServerFixture() { server_.Stop(runtime_.Now()); }

  Server& server() { return server_; }
  ThreadRuntime& runtime() { return runtime_; }
  MemoryLog& log() { return log_; }
  std::uint16_t port() const { return server_.port(); }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port()); }
  RawConnection Connect() const { return RawConnection::To(port()); }

 private:
  ThreadRuntime runtime_;
  MemoryLog log_;
  FunctionHandler handler_;
  Server server_;
};

}  // namespace mg
