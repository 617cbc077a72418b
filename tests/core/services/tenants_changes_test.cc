// What a change does to what is held, and what many callers at once do (TEN-12).
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "core/services/registry_watch.h"
#include "core/services/tenants.h"
#include "tests/core/services/registry_world.h"

namespace mg {
namespace {

using Outcome = Resolution::Outcome;
using test::kAdmin;
using test::RegistryWorld;

class TenantChanges : public ::testing::Test {
 protected:
  TenantChanges() {
    w.settings.app_domain = "moltgate.test";
    acme = w.Add("acme");
    w.AddDomain("acme", "shop.example");
    Poll();
    w.Advance(361);  // what the set-up changed is forgotten
  }
  Resolution Host(const std::string& host) { return Host(host, w.cancel); }
  Resolution Host(const std::string& host, CancelToken& cancel) {
    return tenants.ByHost(*ParseHost(host), cancel);
  }
  void Poll() {
    ASSERT_TRUE(watch.PollOnce(w.cancel).ok());
    w.ForgetCalls();
  }
  void Patch(const TenantPatch& patch) {
    const auto done = w.registry.PatchTenant("acme", patch, kAdmin, w.cancel);
    ASSERT_TRUE(done.ok()) << done.error().message;
    w.ForgetCalls();
  }
  static TenantPatch TierPatch(const std::string& tier) {
    TenantPatch patch;
    patch.tier = tier;
    return patch;
  }

  RegistryWorld w;
  TenantRecord acme;
  Tenants tenants{w.settings, &w.kv, &w.db, w.runtime, w.log};
  RegistryWatch watch{w.settings, w.db, w.runtime, w.log,
                      [this](const RegistryChange& change) { tenants.Apply(change); }};
};

TEST_F(TenantChanges, ANewTierIsSeenUnderEveryHostAtTheNextPoll) {
  for (const char* host : {"acme.moltgate.test", "shop.example"}) Host(host);
  tenants.ById(acme.id, w.cancel);
  Patch(TierPatch("premium"));
  EXPECT_EQ(Host("shop.example").tenant->tier, Tier::kFree);
  Poll();
  EXPECT_EQ(Host("acme.moltgate.test").tenant->tier, Tier::kPremium);
  EXPECT_EQ(Host("shop.example").tenant->tier, Tier::kPremium);
  EXPECT_EQ(tenants.ById(acme.id, w.cancel).tenant->tier, Tier::kPremium);
}

TEST_F(TenantChanges, ADeletedTenantIsUnknownAtTheNextPollWhateverKvSays) {
  for (const char* host : {"acme.moltgate.test", "shop.example"}) Host(host);
  const std::string slug_value = w.KvText(SlugKey("acme"));
  const std::string domain_value = w.KvText(DomainKey("shop.example"));
  ASSERT_TRUE(w.registry.DeleteTenant("acme", kAdmin, w.cancel).ok());
  // Another gateway writes late what it read before.
  w.PutKv(SlugKey("acme"), slug_value);
  w.PutKv(DomainKey("shop.example"), domain_value);
  Poll();
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kUnknown);
  EXPECT_EQ(Host("shop.example").outcome, Outcome::kUnknown);
  EXPECT_EQ(tenants.ById(acme.id, w.cancel).outcome, Outcome::kUnknown);
  EXPECT_EQ(w.kv_line.Fresh(), 0);
}

TEST_F(TenantChanges, AChangedKeyIsReadFromD1UntilKvCannotBeStale) {
  Patch(TierPatch("premium"));
  Poll();
  const auto source_after = [&](std::int64_t seconds) {
    w.Advance(seconds);
    return Host("acme.moltgate.test").source;
  };
  EXPECT_EQ(source_after(0), "d1");
  EXPECT_EQ(source_after(180), "d1");
  EXPECT_EQ(source_after(179), "d1");
  EXPECT_EQ(source_after(61), "kv") << "360 s are over, and KV holds what D1 said";
}

TEST_F(TenantChanges, AStartingGatewayLearnsWhichKeysNotToReadFromKv) {
  Host("acme.moltgate.test");
  const std::string old_value = w.KvText(SlugKey("acme"));
  Patch(TierPatch("premium"));
  w.PutKv(SlugKey("acme"), old_value);
  Tenants other(w.settings, &w.kv, &w.db, w.runtime, w.log);
  RegistryWatch other_watch(w.settings, w.db, w.runtime, w.log,
                            [&](const RegistryChange& change) { other.Apply(change); });
  ASSERT_TRUE(other_watch.PollOnce(w.cancel).ok());
  const Resolution found = other.BySlug("acme", w.cancel);
  EXPECT_EQ(found.source, "d1");
  EXPECT_EQ(found.tenant->tier, Tier::kPremium);
}

TEST_F(TenantChanges, ANewTenantIsFoundThoughItsHostWasAMiss) {
  EXPECT_EQ(Host("bolt.moltgate.test").outcome, Outcome::kUnknown);
  w.Add("bolt");
  Poll();
  EXPECT_EQ(Host("bolt.moltgate.test").outcome, Outcome::kFound);
}

TEST_F(TenantChanges, ARenamedTenantAnswersToItsNewSlugAlone) {
  Host("acme.moltgate.test");
  Host("apex.moltgate.test");
  TenantPatch patch;
  patch.slug = "apex";
  Patch(patch);
  Poll();
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kUnknown);
  EXPECT_EQ(Host("apex.moltgate.test").tenant->sandbox_id, acme.sandbox_id);
  EXPECT_EQ(Host("shop.example").tenant->slug, "apex");
}

