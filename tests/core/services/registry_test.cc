#include "core/services/registry.h"

#include <gmock/gmock.h>

#include <functional>

#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/services/keys.h"
#include "tests/core/services/registry_world.h"

namespace mg {
namespace {

using test::kAdmin;
using test::RegistryWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> ChangedHosts(RegistryWorld& w, std::int64_t after_seq) {
  std::vector<std::string> hosts;
  for (const D1Row& row :
       w.Sql("SELECT kind, host FROM registry_changes WHERE seq > ?1 ORDER BY seq", {after_seq})) {
    hosts.push_back(row.Text("kind") + " " + row.Text("host"));
  }
  return hosts;
}

template <class T>
Error ErrorOf(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result ? Error{} : result.error();
}

TEST(Registry, CreatesATenantWithADerivedSandboxId) {
  RegistryWorld w;
  const auto made = w.registry.CreateTenant({"acme", " Premium ", "web"}, kAdmin, w.cancel);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_TRUE(IsUuid(made->id));
  EXPECT_EQ(made->sandbox_id, DeriveSandboxId(made->id));
  EXPECT_EQ(made->tier, "premium");
  EXPECT_EQ(made->platform, "web");
  EXPECT_EQ(made->created_at_ms, w.runtime.Wall().ms);
  EXPECT_EQ(made->updated_at_ms, made->created_at_ms);

  const auto row = w.Sql("SELECT typeof(created_at) AS kind, sandbox_id FROM tenants").at(0);
  EXPECT_EQ(row.Text("kind"), "integer");
  EXPECT_EQ(row.Text("sandbox_id"), made->sandbox_id);
  EXPECT_THAT(ChangedHosts(w, 0), ElementsAre("tenant tenant:slug:acme"));
  const auto audit = w.registry.ListAudit(10, w.cancel);
  ASSERT_TRUE(audit.ok());
  ASSERT_EQ(audit->size(), 1u);
  EXPECT_EQ(audit->front().actor, kAdmin);
  EXPECT_EQ(audit->front().action, "tenant.create");
  EXPECT_EQ(audit->front().subject, "acme");
  EXPECT_EQ(audit->front().before, "");
  EXPECT_EQ(audit->front().after, R"({"slug":"acme","tier":"premium","platform":"web"})");
  EXPECT_EQ(audit->front().at_ms, w.runtime.Wall().ms);
}

TEST(Registry, RefusesATakenSlugAndWritesNothing) {
  RegistryWorld w;
  w.Add("acme");
  const Error error = ErrorOf(w.registry.CreateTenant({"acme", "free", ""}, kAdmin, w.cancel));
  EXPECT_EQ(error.code, Code::kConflict);
  EXPECT_EQ(error.message, "slug \"acme\" is taken");
  EXPECT_EQ(w.Count("tenants"), 1);
  EXPECT_EQ(w.Count("registry_changes"), 1);
  EXPECT_EQ(w.Count("audit_log"), 1);
}

TEST(Registry, KeepsTheSlugOfADeletedTenant) {
  RegistryWorld w;
  w.Add("acme");
  ASSERT_TRUE(w.registry.DeleteTenant("acme", kAdmin, w.cancel).ok());
  EXPECT_EQ(ErrorOf(w.registry.CreateTenant({"acme", "free", ""}, kAdmin, w.cancel)).code,
            Code::kConflict);
  EXPECT_EQ(ErrorOf(w.registry.GetTenant("acme", w.cancel)).code, Code::kNotFound);
  EXPECT_TRUE(w.registry.ListTenants(w.cancel)->empty());
  EXPECT_EQ(ErrorOf(w.registry.DeleteTenant("acme", kAdmin, w.cancel)).code, Code::kNotFound);
}

TEST(Registry, SaysWhatIsWrongWithAnInput) {
  RegistryWorld w;
  for (const char* slug : {"", "-a", "a-", "A", "a_b", "a.b", "www", "api", "admin"}) {
    const Error error = ErrorOf(w.registry.CreateTenant({slug, "free", ""}, kAdmin, w.cancel));
    EXPECT_EQ(error.code, Code::kInvalid) << slug;
    EXPECT_THAT(error.message, HasSubstr("slug \"" + std::string(slug) + "\""));
  }
  const Error tier = ErrorOf(w.registry.CreateTenant({"acme", "gold", ""}, kAdmin, w.cancel));
  EXPECT_EQ(tier.code, Code::kInvalid);
  EXPECT_THAT(tier.message, HasSubstr("free, premium, enterprise"));
  const std::string long_name(65, 'x');
  EXPECT_EQ(ErrorOf(w.registry.CreateTenant({"acme", "free", long_name}, kAdmin, w.cancel)).code,
            Code::kInvalid);
  w.Add("acme");
  for (const char* host : {"", "10.0.0.1", "[::1]", "localhost", "a_b.test", "a.test:80"}) {
    EXPECT_EQ(ErrorOf(w.registry.PutDomain("acme", host, kAdmin, w.cancel)).code, Code::kInvalid)
        << host;
  }
  for (const char* who :
       {"", "ann", "@b", "a@", "a@b@c", "a b@c", "a\n@c", ".access", "a b.access"}) {
    EXPECT_EQ(ErrorOf(w.registry.PutMember("acme", who, kAdmin, w.cancel)).code, Code::kInvalid)
        << who;
  }
  EXPECT_EQ(ErrorOf(w.registry.CreateKey("acme", "k", -1, kAdmin, w.cancel)).code, Code::kInvalid);
  EXPECT_EQ(ErrorOf(w.registry.ImportKey("acme", "k", "mk_short", kAdmin, w.cancel)).code,
            Code::kInvalid);
  EXPECT_EQ(w.Count("audit_log"), 1);
}

TEST(Registry, RefusesTheLabelsThatAreReservedHereAndTheOperatorsHost) {
  RegistryWorld w;
  const Error reserved = ErrorOf(w.registry.CreateTenant({"status", "free", ""}, kAdmin, w.cancel));
  EXPECT_EQ(reserved.code, Code::kInvalid);
  EXPECT_THAT(reserved.message, HasSubstr("reserved are: www, api, admin, status"));
  const Error operators =
      ErrorOf(w.registry.CreateTenant({"console", "free", ""}, kAdmin, w.cancel));
  EXPECT_EQ(operators.code, Code::kInvalid);
  EXPECT_THAT(operators.message, HasSubstr("console.moltgate.test"));
  w.Add("acme");
  TenantPatch patch;
  patch.slug = "status";
  EXPECT_EQ(ErrorOf(w.registry.PatchTenant("acme", patch, kAdmin, w.cancel)).code, Code::kInvalid);
}

TEST(Registry, GivesNobodyADomainThatIsASlugsOrTheOperators) {
  RegistryWorld w;
  w.Add("acme");
  for (const char* host : {"shop.moltgate.test", "SHOP.moltgate.test.", "acme.moltgate.test",
                           "console.moltgate.test"}) {
    EXPECT_EQ(ErrorOf(w.registry.PutDomain("acme", host, kAdmin, w.cancel)).code, Code::kInvalid)
        << host;
  }
  EXPECT_EQ(w.Count("tenant_domains"), 0);
  // Names that are no slugs are looked up as domains.
  for (const char* host : {"moltgate.test", "www.moltgate.test", "a.b.moltgate.test",
                           "notmoltgate.test", "shop.moltgate.test.example"}) {
    EXPECT_TRUE(w.registry.PutDomain("acme", host, kAdmin, w.cancel).ok()) << host;
  }
}

TEST(Registry, PatchesWhatIsGivenAndNamesEveryKeyThatLeadsToTheTenant) {
  RegistryWorld w;
  const TenantRecord before = w.Add("acme", "free", "web");
  w.AddDomain("acme", "b.example");
  w.AddDomain("acme", "a.example");
  w.Advance(5);
  const std::int64_t seen = w.Count("registry_changes");
  TenantPatch patch;
  patch.tier = "ENTERPRISE";
  const auto after = w.registry.PatchTenant("acme", patch, kAdmin, w.cancel);
  ASSERT_TRUE(after.ok()) << after.error().message;
  EXPECT_EQ(after->tier, "enterprise");
  EXPECT_EQ(after->platform, "web");
  EXPECT_EQ(after->sandbox_id, before.sandbox_id);
  EXPECT_EQ(after->created_at_ms, before.created_at_ms);
  EXPECT_EQ(after->updated_at_ms, before.updated_at_ms + 5000);
  EXPECT_THAT(after->domains, ElementsAre("a.example", "b.example"));
  EXPECT_THAT(ChangedHosts(w, seen),
              ElementsAre("tenant tenant:domain:a.example", "tenant tenant:domain:b.example",
                          "tenant tenant:slug:acme"));
  const auto audit = w.registry.ListAudit(1, w.cancel)->front();
  EXPECT_EQ(audit.before, R"({"slug":"acme","tier":"free","platform":"web"})");
  EXPECT_EQ(audit.after, R"({"slug":"acme","tier":"enterprise","platform":"web"})");
}

TEST(Registry, RenamesATenantWithItsDomains) {
  RegistryWorld w;
  w.Add("acme");
  w.Add("other");
  w.AddDomain("acme", "a.example");
  const std::int64_t seen = w.Count("registry_changes");
  TenantPatch patch;
  patch.slug = "apex";
  const auto renamed = w.registry.PatchTenant("acme", patch, kAdmin, w.cancel);
  ASSERT_TRUE(renamed.ok()) << renamed.error().message;
  EXPECT_EQ(renamed->slug, "apex");
  EXPECT_THAT(renamed->domains, ElementsAre("a.example"));
  EXPECT_THAT(ChangedHosts(w, seen),
              ElementsAre("tenant tenant:domain:a.example", "tenant tenant:slug:acme",
                          "tenant tenant:slug:apex"));
  EXPECT_EQ(ErrorOf(w.registry.GetTenant("acme", w.cancel)).code, Code::kNotFound);

  const std::int64_t audited = w.Count("audit_log");
  patch.slug = "other";
  const Error taken = ErrorOf(w.registry.PatchTenant("apex", patch, kAdmin, w.cancel));
  EXPECT_EQ(taken.code, Code::kConflict);
  EXPECT_EQ(taken.message, "slug \"other\" is taken");
  patch.slug = "admin";
  EXPECT_EQ(ErrorOf(w.registry.PatchTenant("apex", patch, kAdmin, w.cancel)).code, Code::kInvalid);
  EXPECT_EQ(w.Count("audit_log"), audited);
}

TEST(Registry, WritesNothingWhenThereIsNothingToChange) {
  RegistryWorld w;
  w.Add("acme", "premium");
  w.AddDomain("acme", "a.example");
  ASSERT_TRUE(w.registry.PutMember("acme", "ann@x.test", kAdmin, w.cancel).ok());
  const std::int64_t changes = w.Count("registry_changes");
  const std::int64_t audited = w.Count("audit_log");

  TenantPatch same;
  same.tier = "premium";
  same.slug = "acme";
  EXPECT_TRUE(w.registry.PatchTenant("acme", same, kAdmin, w.cancel).ok());
  EXPECT_TRUE(w.registry.PatchTenant("acme", {}, kAdmin, w.cancel).ok());
  EXPECT_TRUE(w.registry.PutDomain("acme", "A.example.", kAdmin, w.cancel).ok());
  EXPECT_TRUE(w.registry.PutMember("acme", "Ann@X.test", kAdmin, w.cancel).ok());
  for (const Status& status : {w.registry.DeleteDomain("acme", "none.example", kAdmin, w.cancel),
                               w.registry.DeleteMember("acme", "bob@x.test", kAdmin, w.cancel),
                               w.registry.RevokeKey("acme", "none", kAdmin, w.cancel),
                               w.registry.PutDomain("ghost", "g.example", kAdmin, w.cancel),
                               w.registry.DeleteDomain("ghost", "a.example", kAdmin, w.cancel),
                               w.registry.PutMember("ghost", "ann@x.test", kAdmin, w.cancel),
                               w.registry.DeleteMember("ghost", "ann@x.test", kAdmin, w.cancel),
                               w.registry.RevokeKey("ghost", "none", kAdmin, w.cancel),
                               w.registry.DeleteTenant("ghost", kAdmin, w.cancel)}) {
    EXPECT_EQ(ErrorOf(status).code, Code::kNotFound);
  }
  EXPECT_EQ(ErrorOf(w.registry.PatchTenant("ghost", same, kAdmin, w.cancel)).code, Code::kNotFound);
  EXPECT_EQ(ErrorOf(w.registry.CreateKey("ghost", "", 0, kAdmin, w.cancel)).code, Code::kNotFound);
  EXPECT_EQ(ErrorOf(w.registry.ListMembers("ghost", w.cancel)).code, Code::kNotFound);
  EXPECT_EQ(ErrorOf(w.registry.ListKeys("ghost", w.cancel)).code, Code::kNotFound);
  EXPECT_EQ(w.Count("registry_changes"), changes);
  EXPECT_EQ(w.Count("audit_log"), audited);
  EXPECT_EQ(w.Count("tenant_domains"), 1);
}

TEST(Registry, MovesADomainToAnotherTenant) {
  RegistryWorld w;
  w.Add("acme");
  const TenantRecord bolt = w.Add("bolt");
  w.AddDomain("acme", "Shop.Example");
  w.AddDomain("bolt", "shop.example");
  EXPECT_TRUE(w.registry.GetTenant("acme", w.cancel)->domains.empty());
  EXPECT_THAT(w.registry.GetTenant("bolt", w.cancel)->domains, ElementsAre("shop.example"));
  const auto change = w.Sql("SELECT * FROM registry_changes ORDER BY seq DESC LIMIT 1").at(0);
  EXPECT_EQ(change.Text("kind"), "domain");
  EXPECT_EQ(change.Text("host"), "tenant:domain:shop.example");
  EXPECT_EQ(change.Text("tenant_id"), bolt.id);
  const auto audit = w.registry.ListAudit(1, w.cancel)->front();
  EXPECT_EQ(audit.subject, "bolt/domains/shop.example");
  EXPECT_EQ(audit.before, R"({"tenant":"acme"})");
  EXPECT_EQ(audit.after, R"({"tenant":"bolt"})");

  EXPECT_EQ(ErrorOf(w.registry.DeleteDomain("acme", "shop.example", kAdmin, w.cancel)).code,
            Code::kNotFound);
  EXPECT_TRUE(w.registry.DeleteDomain("bolt", "shop.example", kAdmin, w.cancel).ok());
  EXPECT_EQ(w.Count("tenant_domains"), 0);
}

TEST(Registry, StoresAnInternationalDomainAsPunycode) {
  RegistryWorld w;
  w.Add("acme");
  w.AddDomain("acme", "M\u00dcnchen.example");
  EXPECT_THAT(w.registry.GetTenant("acme", w.cancel)->domains,
              ElementsAre("xn--mnchen-3ya.example"));
}

TEST(Registry, ListsMembersInLowerCase) {
  RegistryWorld w;
  const TenantRecord acme = w.Add("acme");
  ASSERT_TRUE(w.registry.PutMember("acme", "Zoe@X.test", kAdmin, w.cancel).ok());
  ASSERT_TRUE(w.registry.PutMember("acme", "0123abcd.access", kAdmin, w.cancel).ok());
  EXPECT_THAT(*w.registry.ListMembers("acme", w.cancel),
              ElementsAre("0123abcd.access", "zoe@x.test"));
  ASSERT_TRUE(w.registry.DeleteMember("acme", "ZOE@x.test", kAdmin, w.cancel).ok());
  EXPECT_THAT(*w.registry.ListMembers("acme", w.cancel), ElementsAre("0123abcd.access"));
  const auto change = w.Sql("SELECT * FROM registry_changes ORDER BY seq DESC LIMIT 1").at(0);
  EXPECT_EQ(change.Text("kind"), "member");
  EXPECT_EQ(change.Text("tenant_id"), acme.id);
  EXPECT_TRUE(change.IsNull("host"));
}

TEST(Registry, ShowsAKeysSecretOnceAndStoresItsHash) {
  RegistryWorld w;
  w.Add("acme");
  const auto made = w.registry.CreateKey("acme", "ci", 30, kAdmin, w.cancel);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_TRUE(IsTenantKey(made->secret));
  EXPECT_EQ(made->record.prefix, made->secret.substr(0, 8));
  EXPECT_EQ(made->record.limit_per_minute, 30);
  const auto row = w.Sql("SELECT sha256, typeof(limit_per_minute) AS kind FROM tenant_keys").at(0);
  EXPECT_EQ(row.Text("sha256"), Sha256Hex(made->secret));
  EXPECT_EQ(row.Text("kind"), "integer");
  const auto audit = w.registry.ListAudit(1, w.cancel)->front();
  EXPECT_EQ(audit.subject, "acme/keys/" + made->record.id);
  EXPECT_EQ(audit.after,
            R"({"name":"ci","prefix":")" + made->record.prefix + R"(","limit_per_minute":30})");
  EXPECT_THAT(audit.after, ::testing::Not(HasSubstr(made->secret.substr(8))));

  const std::string other = w.AddKey("acme");
  EXPECT_NE(other, made->secret);
  const auto keys = w.registry.ListKeys("acme", w.cancel);
  ASSERT_EQ(keys->size(), 2u);
}

TEST(Registry, RevokesAKeyOnceAndOnlyOfItsTenant) {
  RegistryWorld w;
  w.Add("acme");
  w.Add("bolt");
  w.AddKey("acme");
  const std::string id = w.registry.ListKeys("acme", w.cancel)->front().id;
  EXPECT_EQ(ErrorOf(w.registry.RevokeKey("bolt", id, kAdmin, w.cancel)).code, Code::kNotFound);
  ASSERT_TRUE(w.registry.RevokeKey("acme", id, kAdmin, w.cancel).ok());
  const std::int64_t changes = w.Count("registry_changes");
  EXPECT_TRUE(w.registry.RevokeKey("acme", id, kAdmin, w.cancel).ok());
  EXPECT_EQ(w.Count("registry_changes"), changes);
  EXPECT_EQ(w.registry.ListKeys("acme", w.cancel)->front().revoked_at_ms, w.runtime.Wall().ms);
}

TEST(Registry, ImportsAKeyAsOftenAsItIsAsked) {
  RegistryWorld w;
  w.Add("acme");
  w.Add("bolt");
  const std::string secret = "mk_" + std::string(43, 'A');
  const auto first = w.registry.ImportKey("acme", "demo", secret, kAdmin, w.cancel);
  ASSERT_TRUE(first.ok()) << first.error().message;
  const std::int64_t changes = w.Count("registry_changes");
  const auto again = w.registry.ImportKey("acme", "demo", secret, kAdmin, w.cancel);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(w.Count("tenant_keys"), 1);
  EXPECT_EQ(w.Count("registry_changes"), changes);
  EXPECT_EQ(ErrorOf(w.registry.ImportKey("bolt", "demo", secret, kAdmin, w.cancel)).code,
            Code::kConflict);
  EXPECT_EQ(ErrorOf(w.registry.ImportKey("ghost", "demo", secret, kAdmin, w.cancel)).code,
            Code::kNotFound);
}

TEST(Registry, DropsTheChangedKeysFromKvAndSurvivesAFailingKv) {
  RegistryWorld w;
  w.Add("acme");
  w.AddDomain("acme", "a.example");
  w.PutKv(SlugKey("acme"), "old");
  w.PutKv(DomainKey("a.example"), "old");
  TenantPatch patch;
  patch.tier = "premium";
  ASSERT_TRUE(w.registry.PatchTenant("acme", patch, kAdmin, w.cancel).ok());
  EXPECT_EQ(w.KvText(SlugKey("acme")), "");
  EXPECT_EQ(w.KvText(DomainKey("a.example")), "");

  w.kv_line.Down(true);
  patch.tier = "free";
  EXPECT_TRUE(w.registry.PatchTenant("acme", patch, kAdmin, w.cancel).ok());
  EXPECT_EQ(w.log.Events("registry_kv_delete_failed").size(), 2u);
}

TEST(Registry, MakesEachChangeInOneCallToD1) {
  RegistryWorld w;
  w.Add("acme");
  w.ForgetCalls();
  ASSERT_TRUE(w.registry.PutDomain("acme", "a.example", kAdmin, w.cancel).ok());
  EXPECT_EQ(w.db_line.Fresh(), 1);
  ASSERT_TRUE(w.registry.DeleteTenant("acme", kAdmin, w.cancel).ok());
  EXPECT_EQ(w.db_line.Fresh(), 1);
}

TEST(Registry, PassesOnThatD1CannotAnswer) {
  RegistryWorld w;
  w.Add("acme");
  w.db_line.Down(true);
  EXPECT_EQ(ErrorOf(w.registry.CreateTenant({"b", "free", ""}, kAdmin, w.cancel)).code,
            Code::kUnavailable);
  EXPECT_EQ(ErrorOf(w.registry.GetTenant("acme", w.cancel)).code, Code::kUnavailable);
  EXPECT_EQ(ErrorOf(w.registry.SumUsage({}, w.cancel)).code, Code::kUnavailable);
}

TEST(Registry, CanRepeatAChangeWhoseAnswerWasLost) {
  RegistryWorld w;
  w.Add("acme");
  const std::string secret = "mk_" + std::string(43, 'A');
  const std::vector<std::function<Status()>> changes{
      [&] { return w.registry.PutDomain("acme", "a.example", kAdmin, w.cancel); },
      [&] { return w.registry.PutMember("acme", "ann@x.test", kAdmin, w.cancel); },
      [&]() -> Status {
        MG_TRY(key, w.registry.ImportKey("acme", "demo", secret, kAdmin, w.cancel));
        return key.id.empty() ? Status(Error{}) : Ok();
      }};
  for (const auto& change : changes) {
    w.transport.after = [](int, const Request&) {
      return Error{Code::kUnknownOutcome, "reset by peer", true};
    };
    EXPECT_EQ(ErrorOf(change()).code, Code::kUnknownOutcome);
    w.transport.after = nullptr;
    EXPECT_TRUE(change().ok());
  }
  for (const char* table : {"tenant_domains", "tenant_members", "tenant_keys"}) {
    EXPECT_EQ(w.Count(table), 1) << table;
  }
  EXPECT_EQ(w.Count("audit_log"), 4);
}

TEST(Registry, DoesNotBlameTheCallerForAMissingSchema) {
  RegistryWorld w(false);
  const Error error = ErrorOf(w.registry.GetTenant("acme", w.cancel));
  EXPECT_EQ(error.code, Code::kInternal);
  EXPECT_THAT(error.message, HasSubstr("no such table"));
}

class UsageSums : public ::testing::Test {
 protected:
  UsageSums() {
    Insert(w.Add("acme").id, {{"m1", 1000}, {"m1", 2000}, {"m2", 3000}});
    Insert(w.Add("bolt").id, {{"m1", 1500}});
  }
  void Insert(const std::string& tenant_id,
              const std::vector<std::pair<std::string, std::int64_t>>& rows) {
    for (const auto& [model, at] : rows) {
      w.Sql("INSERT INTO usage VALUES (?1, ?2, ?3, 10, 2, 5, ?4)",
            {std::to_string(++rows_), tenant_id, model, at});
    }
  }
  std::vector<std::string> Sums(const UsageFilter& filter) {
    const auto sums = w.registry.SumUsage(filter, w.cancel);
    EXPECT_TRUE(sums.ok()) << (sums ? "" : sums.error().message);
    std::vector<std::string> texts;
    for (const UsageSum& sum : *sums) {
      texts.push_back(sum.tenant_slug + " " + sum.model + " " + std::to_string(sum.requests) + " " +
                      std::to_string(sum.tokens_in) + " " + std::to_string(sum.tokens_out));
    }
    return texts;
  }

