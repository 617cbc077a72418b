#include "core/base/json.h"
#include "core/config/profile.h"

namespace mg {
namespace {

Json Secret(const std::string& value) {
  return value.empty() ? "(not set)" : "(set)";
}

const char* KindName(BindingKind kind) {
  switch (kind) {
    case BindingKind::kFake:
      return "fake";
    case BindingKind::kCloudflare:
      return "cloudflare";
    case BindingKind::kUnset:
      break;
  }
  return "(not set)";
}

const char* EnvironmentName(Environment environment) {
  switch (environment) {
    case Environment::kDevelopment:
      return "development";
    case Environment::kTest:
      return "test";
    case Environment::kProduction:
      break;
  }
  return "production";
}

Json ShowBindings(const Profile& profile) {
  const Bindings& bindings = profile.settings.bindings;
  Json bucket{{"kind", KindName(profile.bucket)}};
  if (bindings.bucket) {
    bucket["endpoint"] = bindings.bucket->endpoint;
    bucket["bucket"] = bindings.bucket->bucket;
    bucket["access_key_id"] = Secret(bindings.bucket->access_key_id);
    bucket["secret_access_key"] = Secret(bindings.bucket->secret_access_key);
  }
  Json db{{"kind", KindName(profile.db)}};
  if (bindings.db) {
    db["api_base"] = bindings.db->api_base;
    db["account_id"] = bindings.db->account_id;
    db["database_id"] = bindings.db->database_id;
    db["api_token"] = Secret(bindings.db->api_token);
  }
  Json kv{{"kind", KindName(profile.kv)}};
  if (bindings.kv) {
    kv["api_base"] = bindings.kv->api_base;
    kv["account_id"] = bindings.kv->account_id;
    kv["namespace_id"] = bindings.kv->namespace_id;
    kv["api_token"] = Secret(bindings.kv->api_token);
  }
  return {{"MOLTBOT_BUCKET", bucket}, {"TENANT_DB", db}, {"TENANT_KV", kv}};
}

Json ShowAccess(const Profile& profile) {
  const AccessSettings& access = profile.settings.access;
  return {{"kind", KindName(profile.access)},
          {"team_url", access.team_url},
          {"certs_url", access.certs_url},
          {"aud", access.audiences},
          {"refuse_fake_keys", access.refuse_fake_keys}};
}

Json ShowAiGateway(const Profile& profile) {
  const AiGatewaySettings& ai = profile.settings.ai_gateway;
  return {{"kind", KindName(profile.ai_gateway)},
          {"base", ai.base},
          {"account_id", ai.account_id},
          {"gateway_id", ai.gateway_id},
          {"api_key", Secret(ai.api_key)},
          {"workers_ai_token", Secret(ai.workers_ai_token)},
          {"strategy", AiStrategyName(ai.strategy)},
          {"dynamic_route", ai.dynamic_route}};
}

Json ShowModels(const ModelSettings& models) {
  return {{"free",
           {{"primary", models.free.primary},
            {"first_byte_ms", models.free.first_byte_ms},
            {"attempts", models.free.attempts}}},
          {"premium",
           {{"primary", models.premium.primary},
            {"fallback", models.premium.fallback},
            {"first_byte_ms", models.premium.first_byte_ms},
            {"fallback_first_byte_ms", models.premium.fallback_first_byte_ms},
            {"attempts", models.premium.attempts}}},
          {"override", models.override_primary},
          {"stream_max_seconds", models.stream_max_seconds}};
}

Json ShowLimits(const LimitSettings& limits) {
  return {{"public_max", limits.public_max},
          {"public_window_seconds", limits.public_window_seconds},
          {"free_per_minute", limits.free_per_minute},
          {"premium_per_minute", limits.premium_per_minute},
          {"enterprise_per_minute", limits.enterprise_per_minute},
          {"failure_budget_max", limits.failure_budget_max},
          {"failure_budget_window_seconds", limits.failure_budget_window_seconds}};
}

}  // namespace

std::string ShowProfile(const Profile& profile) {
  const Settings& s = profile.settings;
  const Json shown = {
      {"files", profile.files},
      {"environment", EnvironmentName(s.environment)},
      {"dev_mode", s.dev_mode},
      {"e2e_test_mode", s.e2e_test_mode},
      {"debug_routes", s.debug_routes},
      {"startup_gate", s.startup_gate_responds ? "respond" : "refuse"},
      {"listen", {{"gateway", s.gateway_listen}, {"management", s.management_listen}}},
      {"app_domain", s.app_domain},
      {"operator_host", s.operator_host},
      {"operators", s.operators},
      {"reserved_labels", s.reserved_labels},
      {"tenant_domain_map", s.tenant_domain_map},
      {"tenant_cache_ttl_seconds", s.tenant_cache_ttl_seconds},
      {"tenant_stale_seconds", s.tenant_stale_seconds},
      {"trusted_edge_cidrs", s.trusted_edge_cidrs},
      {"agent_command", s.sandbox.agent_command},
      {"outbox_path", s.outbox_path},
      {"gateway_token", Secret(s.gateway_token)},
      {"bindings", ShowBindings(profile)},
      {"access", ShowAccess(profile)},
      {"ai_gateway", ShowAiGateway(profile)},
      {"models", ShowModels(s.models)},
      {"limits", ShowLimits(s.limits)},
  };
  return shown.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mg
