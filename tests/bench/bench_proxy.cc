// The gateway's model route beside a plain reverse proxy: both pass the same chat to the same
// upstream, an nginx that answers with a fixed completion, over loopback and on the same cores, in
// turns. The gateway is `moltgate serve` as in production, its registry, keys and usage rows in the
// D1 and KV of another process; the proxy is nginx with `proxy_pass` and kept-alive connections.
// Both write a line for each request. Aims: 0.6 of nginx's throughput with 32 connections, 100 us
// added at the median with one. Run by tests/bench/proxy.sh [seconds a round], which installs
// nginx.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>

#include "emulator/self.h"
#include "tests/bench/served_gateway.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kLeastShare = 0.6;
constexpr double kMostAddedUs = 100;
constexpr int kRounds = 3;
constexpr int kConnections = 32;

constexpr const char* kCompletion =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":1760000000,)"
    R"("model":"@cf/meta/llama-3.1-8b-instruct-fp8-fast","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"17 + 25 = 42."},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":14,"completion_tokens":9,"total_tokens":23}})";

// Two nginx servers in one process tree: the upstream, and the proxy to it.
class Nginx {
 public:
  Nginx(const std::string& folder, std::uint16_t upstream, std::uint16_t proxy) {
    const std::string config = folder + "/nginx.conf";
    std::ofstream(config)
        << "daemon off; pid " << folder << "/nginx.pid; error_log " << folder
        << "/nginx.err;\nworker_processes 2;\nevents { worker_connections 1024; }\n"
        << "http {\n  access_log " << folder << "/nginx.log;\n"
        << "  keepalive_requests 1000000000;\n  upstream model { server 127.0.0.1:" << upstream
        << "; keepalive 64; keepalive_requests 1000000000; }\n"
        << "  server { listen 127.0.0.1:" << upstream
        << "; access_log off; default_type application/json;\n"
        << "    location / { return 200 '" << kCompletion << "'; } }\n"
        << "  server { listen 127.0.0.1:" << proxy
        << ";\n    location / { proxy_pass http://model; proxy_http_version 1.1; "
        << "proxy_set_header Connection \"\"; } }\n}\n";
    std::string words[] = {"/usr/sbin/nginx", "-p", folder, "-c", config};
    char* argv[] = {words[0].data(), words[1].data(), words[2].data(),
                    words[3].data(), words[4].data(), nullptr};
    if (::posix_spawn(&pid_, argv[0], nullptr, nullptr, argv, environ) != 0)
      throw std::runtime_error("cannot run nginx; tests/bench/proxy.sh installs it");
  }
  ~Nginx() {
    ::kill(pid_, SIGTERM);
    WaitForExit(pid_);
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

 private:
  pid_t pid_ = 0;
};

// One kept-alive connection that asks the same again and again.
class Client {
 public:
  Client(int epoll, std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect to port " + std::to_string(port));
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = this;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event);
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Ask(const std::string& request) {
    answer_.clear();
    asked_ = Clock::now();
    if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
      throw std::runtime_error("cannot send");
  }

  // True when the answer is whole; anything but 200 ends the bench.
  bool Read() {
    char piece[16 * 1024];
    const ssize_t n = ::recv(fd_, piece, sizeof piece, MSG_DONTWAIT);
    if (n == 0) throw std::runtime_error("the connection was closed");
    if (n < 0) return false;
    answer_.append(piece, static_cast<std::size_t>(n));
    const std::size_t head = answer_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    if (answer_.compare(9, 3, "200") != 0) throw std::runtime_error("refused: " + answer_);
    return answer_.size() >= head + 4 + std::string_view(kCompletion).size();
  }
  double TookUs() const {
    return std::chrono::duration<double, std::micro>(Clock::now() - asked_).count();
  }

 private:
  int fd_;
  std::string answer_;
  Clock::time_point asked_;
};

struct Figures {
  std::vector<double> took_us;
  double seconds = 0;

  double PerSecond() const { return double(took_us.size()) / seconds; }
  double At(double share) {
    std::sort(took_us.begin(), took_us.end());
    return took_us.at(static_cast<std::size_t>(share * double(took_us.size() - 1)));
  }
};

void Measure(std::uint16_t port, const std::string& request, int connections, int seconds,
             Figures& figures) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::deque<Client> clients;
  for (int i = 0; i < connections; ++i) clients.emplace_back(epoll, port).Ask(request);
  const auto began = Clock::now();
  const auto end = began + std::chrono::seconds(seconds);
  int running = connections;
  while (running > 0) {
    epoll_event events[64];
    const int count = ::epoll_wait(epoll, events, 64, 5000);
    if (count == 0) throw std::runtime_error("no answer for 5 s");
    for (int i = 0; i < count; ++i) {
      auto* client = static_cast<Client*>(events[i].data.ptr);
      if (!client->Read()) continue;
      figures.took_us.push_back(client->TookUs());
      if (Clock::now() < end) {
        client->Ask(request);
      } else {
        --running;
      }
    }
  }
  figures.seconds += std::chrono::duration<double>(Clock::now() - began).count();
  ::close(epoll);
}

std::string Chat(const std::string& host, const std::string& key) {
  const std::string body = R"({"messages":[{"role":"user","content":"What is 17 + 25?"}]})";
  return "POST /v1/chat/completions HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " +
         key +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

void Print(const char* name, Figures& busy, Figures& alone) {
  std::printf(
      "%-8s %8.0f/s with %d connections (p50 %.0f us, p99 %.0f us); one: p50 %.0f us, p99 "
      "%.0f us\n",
      name, busy.PerSecond(), kConnections, busy.At(0.5), busy.At(0.99), alone.At(0.5),
      alone.At(0.99));
}

int Run(int seconds) {
  TempFolder folder;
  const std::uint16_t upstream = FreePort(), proxy = FreePort();
  Running up(folder.path(), {"--quiet", "--memory", "--only", "kv,d1,r2,access"});
  const Nginx nginx(folder.path(), upstream, proxy);
  const ServedGateway gateway(folder.path(), up, "http://127.0.0.1:" + std::to_string(upstream),
                              {{"free_per_minute", 1'000'000'000}, {"public_max", 1'000'000'000}});
  const std::uint16_t port = gateway.port();
  const std::string request = Chat("bench.localhost", gateway.key());

  Figures warm, nginx_busy, nginx_alone, our_busy, our_alone;
  for (const std::uint16_t each : {proxy, port}) Measure(each, request, kConnections, 1, warm);
  for (int round = 0; round < kRounds; ++round) {
    Measure(proxy, request, kConnections, seconds, nginx_busy);
    Measure(port, request, kConnections, seconds, our_busy);
    Measure(proxy, request, 1, seconds, nginx_alone);
    Measure(port, request, 1, seconds, our_alone);
  }
  Print("nginx", nginx_busy, nginx_alone);
  Print("moltgate", our_busy, our_alone);
  const double share = our_busy.PerSecond() / nginx_busy.PerSecond();
  const double added_us = our_alone.At(0.5) - nginx_alone.At(0.5);
  std::printf("throughput: %.2f of nginx's (aim %.1f: %s)\n", share, kLeastShare,
              share >= kLeastShare ? "met" : "MISSED");
  std::printf("added at the median: %.0f us (aim %.0f: %s)\n", added_us, kMostAddedUs,
              added_us <= kMostAddedUs ? "met" : "MISSED");
  return 0;
}

}  // namespace
}  // namespace mg::test

int main(int argc, char** argv) {
  mg::PrepareProcess();
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 5;
  try {
    return mg::test::Run(std::max(1, seconds));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_proxy: %s\n", error.what());
    return 1;
  }
}
