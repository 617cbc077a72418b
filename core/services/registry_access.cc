// What leads to a tenant or opens it: domains, members, keys.
#include <utility>

#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/services/keys.h"
#include "core/services/registry.h"
#include "core/services/registry_edit.h"
#include "core/services/registry_input.h"

namespace mg {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kPrefixCharacters = 8;
constexpr std::string_view kTenantExists =
    "SELECT t.id FROM tenants t WHERE t.slug = ?4 AND t.deleted_at IS NULL";
constexpr std::string_view kTenantOfSlug =
    "(SELECT t.id FROM tenants t WHERE t.slug = ?4 AND t.deleted_at IS NULL)";
constexpr std::string_view kKeyColumns =
    "SELECT k.id, k.tenant_id, k.name, k.prefix, k.limit_per_minute, k.created_at, k.revoked_at "
    "FROM tenant_keys k ";

KeyRecord KeyFrom(const D1Row& row) {
  KeyRecord key;
  key.id = row.Text("id");
  key.name = row.Text("name");
  key.prefix = row.Text("prefix");
  key.limit_per_minute = row.Int("limit_per_minute");
  key.created_at_ms = row.Int("created_at");
  key.revoked_at_ms = row.Int("revoked_at");
  return key;
}

RegistryEdit EditOf(std::string_view kind, std::string_view action, std::string_view slug,
                    std::string_view folder, std::string_view item) {
  RegistryEdit edit;
  edit.kind = std::string(kind);
  edit.action = std::string(action);
  for (const std::string_view part :
       {slug, std::string_view("/"), folder, std::string_view("/"), item}) {
    edit.subject += part;
  }
  return edit;
}

// The tenant's id and its rows of another table, ordered; the slug is ?1.
std::vector<D1Statement> TenantAnd(std::string sql, std::string_view slug) {
  const std::vector<D1Value> params{std::string(slug)};
  return {{"SELECT t.id FROM tenants t WHERE t.slug = ?1 AND t.deleted_at IS NULL", params},
          {std::move(sql), params}};
}

}  // namespace

Result<bool> Registry::WriteOfTenant(RegistryEdit edit, std::string_view slug,
                                     std::string_view actor, CancelToken& cancel) {
  edit.reads = {std::string(kTenantExists)};
  MG_TRY(written, Write(edit, slug, actor, cancel));
  if (written.reads[0].rows.empty()) return NoTenant(slug);
  return written.changed;
}

Status Registry::PutDomain(std::string_view slug, std::string_view host, std::string_view actor,
                           CancelToken& cancel) {
  MG_TRY(name, CheckDomain(host));
  MG_RETURN_IF_ERROR(CheckReachable(name, names_));
  RegistryEdit edit = EditOf("domain", "domain.put", slug, "domains", name);
  edit.tables = "tenants t LEFT JOIN tenant_domains d ON d.hostname = ?6";
  edit.where += " AND d.tenant_slug IS NOT t.slug";
  edit.keys = {{"?7", ""}};
  edit.before =
      "CASE WHEN d.hostname IS NULL THEN NULL ELSE json_object('tenant', d.tenant_slug) END";
  edit.after = "json_object('tenant', t.slug)";
  edit.write =
      "INSERT INTO tenant_domains(hostname, tenant_slug, created_at) "
      "SELECT ?6, t.slug, ?1" +
      edit.From() +
      " ON CONFLICT(hostname) DO UPDATE SET tenant_slug = excluded.tenant_slug, "
      "created_at = excluded.created_at";
  edit.params = {name, DomainKey(name)};
  MG_RETURN_IF_ERROR(WriteOfTenant(std::move(edit), slug, actor, cancel));
  return Ok();
}

