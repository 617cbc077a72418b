// Requests a second and latency of a whole private emulator over real sockets, clients in the same
// process: health (codec and gates alone), status (tenant from memory, limiter), chat (limiter, AI
// Gateway fake, usage row). Run from a release build: build/release/tests/bench/bench_gateway
// [seconds] [clients]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "core/adapters/http_transport.h"
#include "core/gateway/assembly.h"
#include "emulator/commands/private_emulator.h"
#include "emulator/self.h"

namespace mg {
namespace {

using Clock = std::chrono::steady_clock;

struct Target {
  const char* name;
  Request request;
};

// Latencies in microseconds of one client's answers with status 200; others are counted in
// `refused`.
struct Lane {
  std::vector<double> microseconds;
  long refused = 0;
};

void Drive(const Request& request, Clock::time_point end, ThreadRuntime& runtime, Lane& lane) {
  HttpTransport transport({}, runtime);
  CancelToken cancel;
  while (Clock::now() < end) {
    const auto began = Clock::now();
    Deadlines deadlines;
    deadlines.total = runtime.Now() + std::chrono::seconds(10);
    auto response = transport.Send(request, deadlines, cancel);
    if (!response || !response->body.Buffer(1 << 20, deadlines.total) || response->status != 200) {
      ++lane.refused;
      continue;
    }
    lane.microseconds.push_back(
        std::chrono::duration<double, std::micro>(Clock::now() - began).count());
  }
}

void Measure(const Target& target, int seconds, int clients, ThreadRuntime& runtime) {
  std::vector<Lane> lanes(static_cast<std::size_t>(clients));
  std::vector<std::thread> threads;
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  for (Lane& lane : lanes) threads.emplace_back([&] { Drive(target.request, end, runtime, lane); });
  for (std::thread& thread : threads) thread.join();
  std::vector<double> all;
  long refused = 0;
  for (const Lane& lane : lanes) {
    all.insert(all.end(), lane.microseconds.begin(), lane.microseconds.end());
    refused += lane.refused;
  }
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all.empty() ? 0.0
                       : all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
  };
  std::cout << std::left << std::setw(10) << target.name << std::right << std::fixed
            << std::setprecision(0) << std::setw(10) << static_cast<double>(all.size()) / seconds
            << "/s   p50 " << std::setw(7) << at(0.5) << " us   p99 " << std::setw(7) << at(0.99)
            << " us   refused " << refused << "\n";
}

int Run(int seconds, int clients) {
  Profile profile = AllFakesProfile(false);
  profile.settings.limits.public_max = 1'000'000'000;
  profile.settings.limits.free_per_minute = 1'000'000'000;
  ThreadRuntime runtime;
  JsonLinesLog log(2, LogLevel::kError, runtime);
  OsRandom random;
  EmulatorOptions options;
  options.profile = std::move(profile);
  options.credentials = fake::MakeCredentials(random);
  Emulator emulator(std::move(options), runtime, log);
  const Status started = emulator.Start();
  if (!started) {
    std::cerr << started.error().message << "\n";
    return 1;
  }
  Request base;
  base.origin = emulator.ready().At("gateway_url");
  base.headers.Set("host", emulator.ready().At("demo_tenant_host"));
  Target health{"health", base}, status{"status", base}, chat{"chat", base};
  health.request.target = "/sandbox-health";
  status.request.target = "/api/status";
  chat.request.method = "POST";
  chat.request.target = "/v1/chat/completions";
  chat.request.headers.Set("authorization", "Bearer " + emulator.ready().At("demo_tenant_key"));
  chat.request.headers.Set("content-type", "application/json");
  chat.request.body = R"({"messages":[{"role":"user","content":"What is 17 + 25?"}]})";
  for (const Target* target : {&health, &status, &chat})
    Measure(*target, seconds, clients, runtime);
  emulator.Stop();
  return 0;
}

}  // namespace
}  // namespace mg

int main(int argc, char** argv) {
  mg::PrepareProcess();
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 3;
  const int clients = argc > 2 ? std::atoi(argv[2]) : 32;
  return mg::Run(std::max(1, seconds), std::max(1, clients));
}
