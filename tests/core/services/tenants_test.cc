#include "core/services/tenants.h"

#include <gmock/gmock.h>

#include "core/base/ids.h"
#include "core/base/json.h"
#include "tests/core/services/registry_world.h"

namespace mg {
namespace {

using ::testing::HasSubstr;
using Outcome = Resolution::Outcome;
using test::kAdmin;
using test::RegistryWorld;

class TenantsTest : public ::testing::Test {
 protected:
  Resolution Host(const std::string& host) {
    const auto name = ParseHost(host);
    EXPECT_TRUE(name.ok()) << host;
    return Of().ByHost(*name, w.cancel);
  }
  Tenants& Of() {
    if (!tenants) tenants.emplace(w.settings, &w.kv, &w.db, w.runtime, w.log);
    return *tenants;
  }
  // Another gateway, which holds nothing yet.
  void Restart() { tenants.reset(); }

  static std::string Value(const TenantRecord& tenant) {
    return DumpJson(Json{{"id", tenant.id},
                         {"slug", tenant.slug},
                         {"platform", tenant.platform},
                         {"tier", tenant.tier},
                         {"sandbox_id", tenant.sandbox_id}});
  }

  RegistryWorld w;
  std::optional<Tenants> tenants;
};

TEST(Tiers, AreNormalised) {
  EXPECT_EQ(NormaliseTier(" Premium\t"), Tier::kPremium);
  EXPECT_EQ(NormaliseTier("ENTERPRISE"), Tier::kEnterprise);
  for (const char* text : {"", "free", "gold", "premiumx"}) {
    EXPECT_EQ(NormaliseTier(text), Tier::kFree) << text;
  }
  for (const Tier tier : {Tier::kFree, Tier::kPremium, Tier::kEnterprise}) {
    EXPECT_EQ(NormaliseTier(TierName(tier)), tier);
  }
}

TEST_F(TenantsTest, FindsASlugInD1ThenInTheProcess) {
  const TenantRecord acme = w.Add("acme", "premium", "slack");
  const Resolution first = Host("ACME.moltgate.test.:8787");
  ASSERT_EQ(first.outcome, Outcome::kFound);
  EXPECT_EQ(first.source, "d1");
  EXPECT_EQ(first.tenant->id, acme.id);
  EXPECT_EQ(first.tenant->slug, "acme");
  EXPECT_EQ(first.tenant->platform, "slack");
  EXPECT_EQ(first.tenant->tier, Tier::kPremium);
  EXPECT_EQ(first.tenant->sandbox_id, acme.sandbox_id);
  w.ForgetCalls();
  EXPECT_EQ(Host("acme.moltgate.test").source, "process");
  EXPECT_EQ(w.kv_line.Fresh() + w.db_line.Fresh(), 0);
}

TEST_F(TenantsTest, WritesWhatD1SaidToKvWhereTheNextGatewayFindsIt) {
  const TenantRecord acme = w.Add("acme", "premium");
  Host("acme.moltgate.test");
  const auto value = ParseJson(w.KvText(SlugKey("acme")));
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, (Json{{"id", acme.id},
                          {"slug", "acme"},
                          {"platform", "web"},
                          {"tier", "premium"},
                          {"sandbox_id", acme.sandbox_id}}));
  Restart();
  EXPECT_EQ(Host("acme.moltgate.test").source, "kv");
  EXPECT_EQ(w.db_line.Fresh(), 0);
  w.Advance(300);
  EXPECT_EQ(w.KvText(SlugKey("acme")), "") << "TENANT_CACHE_TTL_SECONDS";
}

TEST_F(TenantsTest, FindsACustomDomainInD1ThenInKv) {
  const TenantRecord acme = w.Add("acme");
  w.AddDomain("acme", "shop.example");
  EXPECT_EQ(Host("Shop.Example").source, "d1");
  Restart();
  const Resolution found = Host("shop.example");
  EXPECT_EQ(found.source, "kv");
  EXPECT_EQ(found.tenant->id, acme.id);
}

TEST_F(TenantsTest, HoldsAnEntryForAMinute) {
  w.Add("acme");
  Host("acme.moltgate.test");
  w.Advance(59);
  EXPECT_EQ(Host("acme.moltgate.test").source, "process");
  w.Advance(1);
  EXPECT_EQ(Host("acme.moltgate.test").source, "kv");
}

TEST_F(TenantsTest, AsksNobodyAboutHostsThatCannotBeAnyones) {
  for (const char* host : {"127.0.0.1", "[::1]", "0x7f.1", "localhost"}) {
    EXPECT_EQ(Host(host).outcome, Outcome::kUnknown) << host;
  }
  EXPECT_EQ(Of().BySlug("No_Slug", w.cancel).outcome, Outcome::kUnknown);
  EXPECT_EQ(Of().ById("no id", w.cancel).outcome, Outcome::kUnknown);
  EXPECT_EQ(w.kv_line.Fresh() + w.db_line.Fresh(), 0);
}

TEST_F(TenantsTest, TakesTheApexReservedLabelsAndDeeperNamesAsCustomDomains) {
  w.Add("acme");
  for (const char* host : {"moltgate.test", "www.moltgate.test", "api.moltgate.test",
                           "admin.moltgate.test", "a.acme.moltgate.test", "xmoltgate.test"}) {
    EXPECT_EQ(Host(host).outcome, Outcome::kUnknown) << host;
    w.AddDomain("acme", host);
  }
  Restart();
  for (const char* host : {"moltgate.test", "www.moltgate.test", "a.acme.moltgate.test"}) {
    EXPECT_EQ(Host(host).outcome, Outcome::kFound) << host;
  }
}

TEST_F(TenantsTest, HonoursConfiguredReservedLabels) {
  w.settings.reserved_labels = {"acme"};
  w.Add("acme");
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kUnknown);
}

