#include "core/services/models_call.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg {
namespace {

using Outcome = ModelAnswer::Outcome;

constexpr std::size_t kMaxAnswerBytes = std::size_t{8} << 20;
constexpr Nanos kBetweenChunks = std::chrono::seconds(30);

void Conclude(ModelAnswer& answer, Outcome outcome, int status) {
  answer.outcome = outcome;
  answer.status = status;
}

// OpenAI's `usage`, or the native dialect's inside `result`. Nothing from an answer without counts.
std::optional<TokenCounts> UsageOf(const Json& body) {
  const Json* usage = Find(body, "usage");
  if (usage == nullptr) {
    const Json* result = Find(body, "result");
    usage = result == nullptr ? nullptr : Find(*result, "usage");
  }
  if (usage == nullptr) return std::nullopt;
  const TokenCounts counts{IntAt(*usage, "prompt_tokens", -1),
                           IntAt(*usage, "completion_tokens", -1)};
  if (counts.in < 0 || counts.out < 0) return std::nullopt;
  return counts;
}

std::string CauseOf(int status, std::optional<std::int64_t> code) {
  std::string cause = "status " + std::to_string(status);
  if (code) cause += " code " + std::to_string(*code);
  return cause;
}

}  // namespace

ModelCall::ModelCall(ModelPorts ports, AiStrategy strategy, const std::vector<PlannedSend>& plan,
                     std::string_view sandbox_id, std::string_view chat_json,
                     std::string metadata_json, CancelToken& caller_gone)
    : ports_(ports),
      strategy_(strategy),
      plan_(plan),
      sandbox_id_(sandbox_id),
      chat_json_(chat_json),
      metadata_json_(std::move(metadata_json)),
      caller_gone_(caller_gone),
      deadline_(ports.runtime.Now() + WholeRequestLimit(plan)) {}

ModelAnswer ModelCall::Run() {
  Sent last;
  for (std::size_t n = 0; n < plan_.size(); ++n) {
    if (n > 0 && !Wait(plan_[n], last)) break;
    last = Send(plan_[n]);
    last.answer.attempts = static_cast<int>(n) + 1;
    LogFailure(last.answer);
    if (!last.retry) break;
  }
  if (caller_gone_.cancelled() && last.answer.outcome != Outcome::kAnswered)
    Conclude(last.answer, Outcome::kCancelled, 0);
  return std::move(last.answer);
}

bool ModelCall::Wait(const PlannedSend& next, const Sent& last) {
  const Nanos wait = WaitBefore(next.wait_before_ms, last.retry_after_s, ports_.random);
  const Instant until = ports_.runtime.Now() + wait;
  if (until >= deadline_) return false;
  return SleepUnlessCancelled(ports_.runtime, until, caller_gone_);
}

ModelCall::Sent ModelCall::Send(const PlannedSend& send) {
  const Instant began = ports_.runtime.Now();
  Deadlines deadlines;
  deadlines.first_byte =
      std::min(began + (std::chrono::milliseconds(send.limit_ms) + kSendGrace), deadline_);
  deadlines.between_chunks = kBetweenChunks;
  deadlines.total = deadline_;
  auto response = strategy_ == AiStrategy::kDirect
                      ? ports_.client.Direct(send.steps.front(), chat_json_, metadata_json_,
                                             deadlines, caller_gone_)
                      : ports_.client.Universal(send.steps, chat_json_, metadata_json_, deadlines,
                                                caller_gone_);
  if (!response) return Broken(send, response.error(), deadlines.first_byte);
  return Read(send, std::move(response).value(), began);
}

ModelCall::Sent ModelCall::Read(const PlannedSend& send, Response response, Instant began) {
  auto body = ReadBody(response.body);
  if (!body) return Broken(send, body.error(), deadline_);
  const Nanos took = ports_.runtime.Now() - began;
  if (response.status < 200 || response.status > 299)
    return Refused(send, response, std::move(body).value(), took);

  Sent sent;
  ReadStep(send, response, sent.answer);
  const auto parsed = ParseJson(*body);
  if (!parsed || !parsed->is_object()) {
    // Nothing has gone to the caller yet, so half an answer is repeated like none.
    Conclude(sent.answer, Outcome::kFailed, 502);
    sent.answer.cause = "the answer is not a whole JSON object";
    sent.retry = true;
    return sent;
  }
  Conclude(sent.answer, Outcome::kAnswered, response.status);
  sent.answer.content_type = std::string(response.headers.Get("content-type"));
  sent.answer.cache_hit = EqualsIgnoreCase(response.headers.Get("cf-aig-cache-status"), "HIT");
  sent.answer.usage = UsageOf(*parsed);
  sent.answer.body = std::move(body).value();
  return sent;
}

