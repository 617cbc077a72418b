#include "core/services/tenants.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/services/single_flight.h"
#include "core/services/tenants_cache.h"
#include "core/services/tenants_lookup.h"

namespace mg {
namespace {

using Outcome = Resolution::Outcome;

constexpr std::string_view kIdKeyPrefix = "tenant:id:";  // never in KV

TenantsCacheRules RulesFrom(const Settings& settings) {
  TenantsCacheRules rules;
  rules.stale = std::chrono::seconds(settings.tenant_stale_seconds);
  rules.from_db = std::chrono::seconds(settings.tenant_cache_ttl_seconds + kChangeMarginSeconds);
  return rules;
}

TenantName BySlugName(std::string_view slug) {
  return {TenantName::Kind::kSlug, std::string(slug), SlugKey(slug)};
}

Resolution Found(std::shared_ptr<const Tenant> tenant, std::string_view source) {
  return {Outcome::kFound, std::move(tenant), source};
}

Resolution NotFound(Outcome outcome) {
  return {outcome, nullptr, {}};
}

}  // namespace

Tier NormaliseTier(std::string_view text) {
  const std::string_view trimmed = TrimSpace(text);
  for (const Tier tier : {Tier::kPremium, Tier::kEnterprise}) {
    if (EqualsIgnoreCase(trimmed, TierName(tier))) return tier;
  }
  return Tier::kFree;
}

std::string_view TierName(Tier tier) {
  switch (tier) {
    case Tier::kPremium:
      return "premium";
    case Tier::kEnterprise:
      return "enterprise";
    case Tier::kFree:
      break;
  }
  return "free";
}

std::string SlugKey(std::string_view slug) {
  return "tenant:slug:" + std::string(slug);
}

std::string DomainKey(std::string_view host) {
  return "tenant:domain:" + std::string(host);
}

class Tenants::Impl {
 public:
  Impl(const Settings& settings, KvClient* kv, D1Client* db, Runtime& runtime, Log& log)
      : app_suffix_('.' + AsciiLower(settings.app_domain)),
        reserved_labels_(settings.reserved_labels),
        runtime_(runtime),
        lookup_(kv, db, settings.tenant_cache_ttl_seconds, log),
        flights_(runtime),
        cache_(RulesFrom(settings)) {
    for (const auto& [host, slug] : settings.tenant_domain_map) map_[AsciiLower(host)] = slug;
  }

  // TEN-3, TEN-4: nothing for a host that cannot be anyone's.
  std::optional<TenantName> NameOf(const HostName& host) const {
    if (host.is_ip_literal || host.name == "localhost") return std::nullopt;
    const std::string_view name = host.name;
    if (app_suffix_.size() > 1 && name.size() > app_suffix_.size() &&
        name.substr(name.size() - app_suffix_.size()) == app_suffix_) {
      const std::string_view label = name.substr(0, name.size() - app_suffix_.size());
      const bool is_slug = label.find('.') == std::string_view::npos && !IsReserved(label);
      if (is_slug) return IsSlug(label) ? std::optional(BySlugName(label)) : std::nullopt;
    }
    return TenantName{TenantName::Kind::kDomain, host.name, DomainKey(host.name)};
  }

  std::optional<Resolution> Held(const TenantName& name) {
    const Lock lock(mutex_);
    return FromProcess(name);
  }

  Resolution Resolve(const TenantName& name, CancelToken& cancel) {
    std::uint64_t epoch = 0;
    {
      const Lock lock(mutex_);
      if (auto held = FromProcess(name)) return *std::move(held);
      epoch = cache_.epoch();
    }
    // The epoch in the key: who asks after a change does not get what was read before it.
    auto resolution = flights_.Do(std::to_string(epoch) + ' ' + name.key, cancel,
                                  [&] { return LookUp(name, epoch, cancel); });
    return resolution ? *std::move(resolution) : NotFound(Outcome::kUnavailable);
  }

