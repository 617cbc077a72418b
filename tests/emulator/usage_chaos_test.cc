// Usage rows while D1 fails at random and the gateway is killed: over sockets, in processes of
// their own. MOLTGATE_CHATS is how many chats; 10,000 without it.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kClients = 16;
constexpr int kLives = 5;
// USG-4: what was answered longer ago than 50 ms is safe. A loaded machine gets some more.
constexpr milliseconds kSafeAfter{200};

int Chats() {
  const char* wanted = std::getenv("MOLTGATE_CHATS");
  return wanted == nullptr ? 10'000 : std::atoi(wanted);
}

// A gateway in a process of its own, on the fakes of a running emulator.
class Gateway {
 public:
  Gateway(const Running& up, const TempFolder& folder, int life) {
    const Json profile = {
        {"environment", "test"},
        {"app_domain", up.At("app_domain")},
        {"listen", {{"gateway", "127.0.0.1:0"}, {"management", "127.0.0.1:0"}}},
        {"outbox_path", folder.path() + "/outbox.jsonl"},
        {"limits", {{"free_per_minute", 1'000'000'000}, {"premium_per_minute", 1'000'000'000}}},
        {"bindings",
         {{"MOLTBOT_BUCKET",
           {{"kind", "cloudflare"},
            {"account_id", up.At("account_id")},
            {"bucket", up.At("r2_bucket")},
            {"endpoint", up.At("s3_endpoint")}}},
          {"TENANT_DB",
           {{"kind", "cloudflare"},
            {"account_id", up.At("account_id")},
            {"database_id", up.At("d1_database_id")},
            {"api_base", up.At("api_base")}}},
          {"TENANT_KV",
           {{"kind", "cloudflare"},
            {"account_id", up.At("account_id")},
            {"namespace_id", up.At("kv_namespace_id")},
            {"api_base", up.At("api_base")}}}}},
        {"access", {{"team_url", up.At("access_team_url")}, {"aud", {up.At("access_aud")}}}},
        {"ai_gateway",
         {{"base", up.At("ai_gateway_base")},
          {"account_id", up.At("account_id")},
          {"gateway_id", up.At("ai_gateway_id")}}}};
    const std::string path = folder.Write("gateway.profile.jsonc", DumpJson(profile));
    const std::string name = "gateway" + std::to_string(life);
    pid_ = SpawnMoltgate({"serve", "--profile", path}, folder.path(),
                         {"CLOUDFLARE_API_TOKEN=" + up.At("api_token"),
                          "CLOUDFLARE_AI_GATEWAY_API_KEY=" + up.At("ai_gateway_token"),
                          "CLOUDFLARE_WORKERS_AI_TOKEN=" + up.At("api_token"),
                          "R2_ACCESS_KEY_ID=" + up.At("s3_access_key_id"),
                          "R2_SECRET_ACCESS_KEY=" + up.At("s3_secret_access_key"),
                          "MOLTBOT_GATEWAY_TOKEN=of-this-test-alone"},
                         name);
    origin_ = AwaitReady(folder.path() + "/" + name);
  }
  ~Gateway() {
    if (pid_ != 0) Kill(SIGKILL);
  }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  void Kill(int signal) {
    ::kill(pid_, signal);
    WaitForExit(std::exchange(pid_, 0));
  }
  const std::string& origin() const { return origin_; }

 private:
  // Its address, from its log.
  static std::string AwaitReady(const std::string& output) {
    for (int i = 0; i < 3000; ++i) {
      const std::string log = ReadFile(output + ".out");
      for (const std::string_view line : Split(log, '\n')) {
        const auto json = ParseJson(line);
        if (json && StringAt(*json, "event") == "ready") return StringAt(*json, "gateway");
      }
      std::this_thread::sleep_for(milliseconds(10));
    }
    throw std::runtime_error("moltgate serve did not get ready: " + ReadFile(output + ".err"));
  }

  pid_t pid_ = 0;
  std::string origin_;
};

// When each good answer was there, and how many chats got none.
struct Tally {
  std::vector<Clock::time_point> answered;
  int unanswered = 0;
};