TEST_F(TenantsTest, TellsUnknownDeletedAndOrphanedHostsApartNowhere) {
  w.Add("gone");
  w.AddDomain("gone", "gone.example");
  ASSERT_TRUE(w.registry.DeleteTenant("gone", kAdmin, w.cancel).ok());
  for (const char* host :
       {"ghost.moltgate.test", "ghost.example", "gone.moltgate.test", "gone.example"}) {
    const Resolution resolution = Host(host);
    EXPECT_EQ(resolution.outcome, Outcome::kUnknown) << host;
    EXPECT_EQ(resolution.tenant, nullptr);
  }
}

TEST_F(TenantsTest, RemembersAMissForThirtySeconds) {
  Host("ghost.moltgate.test");
  EXPECT_EQ(w.db_line.Fresh(), 1);
  w.Advance(29);
  EXPECT_EQ(Host("ghost.moltgate.test").outcome, Outcome::kUnknown);
  EXPECT_EQ(w.kv_line.Fresh(), 1) << "the first look-up alone";
  EXPECT_EQ(w.db_line.Fresh(), 0);
  w.Advance(1);
  Host("ghost.moltgate.test");
  EXPECT_EQ(w.db_line.Fresh(), 1);
}

TEST_F(TenantsTest, FindsATenantByItsId) {
  const TenantRecord acme = w.Add("acme");
  EXPECT_EQ(Of().ById(acme.id, w.cancel).source, "d1");
  EXPECT_EQ(w.kv_line.Fresh(), 0) << "ids are not in KV";
  EXPECT_EQ(Of().ById(acme.id, w.cancel).source, "process");
  EXPECT_EQ(Of().ById("00000000-0000-4000-8000-000000000000", w.cancel).outcome, Outcome::kUnknown);
  Restart();
  Host("acme.moltgate.test");
  w.ForgetCalls();
  EXPECT_EQ(Of().ById(acme.id, w.cancel).source, "process") << "any copy of the tenant serves";
  EXPECT_EQ(w.db_line.Fresh(), 0);
}

TEST_F(TenantsTest, IgnoresAMalformedKvValueWithAWarning) {
  const TenantRecord acme = w.Add("acme");
  TenantRecord renamed = acme;
  renamed.slug = "apex";
  const std::string good = Value(acme);
  for (const std::string& text :
       {std::string("nonsense"), std::string("[]"), std::string("{}"), good + "x",
        DumpJson(Json{{"id", 7},
                      {"slug", "acme"},
                      {"platform", ""},
                      {"tier", "free"},
                      {"sandbox_id", acme.sandbox_id}}),
        DumpJson(Json{{"id", acme.id}, {"slug", "acme"}, {"platform", ""}, {"tier", "free"}}),
        Value(renamed), std::string(100'000, '[')}) {
    Restart();
    w.PutKv(SlugKey("acme"), text);
    const auto before = w.log.Events("registry_kv_value_ignored").size();
    const Resolution found = Host("acme.moltgate.test");
    EXPECT_EQ(found.source, "d1") << text.substr(0, 80);
    EXPECT_EQ(w.log.Events("registry_kv_value_ignored").size(), before + 1);
  }
  EXPECT_EQ(ParseJson(w.KvText(SlugKey("acme"))).value().at("id"), acme.id) << "and mends it";
}

TEST_F(TenantsTest, RefusesAMismatchedSandboxIdInKv) {
  TenantRecord acme = w.Add("acme");
  acme.sandbox_id = "sk-0000000000000000";
  w.PutKv(SlugKey("acme"), Value(acme));
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kIdentityMismatch);
  const auto events = w.log.Events("sandbox_identity_mismatch");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].level, LogLevel::kError);
  EXPECT_EQ(events[0].Field("source"), "kv");
  EXPECT_EQ(events[0].Field("tenant_id"), acme.id);
  EXPECT_EQ(w.db_line.Fresh(), 0);
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kIdentityMismatch) << "not cached";
}