  void Apply(const RegistryChange& change) {
    const Lock lock(mutex_);
    const Instant now = runtime_.Now();
    if (change.kind == kRegistryReset) {
      cache_.ChangeAll(now);
    } else if (change.kind == "tenant") {
      cache_.Change(change.host, change.tenant_id, now);
    } else if (change.kind == "domain") {
      cache_.Change(change.host, {}, now);
    }
  }

 private:
  bool IsReserved(std::string_view label) const {
    return std::find(reserved_labels_.begin(), reserved_labels_.end(), label) !=
           reserved_labels_.end();
  }

  std::optional<Resolution> FromProcess(const TenantName& name) {  // mutex_ held
    const Instant now = runtime_.Now();
    TenantsCache::Held held = cache_.Find(name.key, now);
    // Any copy of the tenant will do for its id; a miss is the id's own.
    if (held.kind == TenantsCache::Held::Kind::kNothing && name.kind == TenantName::Kind::kId) {
      held = cache_.FindById(name.text, now);
    }
    switch (held.kind) {
      case TenantsCache::Held::Kind::kTenant:
        return Found(std::move(held.tenant), "process");
      case TenantsCache::Held::Kind::kStale:
        return Found(std::move(held.tenant), "stale");
      case TenantsCache::Held::Kind::kMiss:
        return NotFound(Outcome::kUnknown);
      case TenantsCache::Held::Kind::kNothing:
        break;
    }
    return std::nullopt;
  }

  // Nothing when the caller went away before the registry answered.
  std::optional<Resolution> LookUp(const TenantName& name, std::uint64_t epoch,
                                   CancelToken& cancel) {
    bool skip_kv = !lookup_.has_kv() || name.kind == TenantName::Kind::kId;
    {
      const Lock lock(mutex_);
      if (auto held = FromProcess(name)) return held;  // another flight has just landed
      // Without D1 there is no other place, and no change is ever heard of either.
      if (lookup_.has_db() && cache_.ReadFromDb(name.key, runtime_.Now())) skip_kv = true;
    }
    if (!skip_kv) {
      const TenantsLookup::Answer answer = lookup_.FromKv(name, cancel);
      if (answer.outcome == TenantsLookup::Outcome::kFound) return Keep(name, answer, epoch, "kv");
      if (answer.outcome == TenantsLookup::Outcome::kMismatch) return RefuseIdentity(name);
    }
    if (cancel.cancelled()) return std::nullopt;
    if (!lookup_.has_db()) return StaleOr(name, Outcome::kRegistryMissing);
    return LookUpInDb(name, epoch, cancel);
  }

  std::optional<Resolution> LookUpInDb(const TenantName& name, std::uint64_t epoch,
                                       CancelToken& cancel) {
    const TenantsLookup::Answer answer = lookup_.FromDb(name, cancel);
    switch (answer.outcome) {
      case TenantsLookup::Outcome::kFound: {
        Resolution found = Keep(name, answer, epoch, "d1");
        const bool in_kv = lookup_.has_kv() && name.kind != TenantName::Kind::kId;
        if (in_kv && StillAt(epoch)) lookup_.WriteKv(name, *answer.tenant, cancel);
        return found;
      }
      case TenantsLookup::Outcome::kMismatch:
        return RefuseIdentity(name);
      case TenantsLookup::Outcome::kFailed:
        break;
      case TenantsLookup::Outcome::kAbsent:
      case TenantsLookup::Outcome::kUnusable:
        return LookUpInMap(name, epoch, cancel);
    }
    if (cancel.cancelled()) return std::nullopt;
    return StaleOr(name, Outcome::kUnavailable);
  }

