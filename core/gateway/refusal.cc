#include "core/gateway/refusal.h"

#include <iterator>

#include "core/base/json.h"
#include "core/gateway/pages.h"
#include "core/gateway/route.h"

namespace mg {
namespace {

constexpr std::string_view kInvalidRequest = "invalid_request_error";
constexpr std::string_view kAuthentication = "authentication_error";
constexpr std::string_view kServerError = "server_error";
constexpr std::string_view kRateLimitError = "rate_limit_error";

constexpr RefusalText kRefusals[] = {
    {Refusal::kBadHost, 400, "bad_host", "The Host header is not a valid host name.",
     kInvalidRequest},
    {Refusal::kNotFound, 404, "not_found", "Not found.", kInvalidRequest},
    {Refusal::kMethodNotAllowed, 405, "method_not_allowed",
     "This path does not accept this method.", kInvalidRequest},
    {Refusal::kUpgradeUnsupported, 501, "upgrade_unsupported",
     "WebSocket connections to the agent are not available in this version.", kInvalidRequest},
    {Refusal::kBindingsMissing, 503, "bindings_missing", "Required bindings are not configured.",
     kServerError},
    {Refusal::kTooManyFailures, 429, "too_many_failures",
     "Too many refused requests from this address. Wait, then try again.", kRateLimitError},
    {Refusal::kSandboxToken, 401, "invalid_sandbox_token", "The sandbox token is not valid.",
     kAuthentication},
    // TEN-5: not to be told from kNotFound.
    {Refusal::kTenantNotFound, 404, "not_found", "Not found.", kInvalidRequest},
    {Refusal::kRegistryUnavailable, 503, "registry_unavailable",
     "The tenant registry cannot answer now. Try again shortly.", kServerError},
    {Refusal::kIdentityMismatch, 500, "sandbox_identity_mismatch",
     "This tenant cannot be served; the operator has been told.", kServerError},
    {Refusal::kTooManyInFlight, 503, "too_many_in_flight",
     "Too many requests are under way here. Try again shortly.", kServerError},
    {Refusal::kRateLimited, 429, "rate_limited", "Rate limit exceeded.", kRateLimitError},
    {Refusal::kAccessRefused, 403, "access_denied", "Access denied.", kAuthentication},
    {Refusal::kAccessUnavailable, 503, "access_unavailable",
     "Access cannot be verified now. Try again shortly.", kServerError},
    {Refusal::kNotMember, 403, "access_denied", "Access denied.", kAuthentication},
    {Refusal::kWrongOrigin, 403, "wrong_origin", "This request comes from another site's page.",
     kInvalidRequest},
    {Refusal::kKeyRefused, 401, "invalid_api_key", "Incorrect API key provided.", kInvalidRequest},
    {Refusal::kKeysUnavailable, 503, "registry_unavailable",
     "The tenant registry cannot answer now. Try again shortly.", kServerError},
    {Refusal::kUnsupportedMedia, 415, "unsupported_media_type",
     "Send Content-Type: application/json.", kInvalidRequest},
    {Refusal::kBodyTooLarge, 413, "body_too_large", "The request body is larger than 8 MiB.",
     kInvalidRequest},
    {Refusal::kBodyTimeout, 400, "body_incomplete", "The request body did not arrive whole.",
     kInvalidRequest},
    {Refusal::kBodyTooSlow, 408, "request_timeout", "The request body took too long.",
     kInvalidRequest},
    {Refusal::kMalformedJson, 400, "malformed_json", "The body is not JSON.", kInvalidRequest},
    {Refusal::kInvalidInput, 400, "invalid_input", "The request is not valid.", kInvalidRequest},
    {Refusal::kConflict, 409, "conflict", "The request conflicts with what exists.",
     kInvalidRequest},
    {Refusal::kModelNotFound, 404, "model_not_found",
     "The model does not exist or this tenant may not use it.", kInvalidRequest},
    {Refusal::kModelTimedOut, 504, "model_timeout", "The model did not answer in time.",
     kServerError},
    {Refusal::kModelRateLimited, 429, "model_rate_limited",
     "The model is over its capacity. Try again later.", kRateLimitError},
    {Refusal::kModelFailed, 502, "model_unavailable", "The model could not be reached.",
     kServerError},
    {Refusal::kSandboxUnavailable, 503, "sandbox_unavailable", "The agent cannot be started now.",
     kServerError},
    {Refusal::kSandboxFailed, 502, "sandbox_failed", "The agent did not answer.", kServerError},
    {Refusal::kNotBuilt, 501, "not_available", "This is not available in this version.",
     kInvalidRequest},
};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < std::size(kRefusals); ++i)
    if (static_cast<std::size_t>(kRefusals[i].refusal) != i) return false;
  return true;
}
static_assert(InOrder(), "kRefusals is indexed by Refusal");

