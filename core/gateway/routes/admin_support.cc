#include "core/gateway/routes/admin_support.h"
#include "core/base/json.h"

#include <algorithm>

#include "core/base/jsonc.h"

namespace mg {
namespace {
constexpr std::int64_t kRetryAfterSeconds = 5;
}

Response AdminError(const Exchange& exchange, Services& services, const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      return Refuse(exchange, Refusal::kInvalidInput, error.message);
    case Code::kConflict:
      return Refuse(exchange, Refusal::kConflict, error.message);
    case Code::kNotFound:
      return Refuse(exchange, Refusal::kNotFound, error.message);
    default:
      break;
  }
  services.log.Write(LogLevel::kError, "admin_call_failed",
                     {{"request_id", exchange.request_id}, {"cause", error.message}});
  return RefuseWithRetryAfter(exchange, Refusal::kRegistryUnavailable, kRetryAfterSeconds);
}

Response AdminItem(int status, const Json& item) {
  Response response = JsonResponse(status, DumpJson(item));
  response.headers.Set("cache-control", "no-store");
  return response;
}

Response AdminList(Json items) {
  return AdminItem(200, {{"items", std::move(items)}, {"next", nullptr}});
}

Response AdminDone() {
  Response response;
  response.status = 204;
  return response;
}

Result<std::optional<std::string>> OptionalText(const Json& body, std::string_view key) {
  const Json* member = Find(body, key);
  if (member == nullptr) return std::optional<std::string>();
  if (!member->is_string())
    return Error{Code::kInvalid, "\"" + std::string(key) + "\" must be a string."};
  return std::optional<std::string>(member->get<std::string>());
}

Status RefuseUnknownKeys(const Json& body, const std::vector<std::string>& known) {
  for (const auto& member : body.items()) {
    if (std::find(known.begin(), known.end(), member.key()) != known.end()) continue;
    std::string message = "Unknown key \"" + member.key() + "\".";
    const std::string nearest = NearestWord(member.key(), known);
    if (!nearest.empty()) message += " Did you mean \"" + nearest + "\"?";
    return Error{Code::kInvalid, message};
  }
  return Ok();
}

Result<Tenant> PathTenant(Exchange& exchange, Services& services) {
  MG_TRY(record, services.registry->GetTenant(exchange.Capture("slug"), exchange.caller_gone));
  return Tenant{record.id, record.slug, record.platform, NormaliseTier(record.tier),
                record.sandbox_id};
}

}  // namespace mg
