#include "core/services/tenants_cache.h"

#include <algorithm>
#include <utility>

namespace mg {

TenantsCache::TenantsCache(const TenantsCacheRules& rules)
    : rules_(rules),
      tenants_(rules.max_entries),
      misses_(rules.max_entries),
      marks_(rules.max_entries) {
  rules_.stale = std::max(rules_.stale, rules_.fresh);
}

TenantsCache::Held TenantsCache::HeldAs(const Copy& copy, Instant now) {
  if (now < copy.fresh_until) return {Held::Kind::kTenant, copy.tenant};
  if (now < copy.retry_at) return {Held::Kind::kStale, copy.tenant};
  return {};
}

TenantsCache::Held TenantsCache::Find(std::string_view key, Instant now) {
  if (const Copy* copy = tenants_.Use(key)) return HeldAs(*copy, now);
  const Instant* miss_until = misses_.Peek(key);
  if (miss_until == nullptr) return {};
  if (now < *miss_until) return {Held::Kind::kMiss, nullptr};
  misses_.Take(key);
  return {};
}

std::string_view TenantsCache::NewestKeyOf(std::string_view tenant_id) const {
  const auto keys = keys_of_tenant_.find(std::string(tenant_id));
  if (keys == keys_of_tenant_.end()) return {};
  return *std::max_element(keys->second.begin(), keys->second.end(),
                           [this](const std::string& a, const std::string& b) {
                             return tenants_.Peek(a)->fresh_until < tenants_.Peek(b)->fresh_until;
                           });
}

TenantsCache::Held TenantsCache::FindById(std::string_view tenant_id, Instant now) const {
  const std::string_view key = NewestKeyOf(tenant_id);
  return key.empty() ? Held{} : HeldAs(*tenants_.Peek(key), now);
}

TenantsCache::TenantPtr TenantsCache::StaleById(std::string_view tenant_id, Instant now) {
  const std::string key(NewestKeyOf(tenant_id));  // a copy: Stale may drop what it stands in
  return key.empty() ? nullptr : Stale(key, now);
}

TenantsCache::TenantPtr TenantsCache::Stale(std::string_view key, Instant now) {
  Copy* copy = tenants_.Use(key);
  if (copy == nullptr) return nullptr;
  if (now >= copy->stale_until) {
    Forget(key);
    return nullptr;
  }
  copy->retry_at = std::min(now + rules_.retry, copy->stale_until);
  return copy->tenant;
}

void TenantsCache::Keep(std::string_view key, TenantPtr tenant, Instant now) {
  Put(key, {std::move(tenant), now + rules_.fresh, now + rules_.stale, now});
}

void TenantsCache::KeepAlso(std::string_view key, std::string_view held_key) {
  if (const Copy* copy = tenants_.Peek(held_key)) Put(key, Copy(*copy));
}

void TenantsCache::KeepMiss(std::string_view key, Instant now) {
  Forget(key);
  misses_.Put(key, now + rules_.miss);
}

void TenantsCache::Forget(std::string_view key) {
  misses_.Take(key);
  if (const auto copy = tenants_.Take(key)) Unlink(key, *copy);
}

void TenantsCache::Change(std::string_view key, std::string_view tenant_id, Instant now) {
  ++epoch_;
  ForgetTenant(tenant_id);
  if (key.empty()) return;
  Forget(key);
  Mark(key, now);
}

void TenantsCache::ChangeAll(Instant now) {
  ++epoch_;
  tenants_.Clear();
  misses_.Clear();
  marks_.Clear();
  keys_of_tenant_.clear();
  all_from_db_until_ = now + rules_.from_db;
}

bool TenantsCache::ReadFromDb(std::string_view key, Instant now) const {
  if (now < all_from_db_until_) return true;
  const Instant* until = marks_.Peek(key);
  return until != nullptr && now < *until;
}

void TenantsCache::Put(std::string_view key, Copy copy) {
  Forget(key);
  keys_of_tenant_[copy.tenant->id].emplace(key);
  if (const auto pushed_out = tenants_.Put(key, std::move(copy))) {
    Unlink(pushed_out->first, pushed_out->second);
  }
}

void TenantsCache::Mark(std::string_view key, Instant now) {
  while (marks_.Oldest() != nullptr && marks_.Oldest()->second <= now) marks_.PopOldest();
  // A mark that finds no room must not be lost: then every key is read from D1 as long as it lasts.
  if (const auto pushed_out = marks_.Put(key, now + rules_.from_db)) {
    all_from_db_until_ = std::max(all_from_db_until_, pushed_out->second);
  }
}

void TenantsCache::Unlink(std::string_view key, const Copy& copy) {
  const auto keys = keys_of_tenant_.find(copy.tenant->id);
  keys->second.erase(keys->second.find(key));
  if (keys->second.empty()) keys_of_tenant_.erase(keys);
}

void TenantsCache::ForgetTenant(std::string_view tenant_id) {
  const auto keys = keys_of_tenant_.find(std::string(tenant_id));
  if (keys == keys_of_tenant_.end()) return;
  for (const std::string& key : keys->second) tenants_.Take(key);
  keys_of_tenant_.erase(keys);
}

}  // namespace mg
