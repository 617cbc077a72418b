#include "fakes/credentials.h"

#include <cstddef>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/json.h"

namespace mg::fake {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kApiTokenBytes = 30;  // 40 characters, as the service's own
constexpr std::size_t kSecretBytes = 32;

struct Field {
  const char* name;
  std::string Credentials::*member;
};

constexpr Field kFields[] = {
    {"account_id", &Credentials::account_id},
    {"api_token", &Credentials::api_token},
    {"kv_namespace_id", &Credentials::kv_namespace_id},
    {"d1_database_id", &Credentials::d1_database_id},
    {"s3_access_key_id", &Credentials::s3_access_key_id},
    {"s3_secret_access_key", &Credentials::s3_secret_access_key},
    {"r2_bucket", &Credentials::r2_bucket},
    {"ai_gateway_id", &Credentials::ai_gateway_id},
    {"ai_gateway_token", &Credentials::ai_gateway_token},
    {"access_aud", &Credentials::access_aud},
    {"access_client_id", &Credentials::access_client_id},
    {"access_client_secret", &Credentials::access_client_secret},
    {"gateway_token", &Credentials::gateway_token},
    {"management_token", &Credentials::management_token},
    {"demo_tenant_key", &Credentials::demo_tenant_key},
};

}  // namespace

Credentials MakeCredentials(Random& random) {
  Credentials made;
  made.account_id = HexEncode(random.Bytes(kIdBytes));
  made.api_token = TokenFromBytes("", random.Bytes(kApiTokenBytes));
  made.kv_namespace_id = HexEncode(random.Bytes(kIdBytes));
  made.d1_database_id = UuidFromBytes(random.Bytes(kIdBytes));
  made.s3_access_key_id = HexEncode(random.Bytes(kIdBytes));
  made.s3_secret_access_key = HexEncode(random.Bytes(kSecretBytes));
  made.ai_gateway_token = TokenFromBytes("", random.Bytes(kApiTokenBytes));
  made.access_aud = HexEncode(random.Bytes(kSecretBytes));
  made.access_client_id = HexEncode(random.Bytes(kIdBytes)) + ".access";
  made.access_client_secret = HexEncode(random.Bytes(kSecretBytes));
  made.gateway_token = TokenFromBytes("", random.Bytes(kSecretBytes));
  made.management_token = TokenFromBytes("", random.Bytes(kSecretBytes));
  made.demo_tenant_key = TokenFromBytes("mk_", random.Bytes(kSecretBytes));
  return made;
}

std::string CredentialsToJson(const Credentials& credentials) {
  Json object = Json::object();
  for (const Field& field : kFields) object[field.name] = credentials.*field.member;
  return DumpJson(object);
}

Result<Credentials> CredentialsFromJson(const std::string& text) {
  auto object = ParseJson(text);
  if (!object || !object->is_object()) {
    return Error{Code::kCorrupt, "the credentials are not a JSON object", false};
  }
  Credentials read;
  for (const Field& field : kFields) {
    read.*field.member = StringAt(*object, field.name);
    if ((read.*field.member).empty()) {
      return Error{Code::kCorrupt, std::string("the credentials lack ") + field.name, false};
    }
  }
  return read;
}

}  // namespace mg::fake
