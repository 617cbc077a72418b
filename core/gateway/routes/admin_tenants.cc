#include "core/base/json.h"
#include "core/gateway/routes/admin_support.h"
#include "core/gateway/routes/routes.h"

namespace mg {
namespace {

Json ToJson(const TenantRecord& tenant) {
  return {{"id", tenant.id},
          {"slug", tenant.slug},
          {"platform", tenant.platform},
          {"tier", tenant.tier},
          {"sandbox_id", tenant.sandbox_id},
          {"domains", tenant.domains},
          {"created_at", tenant.created_at_ms},
          {"updated_at", tenant.updated_at_ms}};
}

Json ToJson(const KeyRecord& key) {
  Json json{{"id", key.id},
            {"name", key.name},
            {"prefix", key.prefix},
            {"created_at", key.created_at_ms}};
  json["limit_per_minute"] = key.limit_per_minute == 0 ? Json(nullptr) : Json(key.limit_per_minute);
  json["revoked_at"] = key.revoked_at_ms == 0 ? Json(nullptr) : Json(key.revoked_at_ms);
  return json;
}

Result<NewTenant> ReadNewTenant(const Json& body) {
  MG_RETURN_IF_ERROR(RefuseUnknownKeys(body, {"slug", "tier", "platform"}));
  MG_TRY(slug, OptionalText(body, "slug"));
  MG_TRY(tier, OptionalText(body, "tier"));
  MG_TRY(platform, OptionalText(body, "platform"));
  if (!slug) return Error{Code::kInvalid, "\"slug\" is missing."};
  return NewTenant{*slug, tier.value_or("free"), platform.value_or("")};
}

Result<TenantPatch> ReadPatch(const Json& body) {
  MG_RETURN_IF_ERROR(RefuseUnknownKeys(body, {"slug", "tier", "platform"}));
  MG_TRY(slug, OptionalText(body, "slug"));
  MG_TRY(tier, OptionalText(body, "tier"));
  MG_TRY(platform, OptionalText(body, "platform"));
  if (!slug && !tier && !platform)
    return Error{Code::kInvalid, "Nothing to change: give slug, tier or platform."};
  return TenantPatch{slug, tier, platform};
}

Result<CreatedKey> CreateKeyFrom(Exchange& exchange, Services& services) {
  const Json& body = *exchange.json;
  MG_RETURN_IF_ERROR(RefuseUnknownKeys(body, {"name", "limit_per_minute"}));
  MG_TRY(name, OptionalText(body, "name"));
  const Json* limit = Find(body, "limit_per_minute");
  if (limit != nullptr && !limit->is_null() && !limit->is_number_unsigned()) {
    return Error{Code::kInvalid,
                 "\"limit_per_minute\" must be a whole number of requests, or null."};
  }
  // A number that no integer holds must not become "no limit" (0): CheckKeyLimit refuses -1.
  const bool limited = limit != nullptr && !limit->is_null();
  return services.registry->CreateKey(exchange.Capture("slug"), name.value_or(""),
                                      limited ? IntAt(body, "limit_per_minute", -1) : 0,
                                      Actor(exchange), exchange.caller_gone);
}

Response Finish(Exchange& exchange, Services& services, const Status& status) {
  return status ? AdminDone() : AdminError(exchange, services, status.error());
}

}  // namespace

Response AdminListTenants(Exchange& exchange, Services& services) {
  auto tenants = services.registry->ListTenants(exchange.caller_gone);
  if (!tenants) return AdminError(exchange, services, tenants.error());
  Json items = Json::array();
  for (const TenantRecord& tenant : *tenants) {
    items.push_back(ToJson(tenant));
    items.back().erase("domains");  // read for one tenant alone
  }
  return AdminList(std::move(items));
}

Response AdminCreateTenant(Exchange& exchange, Services& services) {
  auto wanted = ReadNewTenant(*exchange.json);
  if (!wanted) return AdminError(exchange, services, wanted.error());
  auto tenant = services.registry->CreateTenant(*wanted, Actor(exchange), exchange.caller_gone);
  if (!tenant) return AdminError(exchange, services, tenant.error());
  return AdminItem(201, ToJson(*tenant));
}

Response AdminGetTenant(Exchange& exchange, Services& services) {
  auto tenant = services.registry->GetTenant(exchange.Capture("slug"), exchange.caller_gone);
  if (!tenant) return AdminError(exchange, services, tenant.error());
  return AdminItem(200, ToJson(*tenant));
}

Response AdminPatchTenant(Exchange& exchange, Services& services) {
  auto patch = ReadPatch(*exchange.json);
  if (!patch) return AdminError(exchange, services, patch.error());
  auto tenant = services.registry->PatchTenant(exchange.Capture("slug"), *patch, Actor(exchange),
                                               exchange.caller_gone);
  if (!tenant) return AdminError(exchange, services, tenant.error());
  return AdminItem(200, ToJson(*tenant));
}

Response AdminDeleteTenant(Exchange& exchange, Services& services) {
  auto tenant = PathTenant(exchange, services);
  if (!tenant) return AdminError(exchange, services, tenant.error());
  const Status deleted =
      services.registry->DeleteTenant(tenant->slug, Actor(exchange), exchange.caller_gone);
  if (!deleted) return AdminError(exchange, services, deleted.error());
  // Here at once; other gateways hear of it (RegistryWatch).
  services.sandboxes.Retire(tenant->sandbox_id);
  return AdminDone();
}

Response AdminPutDomain(Exchange& exchange, Services& services) {
  return Finish(exchange, services,
                services.registry->PutDomain(exchange.Capture("slug"), exchange.Capture("host"),
                                             Actor(exchange), exchange.caller_gone));
}

Response AdminDeleteDomain(Exchange& exchange, Services& services) {
  return Finish(exchange, services,
                services.registry->DeleteDomain(exchange.Capture("slug"), exchange.Capture("host"),
                                                Actor(exchange), exchange.caller_gone));
}

Response AdminListMembers(Exchange& exchange, Services& services) {
  auto members = services.registry->ListMembers(exchange.Capture("slug"), exchange.caller_gone);
  if (!members) return AdminError(exchange, services, members.error());
  Json items = Json::array();
  for (const std::string& subject : *members) items.push_back({{"subject", subject}});
  return AdminList(std::move(items));
}

Response AdminPutMember(Exchange& exchange, Services& services) {
  return Finish(exchange, services,
                services.registry->PutMember(exchange.Capture("slug"), exchange.Capture("subject"),
                                             Actor(exchange), exchange.caller_gone));
}

Response AdminDeleteMember(Exchange& exchange, Services& services) {
  return Finish(
      exchange, services,
      services.registry->DeleteMember(exchange.Capture("slug"), exchange.Capture("subject"),
                                      Actor(exchange), exchange.caller_gone));
}

Response AdminListKeys(Exchange& exchange, Services& services) {
  auto keys = services.registry->ListKeys(exchange.Capture("slug"), exchange.caller_gone);
  if (!keys) return AdminError(exchange, services, keys.error());
  Json items = Json::array();
  for (const KeyRecord& key : *keys) items.push_back(ToJson(key));
  return AdminList(std::move(items));
}

Response AdminCreateKey(Exchange& exchange, Services& services) {
  auto created = CreateKeyFrom(exchange, services);
  if (!created) return AdminError(exchange, services, created.error());
  Json item = ToJson(created->record);
  item["key"] = created->secret;  // KEY-2: shown this once
  return AdminItem(201, item);
}

Response AdminRevokeKey(Exchange& exchange, Services& services) {
  return Finish(exchange, services,
                services.registry->RevokeKey(exchange.Capture("slug"), exchange.Capture("id"),
                                             Actor(exchange), exchange.caller_gone));
}

}  // namespace mg
