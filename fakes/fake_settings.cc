#include "fakes/fake_settings.h"

namespace mg::fake {

std::string FakeApiBase(const FakeAddresses& at) {
  return at.api_origin + "/client/v4";
}

std::string FakeAiGatewayBase(const FakeAddresses& at, const Credentials& credentials) {
  return at.api_origin + "/v1/" + credentials.account_id + "/" + credentials.ai_gateway_id;
}

void PointAtFakes(Profile& profile, const Credentials& credentials, const FakeAddresses& at) {
  Settings& settings = profile.settings;
  const std::string api_base = FakeApiBase(at);
  if (profile.bucket == BindingKind::kFake) {
    settings.bindings.bucket =
        R2Binding{at.s3_origin, credentials.r2_bucket, credentials.s3_access_key_id,
                  credentials.s3_secret_access_key};
  }
  if (profile.db == BindingKind::kFake) {
    settings.bindings.db = D1Binding{api_base, credentials.account_id, credentials.d1_database_id,
                                     credentials.api_token};
  }
  if (profile.kv == BindingKind::kFake) {
    settings.bindings.kv = KvBinding{api_base, credentials.account_id, credentials.kv_namespace_id,
                                     credentials.api_token};
  }
  if (profile.access == BindingKind::kFake) {
    settings.access.team_url = at.api_origin;
    settings.access.certs_url = at.api_origin + "/cdn-cgi/access/certs";
    settings.access.audiences = {credentials.access_aud};
  }
  if (profile.ai_gateway == BindingKind::kFake) {
    settings.ai_gateway.base = FakeAiGatewayBase(at, credentials);
    settings.ai_gateway.account_id = credentials.account_id;
    settings.ai_gateway.gateway_id = credentials.ai_gateway_id;
    settings.ai_gateway.api_key = credentials.ai_gateway_token;
    settings.ai_gateway.workers_ai_token = credentials.api_token;
  }
  if (settings.production()) return;  // a production profile says these itself
  if (settings.app_domain.empty()) settings.app_domain = "localhost";
  if (settings.operator_host.empty()) settings.operator_host = "admin." + settings.app_domain;
  if (settings.operators.empty()) settings.operators = {std::string(kDemoOperator)};
  if (settings.gateway_token.empty()) settings.gateway_token = credentials.gateway_token;
}

}  // namespace mg::fake
