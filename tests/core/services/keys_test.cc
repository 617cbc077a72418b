#include "core/services/keys.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/core/services/registry_world.h"

namespace mg {
namespace {

using Outcome = KeyCheck::Outcome;
using test::kAdmin;
using test::RegistryWorld;

class KeysTest : public ::testing::Test {
 protected:
  KeysTest() : acme(w.Add("acme").id), bolt(w.Add("bolt").id), secret(w.AddKey("acme", 30)) {}

  Outcome Check(const std::string& tenant_id, const std::string& bearer) {
    return keys.Check(tenant_id, bearer, w.cancel).outcome;
  }
  void Revoke() {
    const std::string id = w.registry.ListKeys("acme", w.cancel)->front().id;
    ASSERT_TRUE(w.registry.RevokeKey("acme", id, kAdmin, w.cancel).ok());
    w.ForgetCalls();
  }
  static std::string Wrong() { return "mk_" + std::string(43, 'x'); }

  RegistryWorld w;
  std::string acme;
  std::string bolt;
  std::string secret;
  Keys keys{&w.db, w.runtime, w.log};
};

TEST_F(KeysTest, AcceptsAKeyOfTheTenantWithItsLimit) {
  const KeyCheck check = keys.Check(acme, secret, w.cancel);
  EXPECT_EQ(check.outcome, Outcome::kAccepted);
  EXPECT_EQ(check.key_id, w.registry.ListKeys("acme", w.cancel)->front().id);
  EXPECT_EQ(check.limit_per_minute, 30);
}

TEST_F(KeysTest, RefusesAKeyOfAnotherTenant) {
  EXPECT_EQ(Check(bolt, secret), Outcome::kRefused);
  EXPECT_TRUE(keys.Check(bolt, secret, w.cancel).key_id.empty());
}

TEST_F(KeysTest, RefusesAWrongKeyOfAWarmSetWithoutD1) {
  EXPECT_EQ(Check(acme, secret), Outcome::kAccepted);
  EXPECT_EQ(w.db_line.Fresh(), 1);
  EXPECT_EQ(Check(acme, Wrong()), Outcome::kRefused);
  EXPECT_EQ(Check(acme, secret), Outcome::kAccepted);
  EXPECT_EQ(w.db_line.Fresh(), 0);
}

TEST_F(KeysTest, RefusesAMalformedKeyWithoutD1EvenWhenCold) {
  const std::string short_one = secret.substr(0, 45);
  for (const std::string& bearer :
       {std::string(), short_one, secret + "A", "mk-" + secret.substr(3), short_one + "+",
        short_one + " ", short_one + std::string(1, '\0'), std::string(100'000, 'm')}) {
    EXPECT_EQ(Check(acme, bearer), Outcome::kRefused);
  }
  EXPECT_EQ(w.db_line.Fresh(), 0);
}

TEST_F(KeysTest, ReadsTheSetAgainAfterAMinute) {
  Check(acme, secret);
  Revoke();
  w.Advance(59);
  EXPECT_EQ(Check(acme, secret), Outcome::kAccepted);
  w.Advance(1);
  EXPECT_EQ(Check(acme, secret), Outcome::kRefused);
}

TEST_F(KeysTest, ReadsTheSetAgainAfterADrop) {
  Check(acme, secret);
  Revoke();
  keys.Drop(bolt);
  EXPECT_EQ(Check(acme, secret), Outcome::kAccepted);
  keys.Drop(acme);
  EXPECT_EQ(Check(acme, secret), Outcome::kRefused);

  const std::string second = w.AddKey("acme");
  EXPECT_EQ(Check(acme, second), Outcome::kRefused);
  keys.Drop("");
  EXPECT_EQ(Check(acme, second), Outcome::kAccepted);
}

TEST_F(KeysTest, ServesAnExpiredSetForAnHourWhileD1Fails) {
  Check(acme, secret);
  w.Advance(61);
  w.db_line.Down(true);
  w.ForgetCalls();
  EXPECT_EQ(Check(acme, secret), Outcome::kAccepted);
  EXPECT_EQ(Check(acme, Wrong()), Outcome::kRefused);
  EXPECT_EQ(w.db_line.Fresh(), 1) << "an outage is not asked about with each request";
  w.Advance(3600 - 61 - 1);
  EXPECT_EQ(Check(acme, secret), Outcome::kAccepted);
  w.Advance(1);
  EXPECT_EQ(Check(acme, secret), Outcome::kUnavailable);
  EXPECT_EQ(w.log.Events("keys_read_failed").size(), 1u);

  w.db_line.Down(false);
  EXPECT_EQ(Check(acme, secret), Outcome::kAccepted);
}

TEST_F(KeysTest, IsUnavailableWithoutASetAndWithoutD1) {
  w.db_line.Down(true);
  EXPECT_EQ(Check(acme, secret), Outcome::kUnavailable);
  Keys none(nullptr, w.runtime, w.log);
  EXPECT_EQ(none.Check(acme, secret, w.cancel).outcome, Outcome::kUnavailable);
  EXPECT_EQ(none.Check(acme, "nonsense", w.cancel).outcome, Outcome::kRefused);
}

TEST_F(KeysTest, DoesNotServeADroppedSetWhileD1Fails) {
  Check(acme, secret);
  Revoke();
  keys.Drop(acme);
  w.db_line.Down(true);
  EXPECT_EQ(Check(acme, secret), Outcome::kUnavailable);
}

TEST_F(KeysTest, SharesOneReadAmongConcurrentAskers) {
  const int before = w.db_line.calls();
  w.db_line.Hold(true);
  std::vector<std::thread> askers;
  std::atomic<int> accepted{0};
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([&] {
      CancelToken cancel;
      if (keys.Check(acme, secret, cancel).outcome == Outcome::kAccepted) ++accepted;
    });
  }
  w.db_line.AwaitCalls(before + 1);
  w.db_line.Hold(false);
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(accepted, 8);
  EXPECT_EQ(w.db_line.Fresh(), 1);
}

TEST_F(KeysTest, KeepsNothingThatWasReadBeforeADrop) {
  const int before = w.db_line.calls();
  w.db_line.Hold(true);
  Outcome first = Outcome::kUnavailable;
  std::thread asker([&] {
    CancelToken cancel;
    first = keys.Check(acme, secret, cancel).outcome;
  });
  w.db_line.AwaitCalls(before + 1);
  keys.Drop(acme);
  w.db_line.Hold(false);
  asker.join();
  EXPECT_EQ(first, Outcome::kAccepted);
  w.ForgetCalls();
  EXPECT_EQ(Check(acme, secret), Outcome::kAccepted);
  EXPECT_EQ(w.db_line.Fresh(), 1);
}

TEST_F(KeysTest, NeverLogsTheKey) {
  w.db_line.Down(true);
  Check(acme, secret);
  EXPECT_EQ(w.log.AllText().find(secret.substr(3)), std::string::npos);
}

}  // namespace
}  // namespace mg
