#include "core/services/tenants_lookup.h"

#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/json.h"

namespace mg {
namespace {

constexpr std::string_view kBySlug =
    "SELECT id, slug, platform, tier, sandbox_id FROM tenants "
    "WHERE slug = ?1 AND deleted_at IS NULL";
constexpr std::string_view kByDomain =
    "SELECT t.id, t.slug, t.platform, t.tier, t.sandbox_id "
    "FROM tenant_domains d JOIN tenants t ON t.slug = d.tenant_slug "
    "WHERE d.hostname = ?1 AND t.deleted_at IS NULL";
constexpr std::string_view kById =
    "SELECT id, slug, platform, tier, sandbox_id FROM tenants "
    "WHERE id = ?1 AND deleted_at IS NULL";

std::string_view SqlFor(TenantName::Kind kind) {
  switch (kind) {
    case TenantName::Kind::kDomain:
      return kByDomain;
    case TenantName::Kind::kId:
      return kById;
    case TenantName::Kind::kSlug:
      break;
  }
  return kBySlug;
}

// A member that must be there and be text; `platform` alone may be null.
std::optional<std::string> TextMember(const Json& object, std::string_view name, bool may_be_null) {
  const Json* member = Find(object, name);
  if (member == nullptr) return std::nullopt;
  if (member->is_null() && may_be_null) return std::string();
  if (!member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

std::optional<Tenant> ParseKvValue(std::string_view text) {
  const Result<Json> parsed = ParseJson(text, {4, true});
  if (!parsed || !parsed->is_object()) return std::nullopt;
  auto id = TextMember(*parsed, "id", false);
  auto slug = TextMember(*parsed, "slug", false);
  auto platform = TextMember(*parsed, "platform", true);
  const auto tier = TextMember(*parsed, "tier", false);
  auto sandbox_id = TextMember(*parsed, "sandbox_id", false);
  if (!id || !slug || !platform || !tier || !sandbox_id || !IsSlug(*slug)) return std::nullopt;
  return Tenant{std::move(*id), std::move(*slug), std::move(*platform), NormaliseTier(*tier),
                std::move(*sandbox_id)};
}

std::string KvValue(const Tenant& tenant) {
  return DumpJson(Json{{"id", tenant.id},
                       {"slug", tenant.slug},
                       {"platform", tenant.platform},
                       {"tier", TierName(tenant.tier)},
                       {"sandbox_id", tenant.sandbox_id}});
}

// TEN-7: the id is a UUID and the sandbox id is the one derived from it.
bool IdentityHolds(const Tenant& tenant) {
  return IsUuid(AsciiLower(tenant.id)) && tenant.sandbox_id == DeriveSandboxId(tenant.id);
}

}  // namespace

TenantsLookup::TenantsLookup(KvClient* kv, D1Client* db, std::int64_t kv_ttl_seconds, Log& log)
    : kv_(kv), db_(db), kv_ttl_seconds_(kv_ttl_seconds), log_(log) {}

TenantsLookup::Answer TenantsLookup::FromKv(const TenantName& name, CancelToken& cancel) {
  const auto value = kv_->Get(name.key, cancel);
  if (!value) {
    if (value.error().code != Code::kCancelled) {
      Failed(kv_reads_, "registry_kv_read_failed", value.error());
    }
    return {Outcome::kFailed, nullptr};
  }
  kv_reads_.Ends();
  if (!*value) return {Outcome::kAbsent, nullptr};
  std::optional<Tenant> tenant = ParseKvValue(**value);
  // After a rename KV may still hold the tenant under its old slug.
  const bool fits = tenant && (name.kind != TenantName::Kind::kSlug || tenant->slug == name.text);
  if (!fits) {
    log_.Write(LogLevel::kWarn, "registry_kv_value_ignored", {{"key", name.key}});
    return {Outcome::kUnusable, nullptr};
  }
  return Check(name, std::move(*tenant), "kv");
}

TenantsLookup::Answer TenantsLookup::FromDb(const TenantName& name, CancelToken& cancel) {
  const auto answer = db_->Query({std::string(SqlFor(name.kind)), {name.text}}, cancel);
  if (!answer) {
    if (answer.error().code != Code::kCancelled) {
      Failed(db_reads_, "registry_db_read_failed", answer.error());
    }
    return {Outcome::kFailed, nullptr};
  }
  db_reads_.Ends();
  if (answer->rows.empty()) return {Outcome::kAbsent, nullptr};
  const D1Row& row = answer->rows.front();
  return Check(name,
               Tenant{row.Text("id"), row.Text("slug"), row.Text("platform"),
                      NormaliseTier(row.Text("tier")), row.Text("sandbox_id")},
               "d1");
}

void TenantsLookup::WriteKv(const TenantName& name, const Tenant& tenant, CancelToken& cancel) {
  const Status written = kv_->Put(name.key, KvValue(tenant), kv_ttl_seconds_, cancel);
  if (written) {
    kv_writes_.Ends();
  } else if (written.error().code != Code::kCancelled) {
    Failed(kv_writes_, "registry_kv_write_failed", written.error());
  }
}

TenantsLookup::Answer TenantsLookup::Check(const TenantName& name, Tenant tenant,
                                           std::string_view source) {
  if (!IdentityHolds(tenant)) {
    log_.Write(LogLevel::kError, "sandbox_identity_mismatch",
               {{"key", name.key},
                {"source", std::string(source)},
                {"tenant_id", tenant.id},
                {"sandbox_id", tenant.sandbox_id}});
    return {Outcome::kMismatch, nullptr};
  }
  return {Outcome::kFound, std::make_shared<const Tenant>(std::move(tenant))};
}

void TenantsLookup::Failed(FailureStreak& streak, std::string_view event, const Error& error) {
  if (streak.Begins()) log_.Write(LogLevel::kWarn, event, {{"cause", error.message}});
}

}  // namespace mg
