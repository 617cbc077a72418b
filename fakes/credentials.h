// Ids and secrets of one emulator's fakes: made once, kept in credentials.json, shared by fakes and
// clients.
#pragma once
#include <string>

#include "core/base/result.h"
#include "core/ports/random.h"

namespace mg::fake {

struct Credentials {
  std::string account_id;            // 32 hex
  std::string api_token;             // v4 API, Workers AI
  std::string kv_namespace_id;       // 32 hex
  std::string d1_database_id;        // UUID
  std::string s3_access_key_id;      // 32 hex
  std::string s3_secret_access_key;  // 64 hex
  std::string r2_bucket = "moltbot-data";
  std::string ai_gateway_id = "moltgate";
  std::string ai_gateway_token;
  std::string access_aud;            // 64 hex
  std::string access_client_id;      // "<32 hex>.access"
  std::string access_client_secret;  // 64 hex
  std::string gateway_token;         // MOLTBOT_GATEWAY_TOKEN
  std::string management_token;
  std::string demo_tenant_key;  // "mk_..."
};

Credentials MakeCredentials(Random& random);
std::string CredentialsToJson(const Credentials& credentials);
Result<Credentials> CredentialsFromJson(const std::string& text);

}  // namespace mg::fake
