#include "fakes/ai/workers.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/ids.h"
#include "fakes/ai/answers.h"
#include "fakes/ai/catalogue.h"
#include "fakes/ai/errors.h"
#include "fakes/damage.h"
#include "fakes/fault_answers.h"

namespace mg::fake {
namespace {

constexpr std::string_view kBearer = "Bearer ";
// The pooling of bge-m3, whose tokens are not counted.
constexpr std::string_view kUncounted = "cls";

Response TimeLimitExpired(TimeLimitError error) {
  switch (error) {
    case TimeLimitError::k2005:
      return AiErrorResponse(KnownAiError(2005));
    case TimeLimitError::k408:
      return AiErrorResponse(KnownAiError(3007));
    case TimeLimitError::k504:
      break;
  }
  AiError late = KnownAiError(2005);
  late.status = 504;
  return AiErrorResponse(late);
}

}  // namespace

bool IsRepeatable(int status, std::int64_t code) {
  return status == 408 || status == 429 || status >= 500 || code == 2005;
}

AiWorkers::Tried AiWorkers::Ask(AiStepRun& run, const AiKnobs& knobs, const Try& asked) {
  if (!MayUse(run, knobs)) return {AiErrorResponse(KnownAiError(10000)), false};
  if (run.target().error) return {AiErrorResponse(*run.target().error), false};
  const FaultRule rule = NextFault(run, asked.attempt).value_or(FaultRule());
  const Instant latest = asked.time_limit ? runtime_.Now() + *asked.time_limit : kNever;
  Tried said = Say(run, knobs.Of(run.target().model), rule, latest);
  said.fault = rule.id;
  const Instant first_byte = runtime_.Now() + said.first_byte;
  const bool late = said.late || first_byte > latest;
  const Instant until = std::min(first_byte, latest);
  if (until > runtime_.Now() && !SleepUnlessCancelled(runtime_, until, run.caller_gone))
    return {AiErrorResponse(KnownAiError(3008)), false, rule.id};
  if (late) return {TimeLimitExpired(knobs.time_limit_error), true, rule.id};
  return said;
}

// The v4 token, and the gateway's own, which may serve both (AIG-8).
bool AiWorkers::MayUse(const AiStepRun& run, const AiKnobs& knobs) const {
  const std::string_view authorization = run.step().authorization;
  if (run.key_is_stored) return true;
  if (authorization.empty() && run.call->authenticated && knobs.wai_auth_from_gateway_token)
    return true;
  return MayUseWorkersAi(authorization, credentials_, knobs);
}

bool MayUseWorkersAi(std::string_view authorization, const Credentials& credentials,
                     const AiKnobs& knobs) {
  if (authorization.substr(0, kBearer.size()) != kBearer) return false;
  const std::string_view token = authorization.substr(kBearer.size());
  if (token.empty()) return false;
  return ConstantTimeEqual(token, credentials.api_token) ||
         (knobs.gateway_token_runs_models &&
          ConstantTimeEqual(token, credentials.ai_gateway_token));
}

std::optional<FaultRule> AiWorkers::NextFault(const AiStepRun& run, std::int64_t attempt) {
  const CallNote& note = run.note;
  if (note.probe) return std::nullopt;
  const std::string& model = run.target().model;
  FaultedCall call{note.operation, note.tenant, model, model, run.index, std::nullopt};
  call.attempt = static_cast<int>(attempt);
  call.streams = WantsStream(*run.step().query);
  return faults_.Next(call);
}

// What the model says under a rule, or under none, and how long it thinks first.
AiWorkers::Tried AiWorkers::Say(AiStepRun& run, const ModelKnobs& knobs, const FaultRule& rule,
                                Instant latest) {
  const Nanos delay = rule.hang ? kHang : rule.delay;
  if (rule.reset == FaultRule::Reset::kBefore) return {DroppedConnection(), false, "", delay};
  if (!rule.body.empty())
    return {FaultAnswer(rule, "ai.run"), IsRepeatable(rule.status, rule.code), "", delay};
  const int status = rule.hang ? 408 : rule.status;
  if (status == 0) {
    Tried answer = Answer(run, knobs, latest);
    answer.first_byte += delay;
    Damage(rule, runtime_, run.caller_gone, answer.response);
    return answer;
  }
  Response failure = AiErrorResponse(ProviderError(status, rule.hang ? 3007 : rule.code));
  if (rule.retry_after_seconds > 0)
    failure.headers.Set("retry-after", std::to_string(rule.retry_after_seconds));
  return {std::move(failure), IsRepeatable(status, rule.code), "", delay};
}

AiWorkers::Tried AiWorkers::Answer(AiStepRun& run, const ModelKnobs& knobs, Instant latest) {
  Tried tried = run.target().task == AiTask::kChat ? Chat(run, knobs, latest) : Embed(run, knobs);
  if (tried.late || tried.response.status >= 300) return tried;
  AiUsage& usage = *run.usage;
  usage.micro_neurons = MicroNeurons(*run.target().known, usage.tokens_in, usage.tokens_out);
  tried.response.headers.Set("cf-ai-req-id", UuidFromBytes(random_.Bytes(16)));
  tried.response.headers.Set("cf-ai-neurons", NeuronsText(usage.micro_neurons));
  return tried;
}

AiVoice AiWorkers::VoiceOf(const AiTarget& target, const ModelKnobs& knobs) {
  AiVoice voice;
  voice.dialect = target.dialect;
  voice.model = target.written_model;
  voice.id = "chatcmpl-" + HexEncode(random_.Bytes(16));
  voice.created_s = runtime_.Wall().seconds();
  voice.choices = knobs.result_form == ResultForm::kChoices ||
                  (knobs.result_form == ResultForm::kByModel && target.known->is_vllm);
  return voice;
}

AiWorkers::Tried AiWorkers::Embed(AiStepRun& run, const ModelKnobs& knobs) {
  const AiTarget& target = run.target();
  EmbeddingQuestion question;
  if (auto wrong =
          ReadEmbeddingQuestion(*run.step().query, target.dialect, *target.known, question))
    return {AiErrorResponse(*wrong), false};
  Tried tried;
  tried.first_byte = AiPace(knobs.timing, load_, random_).FirstToken();
  tried.response =
      JsonResponse(200, EmbeddingBody(question, *target.known, VoiceOf(target, knobs)));
  run.usage->tokens_in = target.known->pooling == kUncounted ? 0 : question.prompt_tokens;
  run.usage->tokens_out = 0;
  return tried;
}

}  // namespace mg::fake
