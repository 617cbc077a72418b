#include <utility>

#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/base/utc.h"
#include "fakes/ai/managed.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

using Kind = AiField::Kind;

constexpr auto kMust = AiField::Need::kRequired;
constexpr auto kMay = AiField::Need::kOptional;
constexpr std::int64_t kBadCustomCode = 1002;
constexpr std::int64_t kSlugTakenCode = 1003;
constexpr std::int64_t kNoCustomCode = 1004;
constexpr const char* kHidden = "****";
constexpr std::string_view kHttps = "https://";

constexpr AiField kConfigFields[] = {
    {"alias", Kind::kText, kMust, false, 1, 64},
    {"default_config", Kind::kBool, kMust},
    {"provider_slug", Kind::kText, kMust, false, 1, 64},
    {"rate_limit", Kind::kWhole, kMay, false, 0, 1e9},
    {"rate_limit_period", Kind::kWhole, kMay, false, 0, 1e9},
};

constexpr AiField kCustomFields[] = {
    {"name", Kind::kText, kMust, false, 1, 128},
    {"slug", Kind::kText, kMust, false, 1, 64},
    {"base_url", Kind::kText, kMust, false, 1, 2048},
    {"beta", Kind::kBool},
    {"enable", Kind::kBool},
    {"description", Kind::kText, kMay, false, 0, 2048},
    {"link", Kind::kText, kMay, false, 0, 2048},
    {"curl_example", Kind::kText, kMay, false, 0, 8192},
    {"js_example", Kind::kText, kMay, false, 0, 8192},
    {"position", Kind::kWhole, kMay, false, 0, 1e9},
};

Json ShownConfig(const Json& config) {  // its key is never told again
  Json shown = config;
  shown.erase("secret_sha256");
  return shown;
}

Response CreateConfig(AiManaged& call, const AiGatewayConfig& gateway) {
  Json body;
  if (auto wrong = ReadBody(call, body)) return std::move(*wrong);
  if (body.contains("secret_id"))
    return V4Gap("ai.secrets_store", "This emulator has no secrets store; send \"secret\"");
  AiFieldReader fields;
  Json config = Json::object();
  fields.Read(body, kConfigFields, config);
  const std::string secret = StringAt(body, "secret");
  if (secret.empty()) fields.Refuse("secret", "Required");
  if (!fields.ok()) return FieldProblems(fields.problems());
  config["id"] = UuidFromBytes(call.random.Bytes(16));
  config["gateway_id"] = gateway.id;
  config["secret_id"] = UuidFromBytes(call.random.Bytes(16));
  config["secret_preview"] = kHidden;
  config["secret_sha256"] = Sha256Hex(secret);
  config["modified_at"] = UtcText(call.runtime.Wall().ms);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const AiKept done = call.control.providers.AddConfig(config);
  return done == AiKept::kYes ? AiResult(ShownConfig(config)) : AiNotKept(done, "Provider config");
}

Response CustomError(int status, std::int64_t code, std::string_view message) {
  return V4Error(status, code, message);
}

Response CreateCustom(AiManaged& call) {
  Json body;
  if (auto wrong = ReadBody(call, body)) return std::move(*wrong);
  AiFieldReader fields;
  Json custom{{"beta", false}, {"enable", true}};
  fields.Read(body, kCustomFields, custom);
  const std::string slug = StringAt(custom, "slug");
  if (!slug.empty() && !IsAiName(slug)) fields.Refuse("slug", "Invalid slug");
  if (!fields.ok()) return FieldProblems(fields.problems());
  if (StringAt(custom, "base_url").compare(0, kHttps.size(), kHttps) != 0)
    return CustomError(400, kBadCustomCode, "base_url must be an https URL");
  const std::string now = UtcText(call.runtime.Wall().ms);
  custom["id"] = UuidFromBytes(call.random.Bytes(16));
  custom["created_at"] = now;
  custom["modified_at"] = now;
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const AiKept done = call.control.providers.AddCustom(custom);
  if (done == AiKept::kExists)
    return CustomError(409, kSlugTakenCode, "A custom provider with this slug exists");
  return done == AiKept::kYes ? AiResult(custom) : AiNotKept(done, "Custom provider");
}

bool Wanted(const Json& custom, std::string_view query) {
  const std::string search = QueryValue(query, "search").value_or("");
  const bool named = StringAt(custom, "name").find(search) != std::string::npos ||
                     StringAt(custom, "slug").find(search) != std::string::npos;
  const auto flag_fits = [&](const char* name) {
    const auto flag = QueryValue(query, name);
    return !flag || custom.at(name) == (*flag == "true");
  };
  return named && flag_fits("beta") && flag_fits("enable");
}

Response ListCustoms(AiManaged& call) {
  V4Page paging;
  if (auto wrong = ReadPaging(call.request.Query(), paging)) return std::move(*wrong);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  std::vector<Json> items;
  for (const AiProviders::Document& custom : call.control.providers.Customs())
    if (Wanted(*custom, call.request.Query())) items.push_back(*custom);
  return AiList(items, paging);
}

}  // namespace

Response ManageProviderConfigs(AiManaged& call, const AiGatewayConfig& gateway) {
  call.note.operation = "ai.provider_configs";
  if (call.Is("POST", 3)) return CreateConfig(call, gateway);
  if (!call.Is("GET", 3)) return V4NoRoute(call.request.Path());
  V4Page paging;
  if (auto wrong = ReadPaging(call.request.Query(), paging)) return std::move(*wrong);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  std::vector<Json> items;
  for (const AiProviders::Document& config : call.control.providers.Configs(gateway.id))
    items.push_back(ShownConfig(*config));
  return AiList(items, paging);
}

Response ManageCustomProviders(AiManaged& call) {
  call.note.operation = "ai.custom_providers";
  if (call.Is("GET", 1)) return ListCustoms(call);
  if (call.Is("POST", 1)) return CreateCustom(call);
  if (!call.Is("GET", 2) && !call.Is("DELETE", 2)) return V4NoRoute(call.request.Path());
  AiProviders::Document custom = call.control.providers.FindCustom(call.path[1]);
  if (custom == nullptr) return CustomError(404, kNoCustomCode, "Custom provider not found");
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (call.method() == "GET") return AiResult(*custom);
  const AiKept done = call.control.providers.DeleteCustom(call.path[1], custom);
  return done == AiKept::kYes ? AiResult(*custom) : AiNotKept(done, "Custom provider");
}

}  // namespace mg::fake
