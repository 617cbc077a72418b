// What this process holds of the registry: tenants and misses by registry key, and which keys must
// be read from D1 because KV may be stale (TEN-5, TEN-8, TEN-12).
//
// Thread-safety: none; Tenants locks. No I/O. Memory: bounded by TenantsCacheRules::max_entries for
// each of tenants, misses and marks; a flood of unknown hosts pushes no tenant out.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/ports/runtime.h"
#include "core/services/lru_map.h"
#include "core/services/tenants.h"

namespace mg {

struct TenantsCacheRules {
  Nanos fresh = std::chrono::seconds(kProcessEntrySeconds);
  Nanos miss = std::chrono::seconds(kMissSeconds);
  Nanos stale = std::chrono::seconds(3600);   // counted from the read, as `fresh` is
  Nanos from_db = std::chrono::seconds(360);  // after a change
  // While the registry fails, how long a stale copy is served before it is asked again: an outage
  // must not cost every request a timed-out call.
  Nanos retry = std::chrono::seconds(5);
  std::size_t max_entries = kMaxHeldTenants;
};

class TenantsCache {
 public:
  using TenantPtr = std::shared_ptr<const Tenant>;

  struct Held {
    enum class Kind { kNothing, kTenant, kStale, kMiss };
    Kind kind = Kind::kNothing;
    TenantPtr tenant;
  };

  explicit TenantsCache(const TenantsCacheRules& rules);

  Held Find(std::string_view key, Instant now);
  // For when the registry cannot answer: a copy not older than `stale`, or nothing. Find gives the
  // same copy, as kStale, until `retry` is over.
  TenantPtr Stale(std::string_view key, Instant now);
  // The same under whichever key the tenant is held, the copy that was read last.
  Held FindById(std::string_view tenant_id, Instant now) const;
  TenantPtr StaleById(std::string_view tenant_id, Instant now);

  void Keep(std::string_view key, TenantPtr tenant, Instant now);
  // The same tenant, of the same age, under a second key; nothing when `held_key` is not held.
  void KeepAlso(std::string_view key, std::string_view held_key);
  void KeepMiss(std::string_view key, Instant now);
  void Forget(std::string_view key);

  // A change: drops the key and whatever is held of the tenant ("" for none), marks the key.
  void Change(std::string_view key, std::string_view tenant_id, Instant now);
  void ChangeAll(Instant now);
  bool ReadFromDb(std::string_view key, Instant now) const;
  // Grows with each change. What was read before the last one is not kept.
  std::uint64_t epoch() const { return epoch_; }

  std::size_t tenants() const { return tenants_.size(); }
  std::size_t misses() const { return misses_.size(); }
  std::size_t marks() const { return marks_.size(); }

 private:
  struct Copy {
    TenantPtr tenant;
    Instant fresh_until;
    Instant stale_until;
    Instant retry_at;  // stale copies are served without asking until then
  };

  static Held HeldAs(const Copy& copy, Instant now);
  std::string_view NewestKeyOf(std::string_view tenant_id) const;  // empty: not held
  void Put(std::string_view key, Copy copy);
  void Mark(std::string_view key, Instant now);
  void Unlink(std::string_view key, const Copy& copy);
  void ForgetTenant(std::string_view tenant_id);

  TenantsCacheRules rules_;
  LruMap<Copy> tenants_;
  LruMap<Instant> misses_;  // until when
  LruMap<Instant> marks_;   // until when; the oldest ends first
  Instant all_from_db_until_;
  std::unordered_map<std::string, std::set<std::string, std::less<>>> keys_of_tenant_;
  std::uint64_t epoch_ = 0;
};

}  // namespace mg
