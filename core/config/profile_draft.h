// A profile while it is put together: files first, base before what extends it, then the
// environment, then the defaults that depend on both.
#pragma once
#include <string>

#include "core/base/result.h"
#include "core/config/field_reader.h"
#include "core/config/profile.h"
#include "core/config/settings.h"

namespace mg {

struct BucketSource {
  BindingKind kind = BindingKind::kUnset;
  std::string account_id;
  std::string bucket;
  std::string endpoint;  // empty: the account's own
  std::string access_key_env = "R2_ACCESS_KEY_ID";
  std::string secret_env = "R2_SECRET_ACCESS_KEY";
};

struct V4Source {
  BindingKind kind = BindingKind::kUnset;
  std::string account_id;
  std::string id;  // of the database or the namespace
  std::string api_base = "https://api.cloudflare.com/client/v4";
  std::string token_env = "CLOUDFLARE_API_TOKEN";
};

struct ProfileDraft {
  Settings settings;
  BucketSource bucket;
  V4Source db;
  V4Source kv;
  BindingKind access = BindingKind::kUnset;
  BindingKind ai_gateway = BindingKind::kUnset;
  std::string ai_token_env = "CLOUDFLARE_AI_GATEWAY_API_KEY";
};

// Anything but "development" and "test" is production.
Environment EnvironmentNamed(std::string_view name);

Status ApplyProfileFile(const FileNode& root, ProfileDraft& draft);

// `alone`: there is no file, so the environment says which bindings there are.
Status ApplyEnvironment(const EnvironmentVariables& environment, bool alone, ProfileDraft& draft);

// Secrets from the environment, defaults that depend on other values, one way to write each value.
Profile FinishProfile(ProfileDraft draft, const EnvironmentVariables& environment);

}  // namespace mg
