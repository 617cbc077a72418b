// An ordinary client beside a crowd: 2,000 idle kept-alive connections, and 500 slow senders, a
// third each within a head, within a small body, and within a large body of a tenant whose key is
// good (these hold a worker). All come from one address, whose share of the connections is 5,000
// (ADR 6). Aims: p99 under 50 ms, every request served, no idle connection lost. Run from a release
// build: build/release/tests/bench/bench_crowd [seconds] [idle] [slow]
#include <atomic>
#include <cstdio>
#include <deque>
#include <map>
#include <thread>

#include "core/adapters/origin.h"
#include "core/base/json.h"
#include "emulator/self.h"
#include "tests/bench/plain_client.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using std::chrono::milliseconds;

constexpr double kMostMs = 50;

std::string Get(const std::string& target, const std::string& host) {
  return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

struct Figures {
  std::vector<double> took_ms;
  long refused = 0;
};

// One request after another, as fast as answers come; each tenth on a new connection.
Figures Measure(std::uint16_t port, const std::string& request, Clock::duration duration) {
  Figures figures;
  PlainClient client(port);
  const auto end = Clock::now() + duration;
  for (int i = 0; Clock::now() < end; ++i) {
    const auto asked = Clock::now();
    if (i % 10 == 0) client.HangUp();
    if (client.Ask(request) == 200) {
      figures.took_ms.push_back(Ms(Clock::now() - asked));
    } else {
      ++figures.refused;
    }
    std::this_thread::sleep_for(milliseconds(1));  // it shares the cores with the gateway
  }
  return figures;
}

// Sends the beginning of a request at once and then a byte now and then; begins anew when the
// server has had enough.
class SlowSender {
 public:
  SlowSender(std::uint16_t port, std::string begin, int number)
      : client_(port), begin_(std::move(begin)), due_(Clock::now() + milliseconds(2 * number)) {}

  void Tick(Clock::time_point now, std::map<int, long>& ends) {
    if (now < due_) return;
    due_ = now + milliseconds(500);
    if (!client_.connected()) {
      client_.Connect();
      client_.Send(begin_);
      return;
    }
    const PlainClient::Got got = client_.Read();
    if (got == PlainClient::Got::kNothingYet && client_.Send("1")) return;
    ++ends[got == PlainClient::Got::kAnswer ? client_.status() : 0];
    client_.HangUp();
  }

 private:
  PlainClient client_;
  const std::string begin_;
  Clock::time_point due_;
};

class Crowd {
 public:
  Crowd(Running& up, std::uint16_t port, int idle, int slow) : port_(port) {
    const std::string host = "Host: " + up.At("demo_tenant_host") + "\r\n";
    const std::string key = "Authorization: Bearer " + up.At("demo_tenant_key") + "\r\n";
    const std::string post = "POST /v1/chat/completions HTTP/1.1\r\n" + host + key +
                             "Content-Type: application/json\r\n";
    const std::string begins[] = {
        "GET /api/status HTTP/1.1\r\n" + host + "X-Slow: ",
        post + "Content-Length: 4096\r\n\r\n{",
        post + "Content-Length: 1000000\r\n\r\n{",
    };
    for (int i = 0; i < slow; ++i) slow_.emplace_back(port, begins[i % 3], i);
    const std::string health = Get("/sandbox-health", up.At("demo_tenant_host"));
    for (int i = 0; i < idle; ++i) {
      if (idle_.emplace_back(port).Ask(health) != 200)
        throw std::runtime_error("idle connection " + std::to_string(i) + " was refused");
    }
    sender_ = std::thread([this] {
      while (!stop_) {
        const auto now = Clock::now();
        for (SlowSender& each : slow_) each.Tick(now, ends_);
        std::this_thread::sleep_for(milliseconds(10));
      }
    });
  }
  ~Crowd() { Stop(); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  void Stop() {
    stop_ = true;
    if (sender_.joinable()) sender_.join();
  }
  // How many of the idle connections are still good.
  long CountAlive(const std::string& request) {
    return std::count_if(idle_.begin(), idle_.end(), [&](PlainClient& client) {
      return client.connected() && client.Ask(request) == 200;
    });
  }
  // By status, how slow senders ended; 0: without an answer.
  const std::map<int, long>& ends() const { return ends_; }

 private:
  const std::uint16_t port_;
  std::deque<PlainClient> idle_;
  std::deque<SlowSender> slow_;
  std::map<int, long> ends_;
  std::atomic<bool> stop_{false};
  std::thread sender_;
};

int ThreadsOf(pid_t pid) {
  const std::string status = ReadFile("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = status.find("Threads:");
  return at == std::string::npos ? 0 : std::atoi(status.c_str() + at + 8);
}

void Print(const char* name, Figures& figures) {
  std::printf("%-10s %7zu served, %ld not   p50 %6.2f ms   p99 %6.2f ms   longest %6.2f ms\n", name,
              figures.took_ms.size(), figures.refused, Quantile(figures.took_ms, 0.5),
              Quantile(figures.took_ms, 0.99), Quantile(figures.took_ms, 1));
}

int Run(int seconds, int idle, int slow) {
  TempFolder folder;
  const std::string profile =
      folder.Write("p.jsonc", R"({"environment":"development",)"
                              R"("limits":{"public_max":1000000000,"free_per_minute":1000000}})");
  Running up(folder.path(), {"--quiet", "--memory", "--no-edge", "--profile", profile});
  const std::uint16_t port = ParseOrigin(up.At("gateway_url"))->port;
  const std::string status = Get("/api/status", up.At("demo_tenant_host"));
  const std::chrono::seconds duration(seconds);
  Measure(port, status, std::chrono::seconds(1));  // warm
  Figures alone = Measure(port, status, duration);
  Print("alone", alone);

  Crowd crowd(up, port, idle, slow);
  std::this_thread::sleep_for(milliseconds(2 * slow + 500));  // all of them have begun
  Figures beside = Measure(port, status, duration);
  const int threads = ThreadsOf(up.pid());
  crowd.Stop();
  Print("in a crowd", beside);
  const long alive = crowd.CountAlive(status);
  std::printf("%ld of %d idle connections were served afterwards; %d threads; slow senders ended",
              alive, idle, threads);
  for (const auto& [code, count] : crowd.ends()) std::printf(" %d: %ld", code, count);
  const double p99 = Quantile(beside.took_ms, 0.99);
  std::printf("\np99: %.2f ms (aim %.0f: %s), %.1f times that of the same client alone\n", p99,
              kMostMs, p99 <= kMostMs ? "met" : "MISSED", p99 / Quantile(alone.took_ms, 0.99));
  return beside.refused == 0 && alive == idle ? 0 : 1;
}

}  // namespace
}  // namespace mg::test

int main(int argc, char** argv) {
  mg::PrepareProcess();
  const auto number = [&](int at, int otherwise) {
    return argc > at ? std::max(1, std::atoi(argv[at])) : otherwise;
  };
  try {
    return mg::test::Run(number(1, 20), number(2, 2000), number(3, 500));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_crowd: %s\n", error.what());
    return 1;
  }
}
