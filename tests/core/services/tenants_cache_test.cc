#include "core/services/tenants_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "tests/support/fixed_random.h"

namespace mg {
namespace {

using std::chrono::seconds;
using Kind = TenantsCache::Held::Kind;

TenantsCache::TenantPtr MakeTenant(const std::string& id) {
  return std::make_shared<const Tenant>(Tenant{id, "slug-" + id, "", Tier::kFree, ""});
}

Instant At(std::int64_t s) {
  return Instant{seconds(s)};
}

TEST(TenantsCache, KeepsTheMostUsedTenantsAndIndexesNoOthers) {
  TenantsCacheRules rules;
  rules.max_entries = 2;
  TenantsCache cache(rules);
  cache.Keep("a", MakeTenant("1"), At(0));
  cache.Keep("b", MakeTenant("2"), At(0));
  EXPECT_EQ(cache.Find("a", At(1)).kind, Kind::kTenant);
  cache.Keep("c", MakeTenant("3"), At(1));
  EXPECT_EQ(cache.Find("b", At(1)).kind, Kind::kNothing);
  EXPECT_EQ(cache.FindById("2", At(1)).kind, Kind::kNothing);
  EXPECT_EQ(cache.FindById("1", At(1)).kind, Kind::kTenant);
  EXPECT_EQ(cache.tenants(), 2u);
}

TEST(TenantsCache, FindsTheCopyOfATenantThatWasReadLastUnderWhicheverKey) {
  TenantsCache cache({});
  const auto old_copy = MakeTenant("1");
  const auto new_copy = MakeTenant("1");
  cache.Keep("z", old_copy, At(0));
  cache.Keep("a", new_copy, At(10));
  cache.Keep("b", old_copy, At(5));
  EXPECT_EQ(cache.FindById("1", At(69)).tenant, new_copy);
  EXPECT_EQ(cache.FindById("1", At(70)).kind, Kind::kNothing);
  EXPECT_EQ(cache.StaleById("1", At(70)), new_copy);
  EXPECT_EQ(cache.FindById("1", At(74)).kind, Kind::kStale);
  EXPECT_EQ(cache.FindById("1", At(75)).kind, Kind::kNothing);
  EXPECT_EQ(cache.StaleById("1", At(3610)), nullptr);
  EXPECT_EQ(cache.StaleById("2", At(70)), nullptr);
}

TEST(TenantsCache, LetsNoFloodOfMissesPushATenantOut) {
  TenantsCacheRules rules;
  rules.max_entries = 10;
  TenantsCache cache(rules);
  cache.Keep("a", MakeTenant("1"), At(0));
  for (int i = 0; i < 1000; ++i) cache.KeepMiss("miss" + std::to_string(i), At(1));
  EXPECT_EQ(cache.misses(), 10u);
  EXPECT_EQ(cache.Find("a", At(1)).kind, Kind::kTenant);
  EXPECT_EQ(cache.Find("miss999", At(1)).kind, Kind::kMiss);
  EXPECT_EQ(cache.Find("miss1", At(1)).kind, Kind::kNothing);
}

TEST(TenantsCache, ReadsEverythingFromD1RatherThanLoseAMark) {
  TenantsCacheRules rules;
  rules.max_entries = 2;
  TenantsCache cache(rules);
  cache.Change("a", "", At(0));
  cache.Change("b", "", At(10));
  EXPECT_FALSE(cache.ReadFromDb("x", At(10)));
  cache.Change("c", "", At(20));
  EXPECT_EQ(cache.marks(), 2u);
  EXPECT_TRUE(cache.ReadFromDb("a", At(359)));
  EXPECT_TRUE(cache.ReadFromDb("x", At(359)));
  EXPECT_FALSE(cache.ReadFromDb("x", At(360)));
  EXPECT_TRUE(cache.ReadFromDb("b", At(369)));
  EXPECT_FALSE(cache.ReadFromDb("b", At(370)));
  cache.Change("d", "", At(1000));
  EXPECT_EQ(cache.marks(), 1u) << "marks that have ended go first";
}

// What the cache must answer, in the plainest terms: every fact kept, nothing bounded.
class Model {
 public:
  struct Fact {
    TenantsCache::TenantPtr tenant;  // null: a miss
    std::int64_t read_at = 0;
    std::int64_t retry_at = 0;
  };

