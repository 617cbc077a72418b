// What the admin routes share: an error of the registry as an answer, and fields of the body.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "core/gateway/exchange.h"
#include "core/gateway/refusal.h"
#include "core/gateway/services.h"

namespace mg {

// 400, 404, 409 with the registry's own sentence; 503 when the world failed.
Response AdminError(const Exchange& exchange, Services& services, const Error& error);
Response AdminItem(int status, const Json& item);
Response AdminList(Json items);  // {"items": [], "next": null}
Response AdminDone();            // 204

// A text member of the body; kInvalid when it has another type. Absent: nullopt.
Result<std::optional<std::string>> OptionalText(const Json& body, std::string_view key);
Status RefuseUnknownKeys(const Json& body, const std::vector<std::string>& known);

// The tenant the path names.
Result<Tenant> PathTenant(Exchange& exchange, Services& services);

inline std::string_view Actor(const Exchange& exchange) {
  return exchange.identity->subject;
}

}  // namespace mg
