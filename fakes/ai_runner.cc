#include "fakes/ai_runner.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/ids.h"
#include "fakes/ai_frames.h"
#include "fakes/ai_knobs.h"
#include "fakes/ai_stream.h"
#include "fakes/damage.h"
#include "fakes/fault_answers.h"
#include "fakes/model.h"

namespace mg::fake {
namespace {

constexpr std::string_view kBearer = "Bearer ";

// 48 bits of wall time and 80 random ones in Crockford's base 32.
std::string Ulid(std::int64_t wall_ms, Random& random) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string text(10, '0');
  auto left = static_cast<std::uint64_t>(wall_ms);
  for (auto at = text.rbegin(); at != text.rend(); ++at, left >>= 5U) *at = kAlphabet[left & 31U];
  for (const char byte : random.Bytes(16))
    text += kAlphabet[static_cast<unsigned char>(byte) & 31U];
  return text;
}

// 2005 stands for a provider that could not be reached.
bool IsRepeatable(int status, std::int64_t code) {
  return status == 408 || status == 429 || status >= 500 || code == 2005;
}

}  // namespace

Response AiRunner::Run(const std::vector<ResolvedStep>& steps, const AiCall& call, CallNote& note,
                       CancelToken& caller_gone) {
  Response response;
  std::size_t index = 0;
  for (; index < steps.size(); ++index) {
    note.subject = note.model = steps[index].target.model;
    note.step = static_cast<int>(index);
    response = RunStep(steps[index], call, note, caller_gone).response;
    if (response.drop_connection) return response;
    if (response.status < 300 || caller_gone.cancelled()) break;
  }
  if (index == steps.size()) {
    --index;
    if (!kAllFailedRelaysLastUpstream) response = AiErrorResponse(KnownAiError(2005));
  }
  if (call.through_gateway) AddGatewayHeaders(call, index, response);
  return response;
}

AiRunner::Tried AiRunner::RunStep(const ResolvedStep& step, const AiCall& call, CallNote& note,
                                  CancelToken& caller_gone) {
  const TrySettings& settings = step.step.settings;
  for (std::int64_t n = 1;; ++n) {
    std::optional<Nanos> limit;
    const bool exempt = kFinalTryIgnoresTimeLimit && settings.tries > 1 && n == settings.tries;
    if (settings.time_limit_ms && !exempt)
      limit = std::chrono::milliseconds(*settings.time_limit_ms);
    ++note.attempt;
    Tried tried = Try(step, limit, n, note, caller_gone);
    if (!tried.fault.empty()) note.fault = tried.fault;
    const int status = tried.response.drop_connection ? 0 : tried.response.status;
    Record({call.metadata_json, step.target.model, note.step, status, n, tried.fault});
    if (!tried.repeatable || n == settings.tries || caller_gone.cancelled()) return tried;
    const Instant next = runtime_.Now() + RetryDelay(settings, n + 1);
    if (!SleepUnlessCancelled(runtime_, next, caller_gone)) return tried;
  }
}

AiRunner::Tried AiRunner::Try(const ResolvedStep& step, std::optional<Nanos> time_limit,
                              std::int64_t attempt, const CallNote& note,
                              CancelToken& caller_gone) {
  if (!MayUseWorkersAi(step.step.authorization))
    return {AiErrorResponse(KnownAiError(10000)), false};
  if (step.target.error) return {AiErrorResponse(*step.target.error), false};
  const FaultRule rule = NextFault(step, attempt, note).value_or(FaultRule());
  Tried said = Say(step, rule, caller_gone);
  said.fault = rule.id;
  const bool cut = time_limit && said.first_byte > *time_limit;
  const Nanos wait = cut ? *time_limit : said.first_byte;
  if (wait > Nanos{0} && !SleepUnlessCancelled(runtime_, runtime_.Now() + wait, caller_gone))
    return {AiErrorResponse(KnownAiError(3008)), false, rule.id};
  if (cut) return {AiErrorResponse(KnownAiError(kTimeLimitCode)), true, rule.id};
  return said;
}

std::optional<FaultRule> AiRunner::NextFault(const ResolvedStep& step, std::int64_t attempt,
                                             const CallNote& note) {
  if (note.probe) return std::nullopt;
  const std::string& model = step.target.model;
  FaultedCall call{note.operation, note.tenant, model, model, note.step, std::nullopt};
  call.attempt = static_cast<int>(attempt);
  call.streams = WantsStream(*step.step.query);
  return faults_.Next(call);
}

