// LIM-8: what one tenant, or one address, has under way leaves room for all the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "tests/support/world.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;

template <class Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 5'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

bool IsModelCall(const Request& request) {
  return request.target.rfind("/v1/", 0) == 0;
}

bool IsRegistryRead(const Request& request) {
  return request.target.find("/storage/kv/") != std::string::npos ||
         request.target.find("/d1/database/") != std::string::npos;
}

// Calls that wait for the one who holds the line.
class Held {
 public:
  explicit Held(World& w, bool (*which)(const Request&)) {
    w.transport.before = [this, which](int, const Request& request) -> std::optional<Error> {
      if (!which(request) || !holding_) return std::nullopt;
      ++waiting_;
      while (holding_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      --waiting_;
      return std::nullopt;
    };
  }
  ~Held() { Release(); }

  void Ask(int times, const std::function<Response(int)>& ask) {
    for (int i = 0; i < times; ++i) {
      clients_.emplace_back([this, ask, i] {
        const Response response = ask(i);
        ++answered_[response.status == 503 ? 1 : 0];
        EXPECT_EQ(response.headers.Get("retry-after"), response.status == 503 ? "1" : "");
      });
    }
  }
  int refused() const { return answered_[1]; }
  int served() const { return answered_[0]; }
  int waiting() const { return waiting_; }
  void Release() {
    holding_ = false;
    for (std::thread& client : clients_) client.join();
    clients_.clear();
  }

 private:
  std::atomic<bool> holding_{true};
  std::atomic<int> waiting_{0};
  std::atomic<int> answered_[2]{};
  std::vector<std::thread> clients_;
};

TEST(ShareGate, ASlowBurstOfOneTenantNeitherSlowsNorRefusesAnotherFromTheSameAddress) {
  World w(nullptr, 8);
  w.AddTenant("acme", "premium");
  w.AddTenant("bolt");
  const std::string key = w.AddKey("acme");
  const std::string other_key = w.AddKey("bolt");
  ASSERT_EQ(w.Chat("acme", key, "warm").status, 200);
  ASSERT_EQ(w.Chat("bolt", other_key, "warm").status, 200);
  Held line(w, IsModelCall);
  line.Ask(7, [&](int) { return w.Chat("acme", key, "slow"); });
  ASSERT_TRUE(Eventually([&] { return line.waiting() == 4 && line.refused() == 3; }));
  const Response refused = w.Chat("acme", key, "one more");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body.bytes(), HasSubstr(R"("code":"too_many_in_flight")"));
  EXPECT_EQ(w.Get("bolt", "/api/status").status, 200);
  EXPECT_EQ(w.Get("bolt", "/v1/models", {{"authorization", "Bearer " + other_key}}).status, 200);
  EXPECT_EQ(w.Get("acme", "/sandbox-health").status, 200);
  EXPECT_THAT(w.assembly.services().metrics.PrometheusText(),
              HasSubstr("\nmoltgate_requests_in_flight 4\n"));
  line.Release();
  EXPECT_EQ(line.served(), 4);
  EXPECT_EQ(w.Chat("acme", key, "again").status, 200);
  EXPECT_EQ(w.assembly.services().public_in_flight.size(), 0u);
}

TEST(ShareGate, RefusedRequestsCostNoBudget) {
  World w(nullptr, 4);
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  ASSERT_EQ(w.Chat("acme", key, "warm").headers.Get("x-ratelimit-remaining"), "59");
  Held line(w, IsModelCall);
  line.Ask(10, [&](int) { return w.Chat("acme", key, "slow"); });
  ASSERT_TRUE(Eventually([&] { return line.refused() == 8; }));
  line.Release();
  EXPECT_EQ(w.Chat("acme", key, "again").headers.Get("x-ratelimit-remaining"), "56");
}

TEST(ShareGate, LookUpsOfOneAddressLeaveRoomForHeldTenantsAndOtherAddresses) {
  World w(nullptr, 8);
  w.AddTenant("acme");
  w.AddTenant("bolt");
  ASSERT_EQ(w.Get("acme", "/api/status").status, 200);  // held now
  {
    Held line(w, IsRegistryRead);
    line.Ask(6, [&](int i) { return w.Get("guess" + std::to_string(i), "/"); });
    ASSERT_TRUE(Eventually([&] { return line.waiting() == 4 && line.refused() == 2; }));
    EXPECT_EQ(w.Get("acme", "/api/status").status, 200) << "needs no look-up";
    EXPECT_EQ(w.Get("bolt", "/api/status").status, 503) << "needs one";
    w.client_address = "198.51.100.77";
    line.Ask(1, [&](int) { return w.Get("bolt", "/api/status"); });
    ASSERT_TRUE(Eventually([&] { return line.waiting() == 5; }));
  }
  EXPECT_EQ(w.Get("bolt", "/api/status").status, 200);
}

TEST(ShareGate, ABurstOnAHostThatIsNotHeldLeavesRoomForAnotherFromTheSameAddress) {
  World w(nullptr, 9);
  w.AddTenant("acme");
  w.AddTenant("bolt");
  Held line(w, IsRegistryRead);
  line.Ask(5, [&](int) { return w.Get("acme", "/api/status"); });
  ASSERT_TRUE(Eventually([&] { return line.waiting() == 1 && line.refused() == 2; }));
  line.Ask(1, [&](int) { return w.Get("bolt", "/api/status"); });
  ASSERT_TRUE(Eventually([&] { return line.waiting() == 2; }));
  line.Release();
  EXPECT_EQ(line.served(), 4);
}

TEST(ShareGate, AgentsCallsCountForTheirTenantThoughAllHaveOneAddress) {
  World w(nullptr, 8);
  const TenantRecord acme = w.AddTenant("acme");
  const TenantRecord bolt = w.AddTenant("bolt");
  const std::string cookie = w.Cookie(kOperator);
  ASSERT_EQ(w.Get("acme", "/x", {{"cookie", cookie}}).status, 200);
  ASSERT_EQ(w.Get("bolt", "/x", {{"cookie", cookie}}).status, 200);
  const std::string token = w.agents.Environment(acme.sandbox_id, "OPENAI_API_KEY");
  const std::string other = w.agents.Environment(bolt.sandbox_id, "OPENAI_API_KEY");
  const std::string body = R"({"messages":[{"role":"user","content":"hello"}]})";
  Held line(w, IsModelCall);
  line.Ask(6, [&](int) { return w.Internal(token, body); });
  ASSERT_TRUE(Eventually([&] { return line.waiting() == 4 && line.refused() == 2; }));
  line.Ask(1, [&](int) { return w.Internal(other, body); });
  ASSERT_TRUE(Eventually([&] { return line.waiting() == 5; }));
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", cookie}}).status, 200) << "another listener's workers";
  line.Release();
  EXPECT_EQ(line.served(), 5);
}

TEST(ShareGate, ASlotIsHeldAsLongAsTheAnswer) {
  World w;
  w.AddTenant("acme");
  const InFlight& in_flight = w.assembly.services().public_in_flight;
  {
    const Response answer = w.Get("acme", "/x", {{"cookie", w.Cookie(kOperator)}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(in_flight.size(), 1u);
  }
  EXPECT_EQ(in_flight.size(), 0u);
}

}  // namespace
}  // namespace mg::test