Json ErrorBody(const Exchange& exchange, const RefusalText& text, std::string_view message) {
  if (!IsModelPath(exchange.request.Path())) return {{"error", message}, {"code", text.code}};
  return {{"error",
           {{"message", message},
            {"type", text.openai_type},
            {"code", text.code},
            {"param", nullptr}}}};
}

Response AnswerJson(int status, const Json& body) {
  Response response = JsonResponse(status, DumpJson(body));
  response.headers.Set("cache-control", "no-store");
  return response;
}

Response Answer(const Exchange& exchange, const RefusalText& text, std::string_view message,
                const Json& extra) {
  if (exchange.from_browser && !IsModelPath(exchange.request.Path())) {
    Response page = ErrorPage(text.status, message, text.code);
    page.headers.Set("cache-control", "no-store");
    return page;
  }
  Json body = ErrorBody(exchange, text, message);
  body.update(extra);
  return AnswerJson(text.status, body);
}

}  // namespace

const RefusalText& TextOf(Refusal refusal) {
  const RefusalText& text = kRefusals[static_cast<std::size_t>(refusal)];
  return text;
}

Response Refuse(const Exchange& exchange, Refusal refusal, std::string_view detail) {
  const RefusalText& text = TextOf(refusal);
  return Answer(exchange, text, detail.empty() ? text.message : detail, Json::object());
}

Response RefuseInput(const Exchange& exchange, std::string_view param, std::string_view message) {
  const RefusalText& text = TextOf(Refusal::kInvalidInput);
  Json body = ErrorBody(exchange, text, message);
  if (body["error"].is_object()) body["error"]["param"] = param;
  return AnswerJson(text.status, body);
}

Response RefuseAsModelDid(const Exchange& exchange, int status, const AiFailure& failure) {
  const std::string code = failure.code ? std::to_string(*failure.code) : "";
  const std::string message =
      failure.message.empty()
          ? "The model refused the request with status " + std::to_string(status) + "."
          : failure.message;
  const RefusalText text{Refusal::kModelFailed, status, code, message,
                         status == 429 ? kRateLimitError : kInvalidRequest};
  Json body = ErrorBody(exchange, text, message);
  if (code.empty()) body["error"]["code"] = nullptr;
  return AnswerJson(status, body);
}

Response RefuseWithRetryAfter(const Exchange& exchange, Refusal refusal, std::int64_t seconds,
                              std::string_view detail) {
  Response response = Refuse(exchange, refusal, detail);
  response.headers.Set("retry-after", std::to_string(seconds));
  return response;
}

Response RefuseOverLimit(const Exchange& exchange, Refusal refusal, const Allowance& allowance) {
  const RefusalText& text = TextOf(refusal);
  Json extra = Json::object();
  if (!IsModelPath(exchange.request.Path())) {
    extra = {{"limit", allowance.limit}, {"retryAfterSeconds", allowance.reset_seconds}};
  }
  Response response = Answer(exchange, text, text.message, extra);
  response.headers.Set("retry-after", std::to_string(allowance.reset_seconds));
  return response;
}

Response RefuseMissing(const Exchange& exchange, const std::vector<std::string>& missing) {
  const RefusalText& text = TextOf(Refusal::kBindingsMissing);
  std::string message(text.message);
  for (std::size_t i = 0; i < missing.size(); ++i)
    message += (i == 0 ? " Missing: " : ", ") + missing[i];
  return Answer(exchange, text, message, Json{{"missing", missing}});
}

}  // namespace mg
