// The keys of a profile file.
#include "core/config/profile_draft.h"

namespace mg {
namespace {

ReadValue AsKind(BindingKind* target) {
  return AsChoice<BindingKind>(
      {{"fake", BindingKind::kFake}, {"cloudflare", BindingKind::kCloudflare}}, target);
}

// A binding says whether it is fake or real, unless a file it extends did.
ReadValue AsBinding(BindingKind* kind, std::vector<Field> fields) {
  fields.insert(fields.begin(), {"kind", AsKind(kind)});
  return [kind, read = AsObject(std::move(fields))](const FileNode& value) -> Status {
    MG_RETURN_IF_ERROR(read(value));
    if (*kind != BindingKind::kUnset) return Ok();
    return ErrorIn(value.file, value.node.at, "needs \"kind\": \"fake\" or \"cloudflare\"");
  };
}

ReadValue AsBucket(BucketSource& bucket) {
  return AsBinding(&bucket.kind, {{"account_id", AsText(&bucket.account_id)},
                                  {"bucket", AsText(&bucket.bucket)},
                                  {"endpoint", AsText(&bucket.endpoint)},
                                  {"access_key_env", AsVariableName(&bucket.access_key_env)},
                                  {"secret_env", AsVariableName(&bucket.secret_env)}});
}

// An empty text leaves the default, as in the example that every profile starts from.
ReadValue AsTextUnlessEmpty(std::string* target) {
  return [target](const FileNode& value) -> Status {
    std::string text;
    MG_RETURN_IF_ERROR(AsText(&text)(value));
    if (!text.empty()) *target = std::move(text);
    return Ok();
  };
}

ReadValue AsV4(V4Source& source, const char* id_key) {
  return AsBinding(&source.kind, {{"account_id", AsText(&source.account_id)},
                                  {id_key, AsText(&source.id)},
                                  {"api_base", AsTextUnlessEmpty(&source.api_base)},
                                  {"token_env", AsVariableName(&source.token_env)}});
}

ReadValue AsEnvironment(Environment* target) {
  return [target](const FileNode& value) -> Status {
    std::string name;
    MG_RETURN_IF_ERROR(AsText(&name)(value));
    *target = EnvironmentNamed(name);
    return Ok();
  };
}

ReadValue AsStrategy(AiStrategy* target) {
  return AsChoice<AiStrategy>({{"universal", AiStrategy::kUniversal},
                               {"direct", AiStrategy::kDirect},
                               {"dynamic", AiStrategy::kDynamic}},
                              target);
}

ReadValue AsAccess(ProfileDraft& draft) {
  AccessSettings& access = draft.settings.access;
  return AsObject({{"kind", AsKind(&draft.access)},
                   {"team_url", AsText(&access.team_url)},
                   {"certs_url", AsText(&access.certs_url)},
                   {"aud", AsTexts(&access.audiences)}});
}

ReadValue AsAiGateway(ProfileDraft& draft) {
  AiGatewaySettings& ai = draft.settings.ai_gateway;
  return AsObject({{"kind", AsKind(&draft.ai_gateway)},
                   {"base", AsText(&ai.base)},
                   {"account_id", AsText(&ai.account_id)},
                   {"gateway_id", AsText(&ai.gateway_id)},
                   {"token_env", AsVariableName(&draft.ai_token_env)},
                   {"strategy", AsStrategy(&ai.strategy)},
                   {"dynamic_route", AsText(&ai.dynamic_route)}});
}

ReadValue AsModels(ModelSettings& models) {
  ModelRoute& free = models.free;
  ModelRoute& premium = models.premium;
  return AsObject(
      {{"free", AsObject({{"primary", AsText(&free.primary)},
                          {"first_byte_ms", AsCount(&free.first_byte_ms)},
                          {"attempts", AsCount(&free.attempts)}})},
       {"premium", AsObject({{"primary", AsText(&premium.primary)},
                             {"fallback", AsText(&premium.fallback)},
                             {"first_byte_ms", AsCount(&premium.first_byte_ms)},
                             {"fallback_first_byte_ms", AsCount(&premium.fallback_first_byte_ms)},
                             {"attempts", AsCount(&premium.attempts)}})},
       {"override", AsText(&models.override_primary)},
       {"stream_max_seconds", AsCount(&models.stream_max_seconds)}});
}

ReadValue AsLimits(LimitSettings& limits) {
  return AsObject(
      {{"public_max", AsCount(&limits.public_max)},
       {"public_window_seconds", AsCount(&limits.public_window_seconds)},
       {"free_per_minute", AsCount(&limits.free_per_minute)},
       {"premium_per_minute", AsCount(&limits.premium_per_minute)},
       {"enterprise_per_minute", AsCount(&limits.enterprise_per_minute)},
       {"failure_budget_max", AsCount(&limits.failure_budget_max)},
       {"failure_budget_window_seconds", AsCount(&limits.failure_budget_window_seconds)}});
}

ReadValue AsProfile(ProfileDraft& draft) {
  Settings& s = draft.settings;
  return AsObject(
      {{"extends", [](const FileNode&) { return Ok(); }},  // followed before any key is read
       {"environment", AsEnvironment(&s.environment)},
       {"dev_mode", AsFlag(&s.dev_mode)},
       {"e2e_test_mode", AsFlag(&s.e2e_test_mode)},
       {"debug_routes", AsFlag(&s.debug_routes)},
       {"startup_gate",
        AsChoice<bool>({{"refuse", false}, {"respond", true}}, &s.startup_gate_responds)},
       {"listen", AsObject({{"gateway", AsText(&s.gateway_listen)},
                            {"management", AsText(&s.management_listen)}})},
       {"app_domain", AsText(&s.app_domain)},
       {"operator_host", AsText(&s.operator_host)},
       {"operators", AsTexts(&s.operators)},
       {"reserved_labels", AsTexts(&s.reserved_labels)},
       {"tenant_domain_map", AsTextMap(&s.tenant_domain_map)},
       {"tenant_cache_ttl_seconds", AsCount(&s.tenant_cache_ttl_seconds)},
       {"tenant_stale_seconds", AsCount(&s.tenant_stale_seconds)},
       {"trusted_edge_cidrs", AsTexts(&s.trusted_edge_cidrs)},
       {"agent_command", AsTexts(&s.sandbox.agent_command)},
       {"outbox_path", AsText(&s.outbox_path)},
       {"bindings", AsObject({{"MOLTBOT_BUCKET", AsBucket(draft.bucket)},
                              {"TENANT_DB", AsV4(draft.db, "database_id")},
                              {"TENANT_KV", AsV4(draft.kv, "namespace_id")}})},
       {"access", AsAccess(draft)},
       {"ai_gateway", AsAiGateway(draft)},
       {"models", AsModels(s.models)},
       {"limits", AsLimits(s.limits)}});
}

}  // namespace

Environment EnvironmentNamed(std::string_view name) {
  if (name == "development") return Environment::kDevelopment;
  if (name == "test") return Environment::kTest;
  return Environment::kProduction;
}

Status ApplyProfileFile(const FileNode& root, ProfileDraft& draft) {
  return AsProfile(draft)(root);
}

}  // namespace mg
