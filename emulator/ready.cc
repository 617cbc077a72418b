#include "emulator/ready.h"

#include "core/base/json.h"

namespace mg {
namespace {

struct Alias {
  const char* variable;
  const char* name;
  const char* suffix;
};

// As the official clients spell them.
constexpr Alias kAliases[] = {
    {"CLOUDFLARE_API_BASE_URL", "api_base", ""},
    {"CLOUDFLARE_BASE_URL", "api_base", ""},
    {"CLOUDFLARE_ACCOUNT_ID", "account_id", ""},
    {"CLOUDFLARE_API_TOKEN", "api_token", ""},
    {"AWS_ACCESS_KEY_ID", "s3_access_key_id", ""},
    {"AWS_SECRET_ACCESS_KEY", "s3_secret_access_key", ""},
    {"AWS_ENDPOINT_URL_S3", "s3_endpoint", ""},
    {"OPENAI_BASE_URL", "ai_gateway_base", "/compat"},
    {"OPENAI_API_KEY", "ai_gateway_token", ""},
};

std::string VariableName(const std::string& name) {
  std::string variable = "MOLTGATE_";
  for (char c : name) variable += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return variable;
}

}  // namespace

std::string Ready::At(const std::string& name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

std::string ReadyToJson(const Ready& ready) {
  Json json = Json::object();
  for (const auto& value : ready.values) json[value.first] = value.second;
  json["pid"] = ready.pid;
  return json.dump(2) + "\n";
}

Result<Ready> ReadyFromJson(const std::string& text) {
  MG_TRY(json, ParseJson(text));
  if (!json.is_object()) return Error{Code::kCorrupt, "the ready file is not a JSON object"};
  Ready ready;
  for (const auto& member : json.items()) {
    if (member.value().is_string()) ready.values[member.key()] = member.value().get<std::string>();
  }
  ready.pid = IntAt(json, "pid", 0);
  return ready;
}

std::map<std::string, std::string> ReadyEnvironment(const Ready& ready) {
  std::map<std::string, std::string> environment;
  for (const auto& value : ready.values) environment[VariableName(value.first)] = value.second;
  environment["MOLTGATE_PID"] = std::to_string(ready.pid);
  for (const Alias& alias : kAliases) {
    const std::string value = ready.At(alias.name);
    if (!value.empty()) environment[alias.variable] = value + alias.suffix;
  }
  if (!ready.At("s3_endpoint").empty()) environment["AWS_REGION"] = "auto";
  return environment;
}

}  // namespace mg