  // TENANT_DOMAIN_MAP: the last place of a custom domain, once D1 has said that it is not there.
  std::optional<Resolution> LookUpInMap(const TenantName& name, std::uint64_t epoch,
                                        CancelToken& cancel) {
    const auto mapped = name.kind == TenantName::Kind::kDomain ? map_.find(name.text) : map_.end();
    if (mapped == map_.end()) return KeepMiss(name, epoch);
    const TenantName slug = BySlugName(mapped->second);
    Resolution resolution = Resolve(slug, cancel);
    switch (resolution.outcome) {
      case Outcome::kFound:
        break;
      case Outcome::kUnknown:
        return KeepMiss(name, epoch);
      case Outcome::kUnavailable:
        if (cancel.cancelled()) return std::nullopt;
        return StaleOr(name, Outcome::kUnavailable);
      case Outcome::kIdentityMismatch:
        return RefuseIdentity(name);
      case Outcome::kRegistryMissing:
        return resolution;
    }
    if (resolution.source != "stale") resolution.source = "map";
    const Lock lock(mutex_);
    if (cache_.epoch() == epoch) cache_.KeepAlso(name.key, slug.key);
    return resolution;
  }

  // What was read before a change is answered to who asked before it, and not kept.
  Resolution Keep(const TenantName& name, const TenantsLookup::Answer& answer, std::uint64_t epoch,
                  std::string_view source) {
    const Lock lock(mutex_);
    if (cache_.epoch() == epoch) cache_.Keep(name.key, answer.tenant, runtime_.Now());
    return Found(answer.tenant, source);
  }

  Resolution KeepMiss(const TenantName& name, std::uint64_t epoch) {
    const Lock lock(mutex_);
    if (cache_.epoch() == epoch) cache_.KeepMiss(name.key, runtime_.Now());
    return NotFound(Outcome::kUnknown);
  }

  Resolution RefuseIdentity(const TenantName& name) {
    const Lock lock(mutex_);
    cache_.Forget(name.key);
    return NotFound(Outcome::kIdentityMismatch);
  }

  Resolution StaleOr(const TenantName& name, Outcome otherwise) {
    const Lock lock(mutex_);
    const Instant now = runtime_.Now();
    auto tenant = name.kind == TenantName::Kind::kId ? cache_.StaleById(name.text, now)
                                                     : cache_.Stale(name.key, now);
    return tenant ? Found(std::move(tenant), "stale") : NotFound(otherwise);
  }

  bool StillAt(std::uint64_t epoch) {
    const Lock lock(mutex_);
    return cache_.epoch() == epoch;
  }

  const std::string app_suffix_;  // ".localhost"
  const std::vector<std::string> reserved_labels_;
  std::map<std::string, std::string> map_;  // host -> slug
  Runtime& runtime_;
  TenantsLookup lookup_;
  SingleFlight<Resolution> flights_;
  Mutex mutex_;
  TenantsCache cache_;
};

Tenants::Tenants(const Settings& settings, KvClient* kv, D1Client* db, Runtime& runtime, Log& log)
    : impl_(std::make_unique<Impl>(settings, kv, db, runtime, log)) {}
Tenants::~Tenants() = default;

std::optional<Resolution> Tenants::HeldByHost(const HostName& host) {
  const std::optional<TenantName> name = impl_->NameOf(host);
  return name ? impl_->Held(*name) : NotFound(Outcome::kUnknown);
}

Resolution Tenants::ByHost(const HostName& host, CancelToken& cancel) {
  const std::optional<TenantName> name = impl_->NameOf(host);
  return name ? impl_->Resolve(*name, cancel) : NotFound(Outcome::kUnknown);
}

Resolution Tenants::BySlug(std::string_view slug, CancelToken& cancel) {
  return IsSlug(slug) ? impl_->Resolve(BySlugName(slug), cancel) : NotFound(Outcome::kUnknown);
}

Resolution Tenants::ById(std::string_view tenant_id, CancelToken& cancel) {
  if (!IsUuid(AsciiLower(tenant_id))) return NotFound(Outcome::kUnknown);
  std::string id(tenant_id);
  std::string key = std::string(kIdKeyPrefix) + id;
  return impl_->Resolve({TenantName::Kind::kId, std::move(id), std::move(key)}, cancel);
}

void Tenants::Apply(const RegistryChange& change) {
  impl_->Apply(change);
}

}  // namespace mg
