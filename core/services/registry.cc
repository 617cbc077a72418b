// The frame of every call, and tenants. Domains, members and keys: registry_access.cc.
#include "core/services/registry.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/services/registry_edit.h"
#include "core/services/registry_input.h"

namespace mg {
namespace {

constexpr std::size_t kUuidBytes = 16;
constexpr std::string_view kTenantColumns =
    "SELECT t.id, t.slug, t.platform, t.tier, t.sandbox_id, t.created_at, t.updated_at "
    "FROM tenants t ";
constexpr std::string_view kTenantAsJson =
    "json_object('slug', t.slug, 'tier', t.tier, 'platform', COALESCE(t.platform, ''))";

TenantRecord TenantFrom(const D1Row& row) {
  TenantRecord tenant;
  tenant.id = row.Text("id");
  tenant.slug = row.Text("slug");
  tenant.platform = row.Text("platform");
  tenant.tier = row.Text("tier");
  tenant.sandbox_id = row.Text("sandbox_id");
  tenant.created_at_ms = row.Int("created_at");
  tenant.updated_at_ms = row.Int("updated_at");
  return tenant;
}

// SELECTs of the tenant and its domains, in the order that TenantWithDomains takes them.
std::vector<std::string> TenantReads(std::string_view slug_expression) {
  const std::string slug(slug_expression);
  return {std::string(kTenantColumns) + "WHERE t.slug = " + slug + " AND t.deleted_at IS NULL",
          "SELECT hostname FROM tenant_domains WHERE tenant_slug = " + slug + " ORDER BY hostname"};
}

Result<TenantRecord> TenantWithDomains(const std::vector<D1Answer>& reads, std::string_view slug) {
  if (reads[0].rows.empty()) return NoTenant(slug);
  TenantRecord tenant = TenantFrom(reads[0].rows.front());
  for (const D1Row& row : reads[1].rows) tenant.domains.push_back(row.Text("hostname"));
  return tenant;
}

// What the registry must not show as the caller's own mistake.
Error FromD1(Error error) {
  if (error.code == Code::kInvalid || error.code == Code::kNotFound) error.code = Code::kInternal;
  error.message = "TENANT_DB: " + error.message;
  return error;
}

Error SlugTakenOr(const Error& error, std::string_view slug) {
  const bool by_slug =
      error.code == Code::kConflict && error.message.find("tenants.slug") != std::string::npos;
  return by_slug ? Error{Code::kConflict, "slug " + Quoted(slug) + " is taken", false} : error;
}

D1Value OptionalValue(const std::optional<std::string>& text) {
  return text ? D1Value(*text) : D1Value(nullptr);
}

// Every key that leads to the tenant `t`; ?`slug_key` and ?`domain_prefix` are parameters.
std::vector<EditKey> KeysOfTenant(const std::string& slug_key, const std::string& domain_prefix) {
  return {{slug_key, ""},
          {domain_prefix + " || d.hostname", " JOIN tenant_domains d ON d.tenant_slug = t.slug"}};
}

}  // namespace

Registry::Registry(const Settings& settings, D1Client& db, KvClient* kv, Runtime& runtime,
                   Random& random, Log& log)
    : names_{AsciiLower(settings.app_domain), AsciiLower(settings.operator_host),
             settings.reserved_labels},
      db_(db),
      kv_(kv),
      runtime_(runtime),
      random_(random),
      log_(log) {}

Result<TenantRecord> Registry::CreateTenant(const NewTenant& tenant, std::string_view actor,
                                            CancelToken& cancel) {
  MG_RETURN_IF_ERROR(CheckSlug(tenant.slug, names_));
  MG_TRY(tier, CheckTier(tenant.tier));
  MG_RETURN_IF_ERROR(CheckPlatform(tenant.platform));
  const std::string id = NewId();
  RegistryEdit edit;
  edit.kind = "tenant";
  edit.action = "tenant.create";
  edit.subject = tenant.slug;
  edit.tables = "(SELECT ?6 AS id) t";
  edit.where = "true";
  edit.keys = {{"?7", ""}};
  edit.after = "json_object('slug', ?4, 'tier', ?8, 'platform', ?9)";
  edit.write =
      "INSERT INTO tenants(id, slug, platform, tier, sandbox_id, created_at, updated_at) "
      "VALUES (?6, ?4, ?9, ?8, ?10, ?1, ?1)";
  edit.reads = TenantReads("?4");
  edit.params = {id, SlugKey(tenant.slug), tier, tenant.platform, DeriveSandboxId(id)};
  auto written = Write(edit, tenant.slug, actor, cancel);
  if (!written) return SlugTakenOr(written.error(), tenant.slug);
  return TenantWithDomains(written->reads, tenant.slug);
}

Result<TenantRecord> Registry::GetTenant(std::string_view slug, CancelToken& cancel) {
  std::vector<D1Statement> statements;
  for (std::string& sql : TenantReads("?1")) {
    statements.push_back({std::move(sql), {std::string(slug)}});
  }
  MG_TRY(reads, Read(statements, cancel));
  return TenantWithDomains(reads, slug);
}

Result<std::vector<TenantRecord>> Registry::ListTenants(CancelToken& cancel) {
  MG_TRY(reads,
         Read({{std::string(kTenantColumns) + "WHERE t.deleted_at IS NULL ORDER BY t.slug", {}}},
              cancel));
  std::vector<TenantRecord> tenants;
  for (const D1Row& row : reads[0].rows) tenants.push_back(TenantFrom(row));
  return tenants;
}

Result<TenantRecord> Registry::PatchTenant(std::string_view slug, const TenantPatch& patch,
                                           std::string_view actor, CancelToken& cancel) {
  std::optional<std::string> tier;
  if (patch.slug) MG_RETURN_IF_ERROR(CheckSlug(*patch.slug, names_));
  if (patch.platform) MG_RETURN_IF_ERROR(CheckPlatform(*patch.platform));
  if (patch.tier) {
    MG_TRY(normalised, CheckTier(*patch.tier));
    tier = normalised;
  }
  RegistryEdit edit;
  edit.kind = "tenant";
  edit.action = "tenant.patch";
  edit.subject = std::string(slug);
  edit.where +=
      " AND (t.slug <> COALESCE(?6, t.slug) OR t.tier <> COALESCE(?7, t.tier)"
      " OR COALESCE(t.platform, '') <> COALESCE(?8, t.platform, ''))";
  edit.keys = KeysOfTenant("?9", "?10");
  if (patch.slug) edit.keys.push_back({"?11", ""});
  edit.before = kTenantAsJson;
  edit.after =
      "json_object('slug', COALESCE(?6, t.slug), 'tier', COALESCE(?7, t.tier), "
      "'platform', COALESCE(?8, t.platform, ''))";
  edit.write =
      "UPDATE tenants AS t SET slug = COALESCE(?6, slug), tier = COALESCE(?7, tier), "
      "platform = COALESCE(?8, platform), updated_at = ?1 WHERE " +
      edit.where;
  const std::string new_slug = patch.slug.value_or(std::string(slug));
  // The audit row tells whether it was renamed: else a missing tenant would be answered with the
  // one that already has the new slug.
  edit.reads = TenantReads(
      "CASE WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = ?3) "
      "THEN ?12 ELSE ?4 END");
  edit.params = {OptionalValue(patch.slug),
                 OptionalValue(tier),
                 OptionalValue(patch.platform),
                 SlugKey(slug),
                 DomainKey(""),
                 SlugKey(new_slug),
                 new_slug};
  auto written = Write(edit, slug, actor, cancel);
  if (!written) return SlugTakenOr(written.error(), new_slug);
  return TenantWithDomains(written->reads, slug);
}

Status Registry::DeleteTenant(std::string_view slug, std::string_view actor, CancelToken& cancel) {
  RegistryEdit edit;
  edit.kind = "tenant";
  edit.action = "tenant.delete";
  edit.subject = std::string(slug);
  edit.keys = KeysOfTenant("?6", "?7");
  edit.before = kTenantAsJson;
  edit.write = "UPDATE tenants AS t SET deleted_at = ?1, updated_at = ?1 WHERE " + edit.where;
  edit.params = {SlugKey(slug), DomainKey("")};
  MG_TRY(written, Write(edit, slug, actor, cancel));
  return written.changed ? Ok() : Status(NoTenant(slug));
}

Result<Registry::Written> Registry::Write(const RegistryEdit& edit, std::string_view slug,
                                          std::string_view actor, CancelToken& cancel) {
  const EditStamp stamp{runtime_.Wall().ms, std::string(actor), NewId(), std::string(slug)};
  MG_TRY(answers, Read(EditStatements(edit, stamp), cancel));
  DropFromKv(answers[0], cancel);
  Written written;
  written.changed = !answers[0].rows.empty();
  constexpr std::ptrdiff_t kWrites = 3;
  written.reads.assign(answers.begin() + kWrites, answers.end());
  return written;
}

Result<std::vector<D1Answer>> Registry::Read(const std::vector<D1Statement>& statements,
                                             CancelToken& cancel) {
  auto answers = db_.Batch(statements, cancel);
  if (!answers) return FromD1(answers.error());
  return answers;
}

void Registry::DropFromKv(const D1Answer& changes, CancelToken& cancel) {
  if (kv_ == nullptr) return;
  for (const D1Row& row : changes.rows) {
    const std::string key = row.Text("host");
    if (key.empty()) continue;
    if (const Status dropped = kv_->Delete(key, cancel); !dropped) {
      log_.Write(LogLevel::kWarn, "registry_kv_delete_failed",
                 {{"key", key}, {"cause", dropped.error().message}});
    }
  }
}

std::string Registry::NewId() {
  return UuidFromBytes(random_.Bytes(kUuidBytes));
}

}  // namespace mg
