// What a profile becomes once everything that was said is known.
#include "core/base/bytes.h"
#include "core/config/profile_draft.h"

namespace mg {
namespace {

std::string Secret(const EnvironmentVariables& environment, const std::string& variable) {
  const auto given = environment.find(variable);
  return given == environment.end() ? std::string() : std::string(TrimSpace(given->second));
}

std::string WithoutSlash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

void LowerAll(std::vector<std::string>& texts) {
  for (std::string& text : texts) text = AsciiLower(text);
}

void FinishNames(Settings& settings) {
  settings.app_domain = AsciiLower(settings.app_domain);
  settings.operator_host = AsciiLower(settings.operator_host);
  if (settings.operator_host.empty() && !settings.app_domain.empty()) {
    settings.operator_host = "admin." + settings.app_domain;
  }
  LowerAll(settings.operators);
  LowerAll(settings.reserved_labels);
  std::map<std::string, std::string> domains;
  for (const auto& entry : settings.tenant_domain_map) {
    domains[AsciiLower(entry.first)] = AsciiLower(entry.second);
  }
  settings.tenant_domain_map = std::move(domains);
}

std::optional<R2Binding> BucketOf(const BucketSource& source,
                                  const EnvironmentVariables& environment) {
  if (source.kind != BindingKind::kCloudflare) return std::nullopt;
  std::string endpoint = WithoutSlash(source.endpoint);
  if (endpoint.empty() && !source.account_id.empty()) {
    endpoint = "https://" + source.account_id + ".r2.cloudflarestorage.com";
  }
  return R2Binding{endpoint, source.bucket, Secret(environment, source.access_key_env),
                   Secret(environment, source.secret_env)};
}

template <class Binding>
std::optional<Binding> V4Of(const V4Source& source, const EnvironmentVariables& environment) {
  if (source.kind != BindingKind::kCloudflare) return std::nullopt;
  return Binding{WithoutSlash(source.api_base), source.account_id, source.id,
                 Secret(environment, source.token_env)};
}

// A fake's address and keys are its own; what is set for the real service must not leak into it.
BindingKind FinishAccess(BindingKind kind, AccessSettings& access) {
  if (kind == BindingKind::kFake) {
    access = AccessSettings();
    return kind;
  }
  access.team_url = AsciiLower(WithoutSlash(access.team_url));
  if (access.team_url.empty()) return kind;
  if (access.certs_url.empty()) access.certs_url = access.team_url + "/cdn-cgi/access/certs";
  return BindingKind::kCloudflare;
}

BindingKind FinishAiGateway(BindingKind kind, std::string api_key, AiGatewaySettings& ai) {
  if (kind == BindingKind::kFake) {
    AiGatewaySettings fake;
    fake.strategy = ai.strategy;
    ai = fake;
    return kind;
  }
  ai.api_key = std::move(api_key);
  if (ai.workers_ai_token.empty()) ai.workers_ai_token = ai.api_key;
  ai.base = WithoutSlash(ai.base);
  if (ai.base.empty() && !ai.account_id.empty() && !ai.gateway_id.empty()) {
    ai.base = "https://gateway.ai.cloudflare.com/v1/" + ai.account_id + "/" + ai.gateway_id;
  }
  return ai.base.empty() ? kind : BindingKind::kCloudflare;
}

}  // namespace

Profile FinishProfile(ProfileDraft draft, const EnvironmentVariables& environment) {
  Profile profile;
  profile.settings = std::move(draft.settings);
  Settings& settings = profile.settings;
  FinishNames(settings);
  profile.bucket = draft.bucket.kind;
  profile.db = draft.db.kind;
  profile.kv = draft.kv.kind;
  settings.bindings.bucket = BucketOf(draft.bucket, environment);
  settings.bindings.db = V4Of<D1Binding>(draft.db, environment);
  settings.bindings.kv = V4Of<KvBinding>(draft.kv, environment);
  profile.access = FinishAccess(draft.access, settings.access);
  settings.access.refuse_fake_keys = settings.production();
  profile.ai_gateway = FinishAiGateway(draft.ai_gateway, Secret(environment, draft.ai_token_env),
                                       settings.ai_gateway);
  return profile;
}

}  // namespace mg
