// moltgate.profile.jsonc: which binding is fake and which is real, and every setting that is not a
// secret. The environment overrides it; secrets come from the environment alone (OPS-6).
//
// Errors: kInvalid, message "file:line:column: what is wrong, what to do". Unknown keys are refused
// with "did you mean".
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/settings.h"

namespace mg {

enum class BindingKind { kUnset, kFake, kCloudflare };

using EnvironmentVariables = std::map<std::string, std::string>;

struct Profile {
  Settings settings;  // from the file and the environment; fake bindings are still absent in it
  BindingKind bucket = BindingKind::kUnset;
  BindingKind db = BindingKind::kUnset;
  BindingKind kv = BindingKind::kUnset;
  BindingKind access = BindingKind::kUnset;
  BindingKind ai_gateway = BindingKind::kUnset;
  std::vector<std::string> files;  // read, base first
};

// Reads `path` and what it extends ("base" is base.profile.jsonc beside it; cycles are refused),
// then applies the environment. An empty path: the environment alone.
Result<Profile> LoadProfile(const std::string& path, const EnvironmentVariables& environment);

// The effective profile as JSON text, secrets replaced by "(set)" or "(not set)".
std::string ShowProfile(const Profile& profile);

}  // namespace mg
