#include "tests/bench/bench_world.h"

#include <chrono>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "scenarios/sim/world.h"

namespace mg::sim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kHost = "acme.localhost";
constexpr Nanos kPause = std::chrono::milliseconds(20);  // half of what an enterprise tenant may

double SecondsSince(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

void Print(const std::string& what, double value, const char* unit) {
  std::cout << std::left << std::setw(28) << what << std::right << std::fixed
            << std::setprecision(0) << std::setw(12) << value << " " << unit << "\n";
}

WorldOptions Unlimited() {
  WorldOptions options;
  options.environment = {{"PUBLIC_RATE_LIMIT_MAX", "100000000"}};
  return options;
}

std::string BodyOf(Result<Response> answer, int wanted_status) {
  if (!answer) throw std::runtime_error(answer.error().message);
  if (!answer->body.Buffer(1 << 20, kNever)) throw std::runtime_error("the answer broke off");
  if (answer->status != wanted_status)
    throw std::runtime_error("status " + std::to_string(answer->status) + ": " +
                             answer->body.bytes());
  return answer->body.bytes();
}

// A world with one tenant and its key. All members but the constructor inside runtime().Run.
class Measured {
 public:
  Measured() : world_(Unlimited()) {}
  SimRuntime& runtime() { return world_.runtime(); }

  void Start() {
    if (const mg::Status started = world_.StartGateway(); !started)
      throw std::runtime_error(started.error().message);
    world_.KnowTenant(kHost, "");
    Admin("/api/admin/tenants", R"({"slug":"acme","tier":"enterprise"})");
    const auto key = ParseJson(Admin("/api/admin/tenants/acme/keys", R"({"name":"bench"})"));
    key_ = StringAt(*key, "key");
    Chat();  // caches are warm from here on
  }
  void Stop() { world_.DrainGateway(); }

  void AskStatus() {
    Request request;
    request.target = "/api/status";
    request.headers.Set("host", kHost);
    BodyOf(Send(request), 200);
  }

  void Chat() {
    Request request;
    request.method = "POST";
    request.target = "/v1/chat/completions";
    request.headers.Set("host", kHost);
    request.headers.Set("content-type", "application/json");
    request.headers.Set("authorization", "Bearer " + key_);
    request.body = Body(R"({"messages":[{"role":"user","content":"What is 6 times 7?"}]})");
    BodyOf(Send(request), 200);
  }

 private:
  std::string Admin(const std::string& path, const std::string& json) {
    fake::Mint mint;
    mint.email = world_.settings().operators.front();
    Request request;
    request.method = "POST";
    request.target = path;
    request.headers.Set("host", world_.settings().operator_host);
    request.headers.Set("content-type", "application/json");
    request.headers.Set("cookie", "CF_Authorization=" + world_.access().MintToken(mint));
    request.body = Body(json);
    return BodyOf(Send(request), 201);
  }

  Result<Response> Send(Request& request) {
    request.origin = kGatewayOrigin;
    CancelToken nobody;
    return world_.transport().Send(request, {}, nobody);
  }

  World world_;
  std::string key_;
};

using Call = void (Measured::*)();

double PerSecond(Call call, int count) {
  Measured measured;
  double seconds = 0;
  measured.runtime().Run([&] {
    measured.Start();
    const auto began = Clock::now();
    for (int i = 0; i < count; ++i) {
      (measured.*call)();
      measured.runtime().SleepUntil(measured.runtime().Now() + kPause);
    }
    seconds = SecondsSince(began);
    measured.Stop();
  });
  return count / seconds;
}

double BurstMs(Call call) {
  constexpr int kRequests = 1000;
  Measured measured;
  double seconds = 0;
  measured.runtime().Run([&] {
    measured.Start();
    const auto began = Clock::now();
    std::vector<std::unique_ptr<Task>> clients;
    clients.reserve(kRequests);
    for (int i = 0; i < kRequests; ++i)
      clients.push_back(measured.runtime().Spawn("client", [&] { (measured.*call)(); }));
    for (const auto& client : clients) client->Join();
    seconds = SecondsSince(began);
    measured.Stop();
  });
  return seconds * 1e3;
}

}  // namespace

void PrintWorldFigures() {
  Print("one client, status", PerSecond(&Measured::AskStatus, 50'000), "steps/s");
  Print("one client, chats", PerSecond(&Measured::Chat, 20'000), "steps/s");
  Print("1,000 status at once", BurstMs(&Measured::AskStatus), "ms");
  Print("1,000 chats at once", BurstMs(&Measured::Chat), "ms");
}

}  // namespace mg::sim