TEST_F(TenantsTest, RefusesAMismatchedOrMalformedSandboxIdInD1) {
  const TenantRecord acme = w.Add("acme");
  w.AddDomain("acme", "shop.example");
  w.settings.tenant_domain_map = {{"mapped.example", "acme"}};
  for (const char* sandbox_id : {"sk-0000000000000000", "sk-XYZ", ""}) {
    w.Sql("UPDATE tenants SET sandbox_id = ?1", {sandbox_id});
    Restart();
    EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kIdentityMismatch) << sandbox_id;
    EXPECT_EQ(Host("shop.example").outcome, Outcome::kIdentityMismatch);
    EXPECT_EQ(Host("mapped.example").outcome, Outcome::kIdentityMismatch);
    EXPECT_EQ(Of().ById(acme.id, w.cancel).outcome, Outcome::kIdentityMismatch);
    EXPECT_EQ(w.KvText(SlugKey("acme")), "");
  }
  w.Sql("UPDATE tenants SET sandbox_id = ?1", {acme.sandbox_id});
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kFound);
}

TEST_F(TenantsTest, RefusesATenantWhoseIdIsNoUuid) {
  w.Sql(
      "INSERT INTO tenants(id, slug, tier, sandbox_id, created_at, updated_at) "
      "VALUES ('not-a-uuid', 'acme', 'free', ?1, 1, 1)",
      {DeriveSandboxId("not-a-uuid")});
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kIdentityMismatch);
}

TEST_F(TenantsTest, UsesTheMapLast) {
  w.settings.tenant_domain_map = {{"Mapped.example", "acme"}, {"lost.example", "ghost"}};
  w.Add("acme");
  w.Add("bolt");
  const Resolution mapped = Host("mapped.example");
  ASSERT_EQ(mapped.outcome, Outcome::kFound);
  EXPECT_EQ(mapped.source, "map");
  EXPECT_EQ(mapped.tenant->slug, "acme");
  EXPECT_EQ(w.KvText(DomainKey("mapped.example")), "") << "a map hit is not D1's";
  EXPECT_EQ(Host("mapped.example").source, "process");
  EXPECT_EQ(Host("lost.example").outcome, Outcome::kUnknown);
  w.AddDomain("bolt", "mapped.example");
  Restart();
  EXPECT_EQ(Host("mapped.example").tenant->slug, "bolt");
}

TEST_F(TenantsTest, HoldsAMappedHostNoLongerThanItsTenant) {
  w.settings.tenant_domain_map = {{"mapped.example", "acme"}};
  w.Add("acme");
  Host("acme.moltgate.test");
  w.Advance(40);
  EXPECT_EQ(Host("mapped.example").source, "map");
  w.Advance(19);
  EXPECT_EQ(Host("mapped.example").source, "process");
  w.Advance(1);
  EXPECT_EQ(Host("mapped.example").source, "map");
}

TEST_F(TenantsTest, AsksD1WhenKvFails) {
  w.Add("acme");
  w.kv_line.Down(true);
  EXPECT_EQ(Host("acme.moltgate.test").source, "d1");
  EXPECT_EQ(Host("ghost.moltgate.test").outcome, Outcome::kUnknown) << "D1 has said so";
  EXPECT_EQ(w.log.Events("registry_kv_read_failed").size(), 1u) << "once a streak";
  EXPECT_EQ(w.log.Events("registry_kv_write_failed").size(), 1u);
}

TEST_F(TenantsTest, IsUnavailableAndNeverUnknownWhenTheRegistryFails) {
  w.Add("acme");
  w.settings.tenant_domain_map = {{"mapped.example", "acme"}};
  w.db_line.Down(true);
  for (const char* host : {"acme.moltgate.test", "ghost.example", "mapped.example"}) {
    EXPECT_EQ(Host(host).outcome, Outcome::kUnavailable) << host;
  }
  w.kv_line.Down(true);
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kUnavailable);
  EXPECT_EQ(w.log.Events("registry_db_read_failed").size(), 1u);
  w.db_line.Down(false);
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kFound) << "a failure is not cached";
}

