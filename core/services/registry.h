// The registry's write side: tenants, domains, members, keys, with registry_changes and audit_log
// in the same transaction. Used by the admin API and the operator commands alike.
//
// Thread-safety: all members. Errors: kInvalid (bad slug, host, tier, subject: the message says
// which and what is right), kConflict (slug taken, or another tenant's key), kNotFound, kInternal
// (D1 refuses our SQL: migrations missing), else the D1 client's. After kUnknownOutcome the change
// may have been made; all but CreateTenant and CreateKey can simply be repeated.
// A change to what is so already is Ok and writes nothing, the audit log included.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/config/settings.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "core/services/registry_input.h"
#include "core/services/tenants.h"

namespace mg {

struct RegistryEdit;

struct TenantRecord {
  std::string id, slug, platform, tier, sandbox_id;
  std::int64_t created_at_ms = 0, updated_at_ms = 0;
  std::vector<std::string> domains;  // sorted; empty from ListTenants
};

struct NewTenant {
  std::string slug;
  std::string tier = "free";
  std::string platform;
};

struct TenantPatch {
  std::optional<std::string> slug, tier, platform;
};

struct KeyRecord {
  std::string id, name, prefix;
  std::int64_t limit_per_minute = 0;                  // 0: none
  std::int64_t created_at_ms = 0, revoked_at_ms = 0;  // 0: not revoked
};

struct CreatedKey {
  KeyRecord record;
  std::string secret;  // "mk_...": shown once
};

struct AuditRecord {
  std::string id, actor, action, subject, before, after;
  std::int64_t at_ms = 0;
};

struct UsageSum {
  std::string tenant_slug, model;
  std::int64_t requests = 0, tokens_in = 0, tokens_out = 0;
};

struct UsageFilter {
  std::string tenant_slug, model;       // empty: all
  std::int64_t from_ms = 0, to_ms = 0;  // half-open; 0: unbounded
};

class Registry {
 public:
  // `actor` is who does it: an operator's subject, or "cli". `kv` may be null. Of the settings:
  // which names of APP_DOMAIN nobody may have.
  Registry(const Settings& settings, D1Client& db, KvClient* kv, Runtime& runtime, Random& random,
           Log& log);

  Result<TenantRecord> CreateTenant(const NewTenant& tenant, std::string_view actor,
                                    CancelToken& cancel);
  Result<TenantRecord> GetTenant(std::string_view slug, CancelToken& cancel);
  Result<std::vector<TenantRecord>> ListTenants(CancelToken& cancel);
  Result<TenantRecord> PatchTenant(std::string_view slug, const TenantPatch& patch,
                                   std::string_view actor, CancelToken& cancel);
  Status DeleteTenant(std::string_view slug, std::string_view actor,
                      CancelToken& cancel);  // keeps its slug (MIG-2)

  // Moves the host when another tenant has it. kInvalid when it cannot lead to a tenant: one label
  // under APP_DOMAIN (a slug's name), the operators' host.
  Status PutDomain(std::string_view slug, std::string_view host, std::string_view actor,
                   CancelToken& cancel);
  Status DeleteDomain(std::string_view slug, std::string_view host, std::string_view actor,
                      CancelToken& cancel);

  Status PutMember(std::string_view slug, std::string_view subject, std::string_view actor,
                   CancelToken& cancel);
  Status DeleteMember(std::string_view slug, std::string_view subject, std::string_view actor,
                      CancelToken& cancel);
  Result<std::vector<std::string>> ListMembers(std::string_view slug, CancelToken& cancel);

  Result<CreatedKey> CreateKey(std::string_view slug, std::string_view name,
                               std::int64_t limit_per_minute, std::string_view actor,
                               CancelToken& cancel);
  // For the demo tenant, whose key is made at first start: stores a secret that the caller already
  // has. Again with the same secret: the key as it was stored, which may be revoked since.
  Result<KeyRecord> ImportKey(std::string_view slug, std::string_view name, std::string_view secret,
                              std::string_view actor, CancelToken& cancel);
  Result<std::vector<KeyRecord>> ListKeys(std::string_view slug, CancelToken& cancel);
  Status RevokeKey(std::string_view slug, std::string_view key_id, std::string_view actor,
                   CancelToken& cancel);

  // `map_json` is a checked model map; every gateway follows within 5 s.
  Status PutModelMap(std::string_view map_json, std::string_view actor, CancelToken& cancel);
  // As it was put; "" when operators put none.
  Result<std::string> GetModelMap(CancelToken& cancel);

  // The audit row of an operator's "start", "stop" or "restart", before it is done.
  Status RecordSandboxAction(std::string_view slug, std::string_view action,
                             std::string_view status_before, std::string_view actor,
                             CancelToken& cancel);

  Result<std::vector<UsageSum>> SumUsage(const UsageFilter& filter, CancelToken& cancel);  // USG-6
  Result<std::vector<AuditRecord>> ListAudit(std::size_t limit,
                                             CancelToken& cancel);  // newest first

 private:
  struct Written {
    bool changed = false;
    std::vector<D1Answer> reads;  // one for each of the edit's
  };
  Result<Written> Write(const RegistryEdit& edit, std::string_view slug, std::string_view actor,
                        CancelToken& cancel);
  // After the transaction, best effort: TEN-12 holds without it.
  void DropFromKv(const D1Answer& changes, CancelToken& cancel);
  Result<std::vector<D1Answer>> Read(const std::vector<D1Statement>& statements,
                                     CancelToken& cancel);
  // A write to a tenant's domain, member or key: kNotFound without the tenant.
  Result<bool> WriteOfTenant(RegistryEdit edit, std::string_view slug, std::string_view actor,
                             CancelToken& cancel);
  Result<KeyRecord> AddKey(std::string_view slug, std::string_view name, std::string_view secret,
                           std::int64_t limit_per_minute, std::string_view action,
                           std::string_view actor, CancelToken& cancel);
  std::string NewId();

  const RegistryNames names_;
  D1Client& db_;
  KvClient* kv_;
  Runtime& runtime_;
  Random& random_;
  Log& log_;
};

}  // namespace mg