TEST_F(TenantChanges, AMovedDomainLeadsToItsNewTenant) {
  w.Add("bolt");
  Host("shop.example");
  w.AddDomain("bolt", "shop.example");
  Poll();
  EXPECT_EQ(Host("shop.example").tenant->slug, "bolt");
  ASSERT_TRUE(w.registry.DeleteDomain("bolt", "shop.example", kAdmin, w.cancel).ok());
  Poll();
  EXPECT_EQ(Host("shop.example").outcome, Outcome::kUnknown);
}

TEST_F(TenantChanges, ADroppedMappingIsNotServedStale) {
  Host("acme.moltgate.test");
  ASSERT_TRUE(w.registry.DeleteTenant("acme", kAdmin, w.cancel).ok());
  Poll();
  w.db_line.Down(true);
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kUnavailable);
}

TEST_F(TenantChanges, AMappedHostFollowsItsTenant) {
  w.settings.tenant_domain_map = {{"mapped.example", "acme"}};
  Tenants mapped(w.settings, &w.kv, &w.db, w.runtime, w.log);
  const HostName host = *ParseHost("mapped.example");
  mapped.ByHost(host, w.cancel);
  Patch(TierPatch("premium"));
  mapped.Apply({1, "tenant", acme.id, SlugKey("acme"), 0});
  EXPECT_EQ(mapped.ByHost(host, w.cancel).tenant->tier, Tier::kPremium);
}

TEST_F(TenantChanges, AResetDatabaseEmptiesTheCache) {
  Host("acme.moltgate.test");
  w.d1_fake.Reset();
  ASSERT_TRUE(ApplyMigrations(w.db, w.cancel).ok());
  Poll();
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kUnknown) << "nor is KV believed";
}

TEST_F(TenantChanges, OtherKindsTouchNoTenant) {
  Host("acme.moltgate.test");
  w.ForgetCalls();
  for (const char* kind : {"member", "key", "models"}) tenants.Apply({1, kind, acme.id, "", 0});
  EXPECT_EQ(Host("acme.moltgate.test").source, "process");
}

TEST_F(TenantChanges, ConcurrentMissesShareOneLookUp) {
  const int before = w.db_line.calls();
  w.db_line.Hold(true);
  std::atomic<int> found{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      CancelToken cancel;
      if (Host("acme.moltgate.test", cancel).outcome == Outcome::kFound) ++found;
    });
  }
  w.db_line.AwaitCalls(before + 1);
  w.db_line.Hold(false);
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(found, 8);
  EXPECT_EQ(w.db_line.calls(), before + 1);
}

TEST_F(TenantChanges, AWaiterLeavesWhenItsCallerDoes) {
  const int before = w.db_line.calls();
  w.db_line.Hold(true);
  std::thread leader([&] {
    CancelToken cancel;
    EXPECT_EQ(Host("acme.moltgate.test", cancel).outcome, Outcome::kFound);
  });
  w.db_line.AwaitCalls(before + 1);
  CancelToken gone;
  std::thread waiter(
      [&] { EXPECT_EQ(Host("acme.moltgate.test", gone).outcome, Outcome::kUnavailable); });
  gone.Cancel();
  waiter.join();  // while the look-up is still under way
  w.db_line.Hold(false);
  leader.join();
}

TEST_F(TenantChanges, AWaiterDoesTheLookUpItselfWhenTheFirstCallerLeaves) {
  const int before = w.db_line.calls();
  w.db_line.Hold(true);
  CancelToken gone;
  std::thread leader(
      [&] { EXPECT_EQ(Host("acme.moltgate.test", gone).outcome, Outcome::kUnavailable); });
  w.db_line.AwaitCalls(before + 1);
  std::thread waiter([&] {
    CancelToken cancel;
    EXPECT_EQ(Host("acme.moltgate.test", cancel).outcome, Outcome::kFound);
  });
  gone.Cancel();
  w.db_line.Hold(false);
  leader.join();
  waiter.join();
}

TEST_F(TenantChanges, WhatWasReadBeforeAChangeIsNeitherKeptNorSharedNorWrittenToKv) {
  const int before = w.db_line.calls();
  // The answer is on its way back when the change is made and heard of.
  std::atomic<bool> once{false};
  w.transport.after = [&](int, const Request& request) -> std::optional<Error> {
    if (request.target.find("/d1/") == std::string::npos || once.exchange(true)) return {};
    tenants.Apply({9, "tenant", acme.id, SlugKey("acme"), 0});
    const Resolution later = Host("acme.moltgate.test");  // would wait for itself if it shared
    EXPECT_EQ(later.source, "d1");
    w.kv_line.Fresh();
    return {};
  };
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kFound);
  EXPECT_EQ(w.kv_line.Fresh(), 0) << "the late answer is not written to KV";
  EXPECT_EQ(w.db_line.calls(), before + 2);
}

}  // namespace
}  // namespace mg
