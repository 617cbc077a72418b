#include "emulator/commands/registry_commands.h"

#include <nlohmann/json.hpp>

#include "core/services/migrations.h"
#include "emulator/commands/operator_context.h"

namespace mg {
namespace {

using Ordered = nlohmann::ordered_json;

constexpr std::string_view kActor = "cli";

Ordered ToJson(const TenantRecord& tenant) {
  return {{"slug", tenant.slug},
          {"tier", tenant.tier},
          {"platform", tenant.platform},
          {"id", tenant.id},
          {"sandbox_id", tenant.sandbox_id},
          {"domains", tenant.domains},
          {"created_at", tenant.created_at_ms},
          {"updated_at", tenant.updated_at_ms}};
}

Ordered ToJson(const KeyRecord& key) {
  Ordered json{{"id", key.id}, {"name", key.name}, {"prefix", key.prefix}};
  json["limit_per_minute"] =
      key.limit_per_minute == 0 ? Ordered(nullptr) : Ordered(key.limit_per_minute);
  json["created_at"] = key.created_at_ms;
  json["revoked_at"] = key.revoked_at_ms == 0 ? Ordered(nullptr) : Ordered(key.revoked_at_ms);
  return json;
}

template <class T>
Ordered ItemsOf(const std::vector<T>& values) {
  Ordered items = Ordered::array();
  for (const T& value : values) items.push_back(ToJson(value));
  return {{"items", std::move(items)}};
}

// Opens the context, does the work, prints what it returns.
template <class Work>
int Run(const OperatorOptions& options, const std::string& what, Work work) {
  auto context = OperatorContext::Open(options.profile);
  if (!context) return Fail(what, context.error());
  Result<Ordered> output = work(**context);
  if (!output) return Fail(what, output.error());
  Print(*output, options.format);
  return kExitOk;
}

Result<Ordered> Done(const Status& status, Ordered said) {
  if (!status) return status.error();
  return said;
}

}  // namespace

int TenantCreate(const OperatorOptions& options, const std::string& slug, const std::string& tier,
                 const std::string& platform) {
  return Run(options, "tenant create", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(tenant, at.registry().CreateTenant({slug, tier, platform}, kActor, at.cancel()));
    return ToJson(tenant);
  });
}

int TenantList(const OperatorOptions& options) {
  return Run(options, "tenant list", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(tenants, at.registry().ListTenants(at.cancel()));
    Ordered said = ItemsOf(tenants);
    for (Ordered& item : said["items"]) item.erase("domains");  // `tenant show` reads them
    return said;
  });
}

int TenantShow(const OperatorOptions& options, const std::string& slug) {
  return Run(options, "tenant show", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(tenant, at.registry().GetTenant(slug, at.cancel()));
    return ToJson(tenant);
  });
}

int TenantUpdate(const OperatorOptions& options, const std::string& slug,
                 const std::optional<std::string>& new_slug, const std::optional<std::string>& tier,
                 const std::optional<std::string>& platform) {
  return Run(options, "tenant update", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(tenant,
           at.registry().PatchTenant(slug, {new_slug, tier, platform}, kActor, at.cancel()));
    return ToJson(tenant);
  });
}

int TenantDelete(const OperatorOptions& options, const std::string& slug) {
  return Run(options, "tenant delete", [&](OperatorContext& at) {
    return Done(at.registry().DeleteTenant(slug, kActor, at.cancel()), {{"deleted", slug}});
  });
}

int DomainAdd(const OperatorOptions& options, const std::string& slug, const std::string& host) {
  return Run(options, "domain add", [&](OperatorContext& at) {
    return Done(at.registry().PutDomain(slug, host, kActor, at.cancel()),
                {{"tenant", slug}, {"domain", host}});
  });
}

int DomainRemove(const OperatorOptions& options, const std::string& slug, const std::string& host) {
  return Run(options, "domain remove", [&](OperatorContext& at) {
    return Done(at.registry().DeleteDomain(slug, host, kActor, at.cancel()),
                {{"tenant", slug}, {"removed", host}});
  });
}