TEST_F(TenantsTest, AMissIsNotBelievedLongerThanItLasts) {
  Host("ghost.moltgate.test");
  w.Advance(30);
  w.db_line.Down(true);
  EXPECT_EQ(Host("ghost.moltgate.test").outcome, Outcome::kUnavailable);
}

TEST_F(TenantsTest, ServesAStaleCopyForAnHourWhileTheRegistryFails) {
  const TenantRecord acme = w.Add("acme");
  Host("acme.moltgate.test");
  w.DropKv(SlugKey("acme"));
  w.db_line.Down(true);
  w.Advance(60);
  const Resolution stale = Host("acme.moltgate.test");
  ASSERT_EQ(stale.outcome, Outcome::kFound);
  EXPECT_EQ(stale.source, "stale");
  EXPECT_EQ(stale.tenant->id, acme.id);
  w.Advance(3600 - 60 - 1);
  EXPECT_EQ(Host("acme.moltgate.test").source, "stale");
  w.Advance(1);
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kUnavailable);
}

TEST_F(TenantsTest, ServesAStaleCopyByIdAsLongAsByHostAndAsksAsSeldom) {
  const TenantRecord acme = w.Add("acme");
  Host("acme.moltgate.test");  // the only copy: none was ever read by id
  w.kv_line.Down(true);
  w.db_line.Down(true);
  w.Advance(60);
  w.ForgetCalls();
  for (int i = 0; i < 100; ++i) {
    const Resolution stale = Of().ById(acme.id, w.cancel);
    ASSERT_EQ(stale.outcome, Outcome::kFound);
    EXPECT_EQ(stale.source, "stale");
    EXPECT_EQ(stale.tenant->slug, "acme");
  }
  EXPECT_EQ(w.db_line.Fresh(), 1);
  w.Advance(3600 - 60 - 1);
  EXPECT_EQ(Of().ById(acme.id, w.cancel).source, "stale");
  w.Advance(1);
  EXPECT_EQ(Of().ById(acme.id, w.cancel).outcome, Outcome::kUnavailable);
}

TEST_F(TenantsTest, AsksAFailingRegistryOnlyNowAndThenForAStaleCopy) {
  w.Add("acme");
  Host("acme.moltgate.test");
  w.kv_line.Down(true);
  w.db_line.Down(true);
  w.Advance(60);
  w.ForgetCalls();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Host("acme.moltgate.test").source, "stale");
  EXPECT_EQ(w.db_line.Fresh(), 1);
  w.Advance(5);
  w.db_line.Down(false);
  EXPECT_EQ(Host("acme.moltgate.test").source, "d1");
}

TEST_F(TenantsTest, TakesTheStaleTimeFromTheSettings) {
  w.settings.tenant_stale_seconds = 0;
  w.Add("acme");
  Host("acme.moltgate.test");
  w.kv_line.Down(true);
  w.db_line.Down(true);
  w.Advance(59);
  EXPECT_EQ(Host("acme.moltgate.test").source, "process");
  w.Advance(1);
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kUnavailable);
}

TEST_F(TenantsTest, DoesWithoutKv) {
  w.Add("acme");
  tenants.emplace(w.settings, nullptr, &w.db, w.runtime, w.log);
  EXPECT_EQ(Host("acme.moltgate.test").source, "d1");
  EXPECT_EQ(Host("ghost.moltgate.test").outcome, Outcome::kUnknown);
  EXPECT_EQ(w.kv_line.Fresh(), 0);
}

TEST_F(TenantsTest, SaysThatTheRegistryIsMissingWithoutD1) {
  const TenantRecord acme = w.Add("acme");
  w.PutKv(SlugKey("acme"), Value(acme));
  tenants.emplace(w.settings, &w.kv, nullptr, w.runtime, w.log);
  EXPECT_EQ(Host("acme.moltgate.test").source, "kv");
  EXPECT_EQ(Host("ghost.moltgate.test").outcome, Outcome::kRegistryMissing);
  EXPECT_EQ(Of().ById("00000000-0000-4000-8000-000000000000", w.cancel).outcome,
            Outcome::kRegistryMissing);
  tenants.emplace(w.settings, nullptr, nullptr, w.runtime, w.log);
  EXPECT_EQ(Host("acme.moltgate.test").outcome, Outcome::kRegistryMissing);
}

}  // namespace
}  // namespace mg