Status Registry::DeleteDomain(std::string_view slug, std::string_view host, std::string_view actor,
                              CancelToken& cancel) {
  MG_TRY(name, CheckDomain(host));
  RegistryEdit edit = EditOf("domain", "domain.delete", slug, "domains", name);
  edit.tables = "tenants t JOIN tenant_domains d ON d.tenant_slug = t.slug";
  edit.where += " AND d.hostname = ?6";
  edit.keys = {{"?7", ""}};
  edit.before = "json_object('tenant', t.slug)";
  edit.write =
      "DELETE FROM tenant_domains WHERE hostname = ?6 AND EXISTS (SELECT 1" + edit.From() + ")";
  edit.params = {name, DomainKey(name)};
  MG_TRY(changed, WriteOfTenant(std::move(edit), slug, actor, cancel));
  if (changed) return Ok();
  return Error{Code::kNotFound, "tenant " + Quoted(slug) + " has no domain " + Quoted(name), false};
}

Status Registry::PutMember(std::string_view slug, std::string_view subject, std::string_view actor,
                           CancelToken& cancel) {
  MG_TRY(member, CheckSubject(subject));
  RegistryEdit edit = EditOf("member", "member.put", slug, "members", member);
  edit.where +=
      " AND NOT EXISTS (SELECT 1 FROM tenant_members m WHERE m.tenant_id = t.id"
      " AND m.subject = ?6)";
  edit.after = "json_object('member', ?6)";
  edit.write = "INSERT INTO tenant_members(tenant_id, subject, created_at) SELECT t.id, ?6, ?1" +
               edit.From();
  edit.params = {member};
  MG_RETURN_IF_ERROR(WriteOfTenant(std::move(edit), slug, actor, cancel));
  return Ok();
}

Status Registry::DeleteMember(std::string_view slug, std::string_view subject,
                              std::string_view actor, CancelToken& cancel) {
  MG_TRY(member, CheckSubject(subject));
  RegistryEdit edit = EditOf("member", "member.delete", slug, "members", member);
  edit.tables = "tenants t JOIN tenant_members m ON m.tenant_id = t.id";
  edit.where += " AND m.subject = ?6";
  edit.before = "json_object('member', m.subject)";
  edit.write =
      "DELETE FROM tenant_members WHERE subject = ?6 AND tenant_id = " + std::string(kTenantOfSlug);
  edit.params = {member};
  MG_TRY(changed, WriteOfTenant(std::move(edit), slug, actor, cancel));
  if (changed) return Ok();
  return Error{Code::kNotFound, "tenant " + Quoted(slug) + " has no member " + Quoted(member),
               false};
}

Result<std::vector<std::string>> Registry::ListMembers(std::string_view slug, CancelToken& cancel) {
  MG_TRY(reads, Read(TenantAnd("SELECT m.subject FROM tenants t JOIN tenant_members m "
                               "ON m.tenant_id = t.id WHERE t.slug = ?1 ORDER BY m.subject",
                               slug),
                     cancel));
  if (reads[0].rows.empty()) return NoTenant(slug);
  std::vector<std::string> subjects;
  for (const D1Row& row : reads[1].rows) subjects.push_back(row.Text("subject"));
  return subjects;
}

Result<CreatedKey> Registry::CreateKey(std::string_view slug, std::string_view name,
                                       std::int64_t limit_per_minute, std::string_view actor,
                                       CancelToken& cancel) {
  std::string secret = TokenFromBytes(kTenantKeyPrefix, random_.Bytes(kSecretBytes));
  MG_TRY(record, AddKey(slug, name, secret, limit_per_minute, "key.create", actor, cancel));
  return CreatedKey{std::move(record), std::move(secret)};
}

Result<KeyRecord> Registry::ImportKey(std::string_view slug, std::string_view name,
                                      std::string_view secret, std::string_view actor,
                                      CancelToken& cancel) {
  if (!IsTenantKey(secret)) {
    return Error{Code::kInvalid, "a key must be \"mk_\" and 43 characters of base64url", false};
  }
  return AddKey(slug, name, secret, 0, "key.import", actor, cancel);
}