int MemberAdd(const OperatorOptions& options, const std::string& slug, const std::string& subject) {
  return Run(options, "member add", [&](OperatorContext& at) {
    return Done(at.registry().PutMember(slug, subject, kActor, at.cancel()),
                {{"tenant", slug}, {"member", subject}});
  });
}

int MemberRemove(const OperatorOptions& options, const std::string& slug,
                 const std::string& subject) {
  return Run(options, "member remove", [&](OperatorContext& at) {
    return Done(at.registry().DeleteMember(slug, subject, kActor, at.cancel()),
                {{"tenant", slug}, {"removed", subject}});
  });
}

int MemberList(const OperatorOptions& options, const std::string& slug) {
  return Run(options, "member list", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(members, at.registry().ListMembers(slug, at.cancel()));
    Ordered items = Ordered::array();
    for (const std::string& subject : members) items.push_back({{"subject", subject}});
    return Ordered{{"items", std::move(items)}};
  });
}

int KeyCreate(const OperatorOptions& options, const std::string& slug, const std::string& name,
              std::int64_t limit_per_minute) {
  return Run(options, "key create", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(created, at.registry().CreateKey(slug, name, limit_per_minute, kActor, at.cancel()));
    Ordered said = ToJson(created.record);
    said["key"] = created.secret;  // KEY-2: shown this once
    return said;
  });
}

int KeyList(const OperatorOptions& options, const std::string& slug) {
  return Run(options, "key list", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(keys, at.registry().ListKeys(slug, at.cancel()));
    return ItemsOf(keys);
  });
}

int KeyRevoke(const OperatorOptions& options, const std::string& slug, const std::string& id) {
  return Run(options, "key revoke", [&](OperatorContext& at) {
    return Done(at.registry().RevokeKey(slug, id, kActor, at.cancel()),
                {{"tenant", slug}, {"revoked", id}});
  });
}

int RoutingShow(const OperatorOptions& options, const std::string& slug) {
  return Run(options, "routing show", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(record, at.registry().GetTenant(slug, at.cancel()));
    const Tenant tenant{record.id, record.slug, record.platform, NormaliseTier(record.tier),
                        record.sandbox_id};
    MG_TRY(view, at.Routing(tenant));
    Ordered said{
        {"tenant", slug}, {"tier", TierName(tenant.tier)}, {"primary", view.route.primary}};
    said["fallback"] =
        view.route.fallback.empty() ? Ordered(nullptr) : Ordered(view.route.fallback);
    said["first_byte_ms"] = view.route.first_byte_ms;
    said["attempts"] = view.route.attempts;
    said["strategy"] = view.strategy;
    said["metadata"] = Ordered::parse(view.metadata_json);
    return said;
  });
}

int UsageShow(const OperatorOptions& options, const std::string& slug, const std::string& model) {
  return Run(options, "usage", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(sums, at.registry().SumUsage({slug, model, 0, 0}, at.cancel()));
    Ordered items = Ordered::array();
    for (const UsageSum& sum : sums) {
      items.push_back({{"tenant", sum.tenant_slug},
                       {"model", sum.model},
                       {"requests", sum.requests},
                       {"tokens_in", sum.tokens_in},
                       {"tokens_out", sum.tokens_out}});
    }
    return Ordered{{"items", std::move(items)}};
  });
}

int MigrationsList(const OperatorOptions& options) {
  return Run(options, "migrations list", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(states, ListMigrations(at.db(), at.cancel()));
    Ordered items = Ordered::array();
    for (const MigrationState& state : states)
      items.push_back({{"name", state.name}, {"applied", state.applied}});
    return Ordered{{"items", std::move(items)}};
  });
}

int MigrationsApply(const OperatorOptions& options) {
  return Run(options, "migrations apply", [&](OperatorContext& at) -> Result<Ordered> {
    MG_TRY(applied, ApplyMigrations(at.db(), at.cancel()));
    return Ordered{{"applied", applied}};
  });
}

}  // namespace mg
