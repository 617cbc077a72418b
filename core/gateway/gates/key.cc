#include "core/gateway/gates/bearer.h"
#include "core/gateway/gates/gates.h"
#include "core/gateway/refusal.h"

namespace mg {
namespace {
constexpr std::int64_t kKeysRetryAfterSeconds = 5;
}

std::optional<Response> KeyGate(Exchange& exchange, Services& services) {
  if (exchange.route->credential != Credential::kKey || services.settings.dev_mode)
    return std::nullopt;
  KeyCheck check =
      services.keys.Check(exchange.tenant->id, BearerOf(exchange.request), exchange.caller_gone);
  switch (check.outcome) {
    case KeyCheck::Outcome::kAccepted:
      exchange.key_id = std::move(check.key_id);
      exchange.key_limit_per_minute = check.limit_per_minute;
      return std::nullopt;
    case KeyCheck::Outcome::kUnavailable:
      return RefuseWithRetryAfter(exchange, Refusal::kKeysUnavailable, kKeysRetryAfterSeconds);
    case KeyCheck::Outcome::kRefused:
      break;
  }
  return Refuse(exchange, Refusal::kKeyRefused);
}

}  // namespace mg
