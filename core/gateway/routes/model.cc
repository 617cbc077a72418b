#include <chrono>

#include "core/base/json.h"
#include "core/gateway/refusal.h"
#include "core/gateway/routes/routes.h"

namespace mg {
namespace {

Response FailureResponse(const Exchange& exchange, const ModelAnswer& answer) {
  switch (answer.outcome) {
    case ModelAnswer::Outcome::kTimedOut:
      return Refuse(exchange, Refusal::kModelTimedOut);
    case ModelAnswer::Outcome::kModelNotFound:
      return Refuse(exchange, Refusal::kModelNotFound);
    case ModelAnswer::Outcome::kRateLimited:
      return RefuseWithRetryAfter(exchange, Refusal::kModelRateLimited, answer.retry_after_seconds);
    default:
      return Refuse(exchange, Refusal::kModelFailed);
  }
}

std::string_view OutcomeName(ModelAnswer::Outcome outcome) {
  switch (outcome) {
    case ModelAnswer::Outcome::kAnswered:
      return "answered";
    case ModelAnswer::Outcome::kCallerError:
      return "caller_error";
    case ModelAnswer::Outcome::kTimedOut:
      return "timed_out";
    case ModelAnswer::Outcome::kRateLimited:
      return "rate_limited";
    case ModelAnswer::Outcome::kFailed:
      return "failed";
    case ModelAnswer::Outcome::kModelNotFound:
      return "model_not_found";
    case ModelAnswer::Outcome::kCancelled:
      return "cancelled";
  }
  return "failed";
}

void OweUsage(Exchange& exchange, Services& services, const ModelAnswer& answer) {
  if (answer.outcome != ModelAnswer::Outcome::kAnswered || !answer.usage || answer.cache_hit)
    return;  // USG-1
  const Nanos took = services.runtime.Now() - exchange.began;
  exchange.usage = UsageRow{exchange.tenant->id, answer.model, answer.usage->in, answer.usage->out,
                            std::chrono::duration_cast<std::chrono::milliseconds>(took).count()};
}

bool AsksForStream(const Json& body) {
  const Json* stream = Find(body, "stream");
  return stream != nullptr && stream->is_boolean() && stream->get<bool>();
}

}  // namespace

Response AnswerChat(Exchange& exchange, Services& services) {
  if (AsksForStream(*exchange.json)) {
    return Refuse(exchange, Refusal::kUnsupportedParameter,
                  "stream: true is not supported; send the request without it.");
  }
  const Json* messages = Find(*exchange.json, "messages");
  if (messages == nullptr || !messages->is_array() || messages->empty()) {
    return Refuse(exchange, Refusal::kInvalidInput,
                  "\"messages\" must be an array with at least one message.");
  }
  ModelAnswer answer = services.models.Complete(
      *exchange.tenant, exchange.request.headers.Get("x-moltgate-workload"),
      exchange.request.body.bytes(), exchange.caller_gone);
  services.metrics.CountModelCall(answer.model, OutcomeName(answer.outcome), answer.attempts);
  OweUsage(exchange, services, answer);
  Response response;
  if (answer.outcome == ModelAnswer::Outcome::kAnswered ||
      answer.outcome == ModelAnswer::Outcome::kCallerError) {
    response = TextResponse(answer.status, std::move(answer.body), answer.content_type);
  } else {
    response = FailureResponse(exchange, answer);
  }
  if (response.status == 429 && answer.retry_after_seconds > 0) {  // AIG-10
    response.headers.Set("retry-after", std::to_string(answer.retry_after_seconds));
  }
  if (answer.attempts > 0) {  // AIG-6
    response.headers.Set("cf-aig-step", std::to_string(answer.step));
    response.headers.Set("x-moltgate-model", answer.model);
    response.headers.Set("x-moltgate-attempts", std::to_string(answer.attempts));
  }
  exchange.model =
      ModelTrace{std::move(answer.model), answer.step, answer.attempts, std::move(answer.cause)};
  return response;
}

Response AnswerModelList(Exchange& exchange, Services& services) {
  Json data = Json::array();
  for (const std::string& name : services.models.Names(*exchange.tenant)) {
    data.push_back({{"id", name}, {"object", "model"}, {"created", 0}, {"owned_by", "cloudflare"}});
  }
  return JsonResponse(200, DumpJson({{"object", "list"}, {"data", std::move(data)}}));
}

}  // namespace mg