  Kind Find(const std::string& key, std::int64_t now) const {
    const auto fact = facts.find(key);
    if (fact == facts.end()) return Kind::kNothing;
    const std::int64_t age = now - fact->second.read_at;
    if (!fact->second.tenant) return age < 30 ? Kind::kMiss : Kind::kNothing;
    if (age < 60) return Kind::kTenant;
    return now < fact->second.retry_at ? Kind::kStale : Kind::kNothing;
  }
  bool HasFreshCopyOf(const std::string& id, std::int64_t now) const {
    return std::any_of(facts.begin(), facts.end(), [&](const auto& entry) {
      return entry.second.tenant && entry.second.tenant->id == id &&
             now - entry.second.read_at < 60;
    });
  }
  bool Stale(const std::string& key, std::int64_t now) {
    const auto fact = facts.find(key);
    if (fact == facts.end() || !fact->second.tenant || now - fact->second.read_at >= 600) {
      return false;
    }
    fact->second.retry_at = std::min(now + 5, fact->second.read_at + 600);
    return true;
  }
  void Change(const std::string& key, const std::string& id, std::int64_t now) {
    for (auto fact = facts.begin(); fact != facts.end();) {
      const bool touched =
          fact->first == key || (fact->second.tenant && fact->second.tenant->id == id);
      fact = touched ? facts.erase(fact) : std::next(fact);
    }
    marks[key] = now;
  }
  bool ReadFromDb(const std::string& key, std::int64_t now) const {
    const auto mark = marks.find(key);
    return mark != marks.end() && now - mark->second < 360;
  }

  std::map<std::string, Fact> facts;
  std::map<std::string, std::int64_t> marks;
};

TEST(TenantsCache, AgreesWithAModelOverTenThousandSteps) {
  test::FixedRandom random(7);
  TenantsCacheRules rules;
  rules.stale = seconds(600);
  TenantsCache cache(rules);
  Model model;
  std::int64_t now = 0;
  for (int step = 0; step < 10'000; ++step) {
    now += static_cast<std::int64_t>(random.Below(8));
    const std::string key = "k" + std::to_string(random.Below(12));
    const std::string id = std::to_string(random.Below(4));
    switch (random.Below(8)) {
      case 0:
      case 1: {
        const auto tenant = MakeTenant(id);
        cache.Keep(key, tenant, At(now));
        model.facts[key] = {tenant, now, now};
        break;
      }
      case 2:
        cache.KeepMiss(key, At(now));
        model.facts[key] = {nullptr, now, now};
        break;
      case 3:
        cache.Forget(key);
        model.facts.erase(key);
        break;
      case 4:
        cache.Change(key, id, At(now));
        model.Change(key, id, now);
        break;
      case 5: {
        const std::string held = "k" + std::to_string(random.Below(12));
        cache.KeepAlso(key, held);
        const auto fact = model.facts.find(held);
        if (fact != model.facts.end() && fact->second.tenant) {
          model.facts[key] = Model::Fact(fact->second);
        }
        break;
      }
      default: {
        const bool stale = cache.Stale(key, At(now)) != nullptr;
        ASSERT_EQ(stale, model.Stale(key, now)) << "step " << step;
        break;
      }
    }
    ASSERT_EQ(cache.Find(key, At(now)).kind, model.Find(key, now)) << "step " << step;
    ASSERT_EQ(cache.ReadFromDb(key, At(now)), model.ReadFromDb(key, now)) << "step " << step;
    ASSERT_EQ(cache.FindById(id, At(now)).kind == Kind::kTenant, model.HasFreshCopyOf(id, now))
        << "step " << step;
  }
}

}  // namespace
}  // namespace mg