class UsageUnderChaos : public ::testing::Test {
 protected:
  UsageUnderChaos() : up_(folder_.path(), {"--quiet", "--memory"}) {
    for (const char* fault : {R"({"id":"refused","operation":"d1.query","key":"insert usage*",
                                 "probability":0.2,"times":-1,"status":500})",
                              R"({"id":"lost","operation":"d1.query","key":"insert usage*",
                                 "probability":0.2,"times":-1,"reset":"after"})",
                              R"({"id":"slow","operation":"d1.query","key":"insert usage*",
                                 "probability":0.3,"times":-1,"delay":"150ms"})"}) {
      const Response added = up_.Control("POST", "/faults", fault);
      EXPECT_EQ(added.status / 100, 2) << added.body.bytes();
    }
  }

  // What the gateways said of their rows, and which are still with them.
  void TearDown() override {
    if (!HasFailure()) return;
    for (int life = 0; life <= kLives; ++life) {
      const std::string name = "gateway" + std::to_string(life);
      const std::string log = ReadFile(folder_.path() + "/" + name + ".out");
      for (const std::string_view line : Split(log, '\n'))
        if (line.find("usage_") != line.npos) std::cerr << name << ": " << line << "\n";
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
      if (entry.path().string().find("outbox") != std::string::npos)
        std::cerr << entry.path() << ": " << ReadFile(entry.path()).size() << " bytes\n";
  }

  // `count` chats from several clients, until done or until `stop`.
  Tally Drive(const Gateway& gateway, int count, const std::atomic<bool>& stop) {
    std::vector<Tally> tallies(kClients);
    std::vector<std::thread> clients;
    std::atomic<int> left{count};
    for (Tally& tally : tallies) {
      clients.emplace_back([&] {
        ThreadRuntime runtime;
        HttpTransport transport({}, runtime);
        CancelToken cancel;
        while (!stop && left.fetch_sub(1) > 0) Chat(gateway, transport, runtime, cancel, tally);
      });
    }
    for (std::thread& client : clients) client.join();
    Tally all;
    for (const Tally& tally : tallies) {
      all.answered.insert(all.answered.end(), tally.answered.begin(), tally.answered.end());
      all.unanswered += tally.unanswered;
    }
    return all;
  }

  std::int64_t Rows(const std::string& what) {
    Request request;
    request.method = "POST";
    request.origin = up_.At("api_base").substr(0, up_.At("api_base").find("/client/v4"));
    request.target = "/client/v4/accounts/" + up_.At("account_id") + "/d1/database/" +
                     up_.At("d1_database_id") + "/query";
    request.headers = {{"authorization", "Bearer " + up_.At("api_token")}};
    const Response answer =
        up_.Send(std::move(request), DumpJson({{"sql", "SELECT " + what + " AS n FROM usage"}}));
    const auto json = ParseJson(answer.body.bytes());
    return json ? IntAt((*json)["result"][0]["results"][0], "n", -1) : -1;
  }

  // The next life of the gateway delivers what the ones before it left behind, and is drained.
  void DeliverTheRest(std::int64_t expected) {
    for (const char* id : {"refused", "lost", "slow"})
      up_.Control("DELETE", "/faults/" + std::string(id));
    Gateway last(up_, folder_, kLives);
    for (int i = 0; i < 200 && Rows("count(*)") < expected; ++i)
      std::this_thread::sleep_for(milliseconds(100));
    last.Kill(SIGTERM);
  }

  TempFolder folder_;
  Running up_;

 private:
  void Chat(const Gateway& gateway, HttpTransport& transport, ThreadRuntime& runtime,
            CancelToken& cancel, Tally& tally) {
    Request request;
    request.method = "POST";
    request.origin = gateway.origin();
    request.target = "/v1/chat/completions";
    request.headers = {{"host", up_.At("demo_tenant_host")},
                       {"authorization", "Bearer " + up_.At("demo_tenant_key")},
                       {"content-type", "application/json"}};
    const bool streams = (tally.answered.size() + static_cast<std::size_t>(tally.unanswered)) % 2;
    request.body = std::string(R"({"messages":[{"role":"user","content":"What is 17 + 25?"}])") +
                   (streams ? R"(,"stream":true})" : "}");
    Deadlines deadlines;
    deadlines.total = runtime.Now() + std::chrono::seconds(20);
    auto answer = transport.Send(request, deadlines, cancel);
    const bool whole = answer && answer->body.Buffer(1 << 20, deadlines.total);
    if (whole && answer->status == 200) {
      tally.answered.push_back(Clock::now());
    } else {
      ++tally.unanswered;
    }
  }
};

// Killed at rest: every answer is older than what a killed process may lose.
TEST_F(UsageUnderChaos, HasExactlyOneRowForEachAnswer) {
  std::int64_t answered = 0;
  const std::atomic<bool> never{false};
  for (int life = 0; life < kLives; ++life) {
    Gateway gateway(up_, folder_, life);
    const Tally tally = Drive(gateway, Chats() / kLives, never);
    EXPECT_EQ(tally.unanswered, 0);
    answered += static_cast<std::int64_t>(tally.answered.size());
    std::this_thread::sleep_for(kSafeAfter);
    gateway.Kill(SIGKILL);
  }
  DeliverTheRest(answered);
  EXPECT_EQ(answered, Chats() / kLives * kLives);
  EXPECT_EQ(Rows("count(*)"), answered);
  EXPECT_EQ(Rows("count(DISTINCT id)"), answered);
}

// Killed in the middle: what was answered just before may be lost, and what was not answered may
// have been billed; nothing else is, and nothing twice.
TEST_F(UsageUnderChaos, LosesNothingOldWhenKilledAmidTraffic) {
  std::mt19937 chance(1);
  std::int64_t sure = 0, unsure = 0;
  for (int life = 0; life < kLives; ++life) {
    Gateway gateway(up_, folder_, life);
    std::atomic<bool> stop{false};
    Tally tally;
    std::thread traffic([&] { tally = Drive(gateway, 1'000'000, stop); });
    std::this_thread::sleep_for(milliseconds(900 + chance() % 700));
    const auto killed = Clock::now();
    gateway.Kill(SIGKILL);
    stop = true;
    traffic.join();
    const auto old = std::count_if(tally.answered.begin(), tally.answered.end(),
                                   [&](auto at) { return at < killed - kSafeAfter; });
    sure += old;
    unsure += static_cast<std::int64_t>(tally.answered.size()) - old + tally.unanswered;
  }
  DeliverTheRest(sure);
  const std::int64_t rows = Rows("count(*)");
  EXPECT_GT(sure, 0);
  EXPECT_GE(rows, sure);
  EXPECT_LE(rows, sure + unsure);
  EXPECT_EQ(Rows("count(DISTINCT id)"), rows);
}

}  // namespace
}  // namespace mg::test