// What the model says under a rule, or under none, and how long it thinks first.
AiRunner::Tried AiRunner::Say(const ResolvedStep& step, const FaultRule& rule,
                              CancelToken& caller_gone) {
  const Nanos delay = rule.hang ? kHang : rule.delay;
  if (rule.reset != FaultRule::Reset::kNone) return {DroppedConnection(), false, "", delay};
  if (!rule.body.empty())
    return {FaultAnswer(rule, "ai.run"), IsRepeatable(rule.status, rule.code), "", delay};
  const int status = rule.hang ? 408 : rule.status;
  if (status == 0) {
    Tried answer = Answer(step, caller_gone);
    answer.first_byte += delay;
    Damage(rule, runtime_, caller_gone, answer.response);
    return answer;
  }
  Response failure = AiErrorResponse(ProviderError(status, rule.hang ? 3007 : rule.code));
  if (rule.retry_after_seconds > 0)
    failure.headers.Set("retry-after", std::to_string(rule.retry_after_seconds));
  return {std::move(failure), IsRepeatable(status, rule.code), "", delay};
}

AiRunner::Tried AiRunner::Answer(const ResolvedStep& step, CancelToken& caller_gone) {
  const AiTarget& target = step.target;
  ChatQuestion question;
  if (auto wrong = ReadQuestion(*step.step.query, target.dialect, *target.known, question))
    return {AiErrorResponse(*wrong), false};
  const ModelKnobs knobs = this->knobs()->Of(target.model);
  ModelText text = AnswerPrompt(target.model, question.last_user_message, question.max_tokens);
  auto pace = std::make_unique<AiPace>(knobs.timing, load_, random_);
  Tried tried;
  tried.first_byte = pace->FirstToken();
  const AiVoice voice{target.dialect, target.written_model,
                      "chatcmpl-" + HexEncode(random_.Bytes(16)), runtime_.Wall().seconds()};
  if (question.streams && knobs.stream != StreamVariant::kJsonAnswer) {
    Nanos first_wait = Nanos::zero();
    if (knobs.timing.early_head) std::swap(first_wait, tried.first_byte);
    tried.response = TextResponse(200, "", "text/event-stream");
    tried.response.body = Body(PacedStream(FramesOf(text, question, knobs.stream, voice, random_),
                                           first_wait, std::move(pace), runtime_, caller_gone));
  } else {
    if (question.streams) text = ModelText();
    tried.first_byte += pace->Tokens(text.tokens_out - 1);
    tried.response = JsonResponse(200, AnswerBody(text, question, voice));
  }
  tried.response.headers.Set("cf-ai-req-id", UuidFromBytes(random_.Bytes(16)));
  tried.response.headers.Set("cf-ai-neurons",
                             NeuronsText(*target.known, question.prompt_tokens, text.tokens_out));
  return tried;
}

// The v4 token, and the gateway's own, which may serve both (AIG-8).
bool AiRunner::MayUseWorkersAi(std::string_view authorization) const {
  if (authorization.substr(0, kBearer.size()) != kBearer) return false;
  const std::string_view token = authorization.substr(kBearer.size());
  return !token.empty() && (ConstantTimeEqual(token, credentials_.api_token) ||
                            ConstantTimeEqual(token, credentials_.ai_gateway_token));
}

void AiRunner::Record(AiGateway::Seen seen) {
  Lock lock(mutex_);
  if (seen_.size() == kMaxSeen) seen_.pop_front();
  seen_.push_back(std::move(seen));
}

void AiRunner::AddGatewayHeaders(const AiCall& call, std::size_t step, Response& response) {
  response.headers.Set("cf-aig-step", std::to_string(step));
  response.headers.Set("cf-aig-log-id", Ulid(runtime_.Wall().ms, random_));
  response.headers.Set("cf-aig-event-id",
                       call.event_id.empty() ? UuidFromBytes(random_.Bytes(16)) : call.event_id);
}

void AiRunner::SetKnobs(AiKnobs knobs) {
  auto set = std::make_shared<const AiKnobs>(std::move(knobs));
  Lock lock(mutex_);
  knobs_.swap(set);
}

std::shared_ptr<const AiKnobs> AiRunner::knobs() const {
  Lock lock(mutex_);
  return knobs_;
}

std::vector<AiGateway::Seen> AiRunner::seen() const {
  Lock lock(mutex_);
  return {seen_.begin(), seen_.end()};
}

void AiRunner::Reset() {
  Lock lock(mutex_);
  seen_.clear();
}

}  // namespace mg::fake
