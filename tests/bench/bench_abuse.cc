// Guessing, as fast as 32 connections go, at a gateway (`moltgate serve`) in a process of its own:
// unknown hosts, tokens of unknown keys, wrong API keys, tokens of 20 KB. For each flood: refusals
// a second, calls to D1, KV and Access per refusal, and the gateway's memory before and after.
// First with the failure budget (LIM-9) as it is, then without it, when unknown hosts are the one
// thing that has to be looked up. Aims: a call per 100 refusals at most (without the budget:
// unknown hosts apart), 16 MB more at most. Run from a release build:
// build/release/tests/bench/bench_abuse [seconds a flood]
#include <sys/epoll.h>

#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <set>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "emulator/self.h"
#include "tests/bench/plain_client.h"
#include "tests/bench/served_gateway.h"

namespace mg::test {
namespace {

constexpr int kConnections = 32;
constexpr long kCallsOfAHost = 2;  // KV, then D1
constexpr long kOtherCalls = 4;  // one fetch of keys; the registry's watch, which has its own pace
constexpr double kMostMb = 16;

using MakeRequest = std::function<std::string(int number)>;

struct Flood {
  const char* name;
  MakeRequest request;
  bool has_to_look_up;  // when no budget stops it
};

std::string Request(const std::string& target, const std::string& host, const std::string& line) {
  return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + line + "\r\n\r\n";
}

std::vector<Flood> Floods() {
  const auto number_text = [](int number) { return std::to_string(number); };
  return {
      {"unknown hosts",
       [=](int n) { return Request("/", "guess-" + number_text(n) + ".localhost", "X-A: b"); },
       true},
      {"unknown kids",
       [=](int n) {
         const std::string header = R"({"alg":"RS256","kid":"guess-)" + number_text(n) + R"("})";
         return Request("/", "bench.localhost",
                        "Cookie: CF_Authorization=" + Base64UrlEncode(header) + "." +
                            Base64UrlEncode(R"({"aud":"a"})") + "." +
                            Base64UrlEncode(std::string(256, 's')));
       },
       false},
      {"wrong keys",
       [=](int n) {
         std::string guess = number_text(n);
         guess.resize(43, 'x');
         return Request("/v1/models", "bench.localhost", "Authorization: Bearer mk_" + guess);
       },
       false},
      {"huge tokens",
       [=](int n) {
         return Request("/", "bench.localhost",
                        "Cookie: CF_Authorization=" + number_text(n) + std::string(20'000, 'e'));
       },
       false},
  };
}

struct Outcome {
  long answers = 0;
  double seconds = 0;
  std::map<int, long> statuses;
};

Outcome Run(const Flood& flood, std::uint16_t port, int source, int seconds) {
  Outcome outcome;
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::deque<PlainClient> clients;
  int number = 0;
  const auto ask = [&](PlainClient& client) {
    if (!client.connected()) {
      client.Connect();
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &client;
      ::epoll_ctl(epoll, EPOLL_CTL_ADD, client.fd(), &event);
    }
    client.Send(flood.request(++number));
  };
  for (int i = 0; i < kConnections; ++i) ask(clients.emplace_back(port, source));
  const auto began = Clock::now();
  const auto end = began + std::chrono::seconds(seconds);
  while (Clock::now() < end) {
    epoll_event events[kConnections];
    const int count = ::epoll_wait(epoll, events, kConnections, 100);
    for (int i = 0; i < count; ++i) {
      auto& client = *static_cast<PlainClient*>(events[i].data.ptr);
      const PlainClient::Got got = client.Read();
      if (got == PlainClient::Got::kNothingYet) continue;
      if (got == PlainClient::Got::kEnd) client.HangUp();
      if (got == PlainClient::Got::kAnswer) {
        ++outcome.answers;
        ++outcome.statuses[client.status()];
      }
      ask(client);
    }
  }
  outcome.seconds = Ms(Clock::now() - began) / 1000;
  ::close(epoll);
  return outcome;
}

// What the fakes were asked since the last look, by service or database.
class Calls {
 public:
  explicit Calls(Running& up) : up_(up) { Take(); }

  long Take() {
    const std::string since = std::to_string(seen_);
    const Response journal = up_.Control("GET", "/journal?since=" + since);
    std::uint64_t last = seen_;
    for (const std::string_view line : Split(journal.body.bytes(), '\n')) {
      const auto entry = ParseJson(line);
      if (entry) last = std::max(last, (*entry)["seq"].get<std::uint64_t>());
    }
    // Numbered without a gap, so those count too that the journal no longer holds.
    return static_cast<long>(last - std::exchange(seen_, last));
  }

 private:
  Running& up_;
  std::uint64_t seen_ = 0;
};

double ResidentMb(pid_t pid) {
  const std::string status = ReadFile("/proc/" + std::to_string(pid) + "/status");
  const std::size_t at = status.find("VmRSS:");
  return at == std::string::npos ? 0 : std::atof(status.c_str() + at + 6) / 1024;
}

int RunAll(int seconds, int budget) {
  TempFolder folder;
  Running up(folder.path(), {"--quiet", "--memory", "--only", "kv,d1,r2,access"});
  const ServedGateway gateway(folder.path(), up, "http://127.0.0.1:1",
                              {{"failure_budget_max", budget}});
  PlainClient warm(gateway.port());
  warm.Ask(Request("/v1/models", "bench.localhost", "Authorization: Bearer " + gateway.key()));
  std::printf("failure budget: %d\n", budget);
  Calls calls(up);
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  const long of_its_own = calls.Take();  // it watches the registry
  bool missed = false;
  int source = 1;
  for (const Flood& flood : Floods()) {
    const double before = ResidentMb(gateway.pid());
    calls.Take();
    const Outcome outcome = Run(flood, gateway.port(), ++source, seconds);
    const long made = std::max(0L, calls.Take() - of_its_own);
    const double grown = ResidentMb(gateway.pid()) - before;
    const long let_in = (budget == 0 ? outcome.answers : budget) + kConnections;
    const long most = kOtherCalls + (flood.has_to_look_up ? kCallsOfAHost * let_in : 0);
    const bool met = outcome.answers > 0 && made <= most && grown <= kMostMb;
    missed = missed || !met;
    std::printf("%-14s %7.0f refused/s  %6ld calls (aim %ld)  %5.1f MB, %+5.1f MB  %s ", flood.name,
                double(outcome.answers) / outcome.seconds, made, most, before, grown,
                met ? "met" : "MISSED");
    for (const auto& [status, count] : outcome.statuses) std::printf(" %d: %ld", status, count);
    std::printf("\n");
  }
  return missed ? 1 : 0;
}

}  // namespace
}  // namespace mg::test

int main(int argc, char** argv) {
  mg::PrepareProcess();
  const int seconds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 10;
  try {
    const int guarded = mg::test::RunAll(seconds, 120);
    const int unguarded = mg::test::RunAll(seconds, 0);
    return guarded + unguarded == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_abuse: %s\n", error.what());
    return 1;
  }
}