ModelCall::Sent ModelCall::Refused(const PlannedSend& send, const Response& response,
                                   std::string body, Nanos took) {
  const int status = response.status;
  const auto code = AiErrorCode(body);
  const Verdict verdict = Judge(status, code);
  Sent sent;
  ReadStep(send, response, sent.answer);
  sent.answer.cause = CauseOf(status, code);
  if (const auto seconds = ParseUint(response.headers.Get("retry-after")); seconds)
    sent.retry_after_s = static_cast<std::int64_t>(std::min<std::uint64_t>(*seconds, 86'400));
  if (status == 429) sent.answer.retry_after_seconds = CallerRetryAfterSeconds(sent.retry_after_s);

  sent.retry = verdict == Verdict::kRetry;
  if (verdict == Verdict::kCallerError) {
    Conclude(sent.answer, Outcome::kCallerError, status);
    sent.answer.content_type = std::string(response.headers.Get("content-type"));
    sent.answer.body = std::move(body);
    return sent;
  }
  Conclude(sent.answer, Outcome::kFailed, 502);
  if (!sent.retry) return sent;
  const RetryableKind kind = KindOf(status, took, send.limit_ms);
  if (kind == RetryableKind::kTimeout) Conclude(sent.answer, Outcome::kTimedOut, 504);
  if (kind == RetryableKind::kRateLimit) Conclude(sent.answer, Outcome::kRateLimited, 429);
  return sent;
}

ModelCall::Sent ModelCall::Broken(const PlannedSend& send, const Error& error, Instant deadline) {
  Sent sent;
  sent.answer.step = send.first_step;
  sent.answer.model = send.steps.front().model;
  sent.answer.cause = error.message;
  if (error.code == Code::kCancelled || caller_gone_.cancelled()) {
    Conclude(sent.answer, Outcome::kCancelled, 0);
    return sent;
  }
  // A transport calls a lost answer kUnknownOutcome whether it was cut or late: the clock decides.
  const bool late = error.code == Code::kTimeout || ports_.runtime.Now() >= deadline;
  Conclude(sent.answer, late ? Outcome::kTimedOut : Outcome::kFailed, late ? 504 : 502);
  sent.retry = error.code != Code::kInvalid && error.code != Code::kInternal &&
               error.code != Code::kExhausted;
  return sent;
}

Result<std::string> ModelCall::ReadBody(const Body& body) {
  const Error too_long{Code::kExhausted, "the answer is longer than 8 MiB"};
  if (!body.is_stream()) {
    if (body.bytes().size() > kMaxAnswerBytes) return too_long;
    return body.bytes();
  }
  std::string text;
  while (true) {
    const Instant deadline = std::min(ports_.runtime.Now() + kBetweenChunks, deadline_);
    auto chunk = body.stream()->Next(deadline);
    if (!chunk) {
      if (ports_.runtime.Now() < deadline) return chunk.error();
      return Error{Code::kTimeout, "the answer stopped in the middle"};
    }
    if (chunk->empty()) return text;
    if (text.size() + chunk->size() > kMaxAnswerBytes) return too_long;
    text += *chunk;
  }
}

void ModelCall::ReadStep(const PlannedSend& send, const Response& response, ModelAnswer& answer) {
  std::uint64_t index = 0;
  if (strategy_ == AiStrategy::kUniversal && response.headers.Has("cf-aig-step")) {
    const std::string_view text = response.headers.Get("cf-aig-step");
    const auto step = ParseUint(text);
    if (step && *step < send.steps.size()) {
      index = *step;
    } else {
      ports_.log.Write(
          LogLevel::kWarn, "model_step_out_of_range",
          {{"sandbox_id", std::string(sandbox_id_)}, {"step", std::string(text.substr(0, 16))}});
    }
  }
  answer.step = send.first_step + static_cast<int>(index);
  answer.model = send.steps[index].model;
}

void ModelCall::LogFailure(const ModelAnswer& answer) {
  if (answer.outcome == Outcome::kAnswered || answer.outcome == Outcome::kCancelled) return;
  ports_.log.Write(LogLevel::kWarn, "model_attempt_failed",
                   {{"sandbox_id", std::string(sandbox_id_)},
                    {"model", answer.model},
                    {"attempt", std::int64_t{answer.attempts}},
                    {"cause", answer.cause}});
}

}  // namespace mg
