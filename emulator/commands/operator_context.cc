#include "emulator/commands/operator_context.h"

#include "emulator/self.h"
#include "emulator/state.h"
#include "fakes/fake_settings.h"

namespace mg {
namespace {

bool UsesFakes(const Profile& profile) {
  for (BindingKind kind :
       {profile.bucket, profile.db, profile.kv, profile.access, profile.ai_gateway})
    if (kind == BindingKind::kFake) return true;
  return false;
}

fake::Credentials CredentialsOf(const Ready& ready) {
  fake::Credentials credentials;
  credentials.account_id = ready.At("account_id");
  credentials.api_token = ready.At("api_token");
  credentials.kv_namespace_id = ready.At("kv_namespace_id");
  credentials.d1_database_id = ready.At("d1_database_id");
  credentials.s3_access_key_id = ready.At("s3_access_key_id");
  credentials.s3_secret_access_key = ready.At("s3_secret_access_key");
  credentials.r2_bucket = ready.At("r2_bucket");
  credentials.ai_gateway_id = ready.At("ai_gateway_id");
  credentials.ai_gateway_token = ready.At("ai_gateway_token");
  credentials.access_aud = ready.At("access_aud");
  return credentials;
}

std::string OriginOf(const std::string& api_base) {
  const std::size_t scheme = api_base.find("://");
  return scheme == std::string::npos ? std::string()
                                     : api_base.substr(0, api_base.find('/', scheme + 3));
}

}  // namespace

Result<Profile> CommandProfile(const std::string& profile_path) {
  std::optional<Ready> running;
  std::string path = profile_path;
  if (path.empty()) {
    MG_TRY(ready, FindRunning());
    running = ready;
    path = RunProfilePath();
  }
  MG_TRY(profile, LoadProfile(path, CurrentEnvironment()));
  if (!UsesFakes(profile)) return std::move(profile);
  if (!running) {
    MG_TRY(ready, FindRunning());
    running = ready;
  }
  fake::PointAtFakes(profile, CredentialsOf(*running),
                     {OriginOf(running->At("api_base")), running->At("s3_endpoint")});
  return std::move(profile);
}

OperatorContext::OperatorContext(Profile profile) : profile_(std::move(profile)) {
  const Bindings& bindings = profile_.settings.bindings;
  if (bindings.kv) kv_.emplace(transport_, runtime_, *bindings.kv);
  db_.emplace(transport_, runtime_, *bindings.db);
  registry_.emplace(profile_.settings, *db_, kv_ ? &*kv_ : nullptr, runtime_, random_, log_);
}

Result<std::unique_ptr<OperatorContext>> OperatorContext::Open(const std::string& profile_path) {
  MG_TRY(profile, CommandProfile(profile_path));
  if (!profile.settings.bindings.db) {
    return Error{Code::kInvalid,
                 "TENANT_DB is not configured; name it under \"bindings\" in the profile"};
  }
  return std::unique_ptr<OperatorContext>(new OperatorContext(std::move(profile)));
}

Result<RoutingView> OperatorContext::Routing(const Tenant& tenant) {
  MG_TRY(map_json, registry_->GetModelMap(cancel_));
  AiGatewayClient client(transport_, profile_.settings.ai_gateway);
  Models models(profile_.settings, client, runtime_, random_, log_);
  models.UseMap(map_json);
  return models.Routing(tenant);
}

}  // namespace mg
