// Many streamed chats at once through the gateway and the AI Gateway fake, which run in a process
// of their own: how much later the first byte comes than from the fake directly, the longest time
// between two chunks, and memory. Aims: no stall over 250 ms, 20 ms added to the first byte at p99,
// 200 MB. Run from a release build: build/release/tests/bench/bench_streams [seconds] [streams]
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "core/adapters/origin.h"
#include "core/base/json.h"
#include "emulator/self.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr double kTokensPerSecond = 20;
constexpr double kMostStallMs = 250;
constexpr double kMostAddedMs = 20;
constexpr double kMostMemoryMb = 200;

double Ms(Clock::duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}

struct Figures {
  std::vector<double> first_byte_ms;
  double longest_gap_ms = 0;
  long whole = 0;
  long broken = 0;

  double At(double share) {
    if (first_byte_ms.empty()) return 0;
    std::sort(first_byte_ms.begin(), first_byte_ms.end());
    return first_byte_ms[static_cast<std::size_t>(share * double(first_byte_ms.size() - 1))];
  }
};

// One connection that asks for one stream after another. All of them run on one thread, so that the
// measuring costs little and disturbs alike.
class Client {
 public:
  Client(int epoll, std::uint16_t port, const std::string& request, Figures& figures)
      : epoll_(epoll), port_(port), request_(request), figures_(figures) {}
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Ask() {
    if (fd_ < 0) Connect();
    tail_.clear();
    in_body_ = false;
    got_first_ = false;
    asked_ = Clock::now();
    if (::send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request_.size()))
      Fail();
  }

  // True when a stream has ended.
  bool Read() {
    char piece[16 * 1024];
    const ssize_t n = ::recv(fd_, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0) return false;
    if (n == 0) {
      Fail();
      return true;
    }
    tail_.append(piece, static_cast<std::size_t>(n));
    return Look(Clock::now());
  }

 private:
  bool Look(Clock::time_point now) {
    if (!in_body_) {
      const std::size_t end = tail_.find("\r\n\r\n");
      if (end == std::string::npos) return false;
      if (tail_.compare(9, 3, "200") != 0) {
        std::fprintf(stderr, "refused: %s\n", tail_.c_str());
        Fail();
        return true;
      }
      in_body_ = true;
      tail_.erase(0, end + 4);
    }
    if (tail_.empty()) return false;
    if (!got_first_) {
      figures_.first_byte_ms.push_back(Ms(now - asked_));
    } else {
      figures_.longest_gap_ms = std::max(figures_.longest_gap_ms, Ms(now - last_));
    }
    got_first_ = true;
    last_ = now;
    constexpr std::string_view kEnd = "0\r\n\r\n";
    const bool ended = tail_.size() >= kEnd.size() &&
                       tail_.compare(tail_.size() - kEnd.size(), kEnd.size(), kEnd) == 0;
    if (tail_.size() > 16) tail_.erase(0, tail_.size() - 16);
    if (ended) ++figures_.whole;
    return ended;
  }

  void Fail() {
    ++figures_.broken;
    ::close(std::exchange(fd_, -1));
  }

  void Connect() {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = this;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd_, &event);
  }

  const int epoll_;
  const std::uint16_t port_;
  const std::string& request_;
  Figures& figures_;
  int fd_ = -1;
  std::string tail_;
  bool in_body_ = false;
  bool got_first_ = false;
  Clock::time_point asked_, last_;
};

// `streams` at a time for so long; they begin one after another within the first two seconds.
Figures Measure(std::uint16_t port, const std::string& request, int streams,
                std::chrono::seconds duration) {
  Figures figures;
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::deque<Client> clients;
  for (int i = 0; i < streams; ++i) clients.emplace_back(epoll, port, request, figures);
  const auto began = Clock::now();
  const auto spread = milliseconds(2000);
  std::size_t asked = 0;
  int running = 0;
  while (asked < clients.size() || running > 0) {
    const auto now = Clock::now();
    const auto due = static_cast<std::size_t>(double(streams) * Ms(now - began) / Ms(spread));
    for (; asked < std::min(due, clients.size()); ++asked, ++running) clients[asked].Ask();
    epoll_event events[64];
    const int count = ::epoll_wait(epoll, events, 64, asked < clients.size() ? 1 : 100);
    for (int i = 0; i < count; ++i) {
      auto* client = static_cast<Client*>(events[i].data.ptr);
      if (!client->Read()) continue;
      if (Clock::now() < began + duration) {
        client->Ask();
      } else {
        --running;
      }
    }
    if (Clock::now() > began + duration + std::chrono::seconds(30)) break;
  }
  ::close(epoll);
  return figures;
}

