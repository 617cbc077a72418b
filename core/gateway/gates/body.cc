#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/gateway/gates/gates.h"
#include "core/gateway/refusal.h"

namespace mg {
namespace {

constexpr Nanos kBodyTime = std::chrono::seconds(30);

bool SaysJson(std::string_view content_type) {
  return EqualsIgnoreCase(TrimSpace(content_type.substr(0, content_type.find(';'))),
                          "application/json");
}

}  // namespace

// Unsafe methods of our own routes speak JSON, with a body or without one: a form posted by another
// site cannot say so.
std::optional<Response> BodyGate(Exchange& exchange, Services& services) {
  Request& request = exchange.request;
  if (exchange.route->body_cap_bytes == 0) return std::nullopt;
  if (!SaysJson(request.headers.Get("content-type")))
    return Refuse(exchange, Refusal::kUnsupportedMedia);
  const Status read =
      request.body.Buffer(exchange.route->body_cap_bytes, services.runtime.Now() + kBodyTime);
  if (!read) {
    const bool too_large = read.error().code == Code::kExhausted;
    return Refuse(exchange, too_large ? Refusal::kBodyTooLarge : Refusal::kBodyTimeout);
  }
  if (request.body.bytes().empty()) {
    exchange.json = std::make_shared<const Json>(Json::object());
    return std::nullopt;
  }
  // A chat is the model's to read; a change of ours must not mean two things.
  JsonRules rules;
  rules.refuse_duplicate_keys = exchange.route->credential == Credential::kOperator;
  auto json = ParseJson(request.body.bytes(), rules);
  if (!json)
    return Refuse(exchange, Refusal::kMalformedJson,
                  "The body is not JSON: " + json.error().message);
  if (!json->is_object())
    return Refuse(exchange, Refusal::kMalformedJson, "The body must be a JSON object.");
  exchange.json = std::make_shared<const Json>(std::move(*json));
  return std::nullopt;
}

}  // namespace mg