  RegistryWorld w;

 private:
  int rows_ = 0;
};

TEST_F(UsageSums, AreByTenantAndModel) {
  EXPECT_THAT(Sums({}), ElementsAre("acme m1 2 20 4", "acme m2 1 10 2", "bolt m1 1 10 2"));
  EXPECT_THAT(Sums({"acme", "", 0, 0}), ElementsAre("acme m1 2 20 4", "acme m2 1 10 2"));
  EXPECT_THAT(Sums({"", "m1", 0, 0}), ElementsAre("acme m1 2 20 4", "bolt m1 1 10 2"));
  EXPECT_THAT(Sums({"ghost", "", 0, 0}), IsEmpty());
}

TEST_F(UsageSums, TakeTheRangeFromItsStartToBeforeItsEnd) {
  EXPECT_THAT(Sums({"", "", 1500, 2000}), ElementsAre("bolt m1 1 10 2"));
  EXPECT_THAT(Sums({"acme", "m1", 2000, 2001}), ElementsAre("acme m1 1 10 2"));
  EXPECT_THAT(Sums({"acme", "", 0, 1000}), IsEmpty());
}

TEST_F(UsageSums, GoThroughTheIndex) {
  for (const UsageFilter& filter :
       {UsageFilter{}, UsageFilter{"acme", "m1", 1, 9000}, UsageFilter{"", "", 1, 9000}}) {
    ASSERT_TRUE(w.registry.SumUsage(filter, w.cancel).ok());
    const auto body = ParseJson(w.db_line.last_body());
    ASSERT_TRUE(body.ok());
    std::vector<D1Value> params;
    const Json& statement = body->at("batch").at(0);
    if (const Json* given = Find(statement, "params")) {
      for (const Json& param : *given) {
        params.push_back(param.is_string() ? D1Value(param.get<std::string>())
                                           : D1Value(param.get<std::int64_t>()));
      }
    }
    std::string plan;
    for (const D1Row& row : w.Sql("EXPLAIN QUERY PLAN " + StringAt(statement, "sql"), params)) {
      plan += row.Text("detail") + "\n";
    }
    EXPECT_THAT(plan, HasSubstr("SEARCH u USING INDEX usage_by_tenant_and_time (tenant_id=?"));
  }
}

TEST(RegistryAudit, IsListedNewestFirst) {
  RegistryWorld w;
  w.Add("a");
  w.Add("b");
  w.Advance(1);
  w.Add("c");
  const auto audit = w.registry.ListAudit(2, w.cancel);
  ASSERT_EQ(audit->size(), 2u);
  EXPECT_EQ(audit->at(0).subject, "c");
  EXPECT_EQ(audit->at(1).subject, "b");
}

}  // namespace
}  // namespace mg