std::string Post(const std::string& target, const std::string& host, const Headers& headers,
                 const std::string& body) {
  std::string text = "POST " + target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  for (const auto& line : headers.lines()) text += line.name + ": " + line.value + "\r\n";
  return text + "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

double StatusMb(pid_t pid, const std::string& name) {
  const std::string status = ReadFile("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = status.find(name + ":");
  return at == std::string::npos ? 0 : std::atof(status.c_str() + at + name.size() + 1) / 1024;
}

void Print(const char* name, Figures& figures) {
  std::printf(
      "%-8s %6ld streams  %ld broken  first byte p50 %7.2f ms  p99 %7.2f ms  longest gap %7.1f "
      "ms\n",
      name, figures.whole, figures.broken, figures.At(0.5), figures.At(0.99),
      figures.longest_gap_ms);
}

const char* Verdict(double value, double most) {
  return value <= most ? "met" : "MISSED";
}

int Run(int seconds, int streams) {
  TempFolder folder;
  const std::string profile = folder.Write(
      "p.jsonc", R"({"environment":"development","limits":{"free_per_minute":1000000000}})");
  const std::string edge = folder.Write("edge.jsonc", R"({"rules":[]})");  // no limit of its own
  Running up(folder.path(), {"--quiet", "--memory", "--profile", profile, "--edge", edge, "--ai",
                             "first_token=100ms", "--ai", "tokens_per_second=20"});
  const std::string question =
      R"("stream":true,"messages":[{"role":"user","content":"Tell me something long."}]})";
  const auto port = [](const std::string& url) { return ParseOrigin(url)->port; };
  const std::string api = up.At("api_base").substr(0, up.At("api_base").find("/client/v4"));
  const std::string direct = Post(
      up.At("ai_gateway_base").substr(api.size()) + "/workers-ai/v1/chat/completions", "127.0.0.1",
      {{"cf-aig-authorization", "Bearer " + up.At("ai_gateway_token")},
       {"authorization", "Bearer " + up.At("api_token")}},
      R"({"model":"@cf/meta/llama-3.1-8b-instruct-fp8-fast",)" + question);
  const std::string through =
      Post("/v1/chat/completions", up.At("demo_tenant_host"),
           {{"authorization", "Bearer " + up.At("demo_tenant_key")}}, "{" + question);
  const std::chrono::seconds duration(seconds);
  std::printf("%d streams at a time, %.0f tokens a second each, for %d s\n", streams,
              kTokensPerSecond, seconds);
  Measure(port(up.At("gateway_url")), through, 20, std::chrono::seconds(1));  // warm
  Figures alone = Measure(port(api), direct, streams, duration);
  Print("fake", alone);
  Figures both = Measure(port(up.At("gateway_url")), through, streams, duration);
  Print("gateway", both);
  const double added = both.At(0.99) - alone.At(0.99);
  const double memory = StatusMb(up.pid(), "VmHWM");
  std::printf("added to the first byte: p50 %.2f ms, p99 %.2f ms (aim %.0f: %s)\n",
              both.At(0.5) - alone.At(0.5), added, kMostAddedMs, Verdict(added, kMostAddedMs));
  std::printf("longest gap between chunks: %.1f ms (aim %.0f: %s)\n", both.longest_gap_ms,
              kMostStallMs, Verdict(both.longest_gap_ms, kMostStallMs));
  std::printf("memory of gateway and fakes at most: %.0f MB (aim %.0f: %s)\n", memory,
              kMostMemoryMb, Verdict(memory, kMostMemoryMb));
  return both.broken == 0 && alone.broken == 0 ? 0 : 1;
}

}  // namespace
}  // namespace mg::test

int main(int argc, char** argv) {
  mg::PrepareProcess();
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
  const int streams = argc > 2 ? std::atoi(argv[2]) : 500;
  return mg::test::Run(std::max(1, seconds), std::max(1, streams));
}
