#include "core/base/json.h"
#include "core/gateway/refusal.h"
#include "core/gateway/routes/chat_input.h"
#include "core/gateway/routes/routes.h"

namespace mg {
namespace {

Response FailureResponse(const Exchange& exchange, const ModelAnswer& answer) {
  switch (answer.outcome) {
    case ModelAnswer::Outcome::kCallerError:
      return RefuseAsModelDid(exchange, answer.status, answer.failure);
    case ModelAnswer::Outcome::kTimedOut:
      return Refuse(exchange, Refusal::kModelTimedOut);
    case ModelAnswer::Outcome::kModelNotFound:
      return Refuse(exchange, Refusal::kModelNotFound);
    case ModelAnswer::Outcome::kRateLimited:
      return Refuse(exchange, Refusal::kModelRateLimited);
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

ModelTrace TraceOf(ModelAnswer& answer) {
  ModelTrace trace;
  trace.model = answer.model;
  trace.step = answer.step;
  trace.attempts = answer.attempts;
  trace.outcome = OutcomeName(answer.outcome);
  trace.cause = std::move(answer.cause);
  trace.billed = answer.outcome == ModelAnswer::Outcome::kAnswered && !answer.cache_hit;
  trace.usage = answer.usage;
  trace.stream = answer.stream;
  return trace;
}

Response AnswerResponse(ModelAnswer& answer) {
  if (!answer.stream)
    return TextResponse(answer.status, std::move(answer.body), answer.content_type);
  Response response;
  response.status = answer.status;
  response.headers.Add("content-type", answer.content_type);
  response.headers.Add("cache-control", "no-cache");
  response.body = Body(answer.stream);
  return response;
}

}  // namespace

Response AnswerChat(Exchange& exchange, Services& services) {
  if (const auto problem = CheckChat(*exchange.json))
    return RefuseInput(exchange, problem->param, problem->message);
  ModelAnswer answer = services.models.Complete(
      *exchange.tenant, exchange.request.headers.Get("x-moltgate-workload"),
      exchange.request.body.bytes(), exchange.caller_gone);
  exchange.model = TraceOf(answer);
  Response response = answer.outcome == ModelAnswer::Outcome::kAnswered
                          ? AnswerResponse(answer)
                          : FailureResponse(exchange, answer);
  if (response.status == 429 && answer.retry_after_seconds > 0) {  // AIG-10
    response.headers.Set("retry-after", std::to_string(answer.retry_after_seconds));
  }
  if (answer.attempts > 0) {  // AIG-6
    response.headers.Set("cf-aig-step", std::to_string(answer.step));
    response.headers.Set("x-moltgate-model", answer.model);
    response.headers.Set("x-moltgate-attempts", std::to_string(answer.attempts));
  }
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