Result<KeyRecord> Registry::AddKey(std::string_view slug, std::string_view name,
                                   std::string_view secret, std::int64_t limit_per_minute,
                                   std::string_view action, std::string_view actor,
                                   CancelToken& cancel) {
  MG_RETURN_IF_ERROR(CheckKeyName(name));
  MG_RETURN_IF_ERROR(CheckKeyLimit(limit_per_minute));
  const std::string id = NewId();
  RegistryEdit edit = EditOf("key", action, slug, "keys", id);
  edit.where += " AND NOT EXISTS (SELECT 1 FROM tenant_keys k WHERE k.sha256 = ?9)";
  edit.after = "json_object('name', ?7, 'prefix', ?8, 'limit_per_minute', CAST(?10 AS INTEGER))";
  edit.write =
      "INSERT INTO tenant_keys(id, tenant_id, name, prefix, sha256, limit_per_minute, created_at) "
      "SELECT ?6, t.id, ?7, ?8, ?9, ?10, ?1" +
      edit.From();
  edit.reads = {std::string(kTenantExists), std::string(kKeyColumns) + "WHERE k.sha256 = ?9"};
  D1Value limit;  // null: none
  if (limit_per_minute != 0) limit.emplace<std::int64_t>(limit_per_minute);
  edit.params = {id, std::string(name), std::string(secret.substr(0, kPrefixCharacters)),
                 Sha256Hex(secret), limit};
  MG_TRY(written, Write(edit, slug, actor, cancel));
  if (written.reads[0].rows.empty()) return NoTenant(slug);
  if (written.reads[1].rows.empty()) {
    return Error{Code::kCorrupt, "TENANT_DB: the key just written is not there", true};
  }
  const D1Row& key = written.reads[1].rows.front();
  if (key.Text("tenant_id") != written.reads[0].rows.front().Text("id")) {
    return Error{Code::kConflict, "the key is another tenant's", false};
  }
  return KeyFrom(key);
}

Result<std::vector<KeyRecord>> Registry::ListKeys(std::string_view slug, CancelToken& cancel) {
  MG_TRY(reads,
         Read(TenantAnd(std::string(kKeyColumns) + "JOIN tenants t ON t.id = k.tenant_id "
                                                   "WHERE t.slug = ?1 ORDER BY k.created_at, k.id",
                        slug),
              cancel));
  if (reads[0].rows.empty()) return NoTenant(slug);
  std::vector<KeyRecord> keys;
  for (const D1Row& row : reads[1].rows) keys.push_back(KeyFrom(row));
  return keys;
}

Status Registry::RevokeKey(std::string_view slug, std::string_view key_id, std::string_view actor,
                           CancelToken& cancel) {
  RegistryEdit edit = EditOf("key", "key.revoke", slug, "keys", key_id);
  edit.tables = "tenants t JOIN tenant_keys k ON k.tenant_id = t.id";
  edit.where += " AND k.id = ?6 AND k.revoked_at IS NULL";
  edit.before = "json_object('name', k.name, 'prefix', k.prefix)";
  edit.write =
      "UPDATE tenant_keys SET revoked_at = ?1 WHERE id = ?6 AND revoked_at IS NULL "
      "AND tenant_id = " +
      std::string(kTenantOfSlug);
  edit.reads = {std::string(kTenantExists), std::string(kKeyColumns) +
                                                "WHERE k.id = ?6 "
                                                "AND k.tenant_id = " +
                                                std::string(kTenantOfSlug)};
  edit.params = {std::string(key_id)};
  MG_TRY(written, Write(edit, slug, actor, cancel));
  if (written.reads[0].rows.empty()) return NoTenant(slug);
  if (!written.reads[1].rows.empty()) return Ok();
  return Error{Code::kNotFound, "tenant " + Quoted(slug) + " has no key " + Quoted(key_id), false};
}

}  // namespace mg
