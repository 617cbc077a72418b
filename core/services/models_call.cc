#include "core/services/models_call.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"

namespace mg {
namespace {

using Outcome = ModelAnswer::Outcome;

constexpr std::size_t kMaxAnswerBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxModelNameBytes = 128;

void Conclude(ModelAnswer& answer, Outcome outcome, int status) {
  answer.outcome = outcome;
  answer.status = status;
}

std::string CauseOf(int status, const std::optional<AiFailure>& failure) {
  std::string cause = "status " + std::to_string(status);
  if (failure && failure->code) cause += " code " + std::to_string(*failure->code);
  return cause;
}

bool IsSuccess(int status) {
  return status >= 200 && status < 300;
}

// By what came, for some models answer in JSON when asked to stream and some proxies in HTML, under
// any content type (wire/ai-gateway.md 8).
bool IsEventStream(const Response& response, std::string_view first) {
  const std::string_view text = TrimSpace(first);
  if (text.empty()) return false;
  const char c = text.front();
  if (c == '{' || c == '[' || c == '<') return false;
  const std::string_view type = response.headers.Get("content-type");
  const std::string_view media_type = TrimSpace(type.substr(0, type.find(';')));
  return EqualsIgnoreCase(media_type, "text/event-stream") || text.substr(0, 5) == "data:";
}

// As a header, a metric's label and a row may hold it.
bool IsModelName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxModelNameBytes &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

}  // namespace

ModelCall::ModelCall(ModelPorts ports, ModelPolicy policy, ModelQuestion question,
                     CancelToken& caller_gone)
    : ports_(ports),
      policy_(policy),
      question_(std::move(question)),
      caller_gone_(caller_gone),
      deadline_(ports.runtime.Now() + WholeRequestLimit(policy.plan)) {}

ModelAnswer ModelCall::Run() {
  Sent last;
  for (std::size_t n = 0; n < policy_.plan.size(); ++n) {
    if (n > 0 && !Wait(policy_.plan[n], last)) break;
    last = Send(policy_.plan[n]);
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
  Deadlines deadlines;  // the body's are kept here
  deadlines.first_byte =
      std::min(began + (std::chrono::milliseconds(send.limit_ms) + kSendGrace), deadline_);
  auto response = Ask(send, deadlines);
  if (!response) return Broken(send, response.error(), deadlines.first_byte);
  return Read(send, std::move(response).value(), began, deadlines.first_byte);
}

Result<Response> ModelCall::Ask(const PlannedSend& send, const Deadlines& deadlines) {
  const ChatBody& chat = question_.chat;
  const std::string& metadata = question_.metadata_json;
  switch (policy_.strategy) {
    case AiStrategy::kDirect:
      return ports_.client.Direct(send.steps.front(), chat, metadata, deadlines, caller_gone_);
    case AiStrategy::kDynamic:
      return ports_.client.Dynamic(chat, metadata, deadlines, caller_gone_);
    case AiStrategy::kUniversal:
      break;
  }
  return ports_.client.Universal(send.steps, chat, metadata, deadlines, caller_gone_);
}

ModelCall::Sent ModelCall::Read(const PlannedSend& send, Response response, Instant began,
                                Instant first_byte_due) {
  const bool success = IsSuccess(response.status);
  std::string start;
  if (question_.chat.stream && success) {
    if (response.body.is_stream()) {
      auto piece = response.body.stream()->Next(first_byte_due);
      if (!piece) return Broken(send, piece.error(), first_byte_due);
      start = std::move(piece).value();
    } else {
      start = response.body.bytes();
      response.body = Body();
    }
    if (IsEventStream(response, start))
      return Streamed(send, response, std::move(start), ports_.runtime.Now() - began);
  }
  auto body = ReadBody(response.body, std::move(start));
  if (!body) return Broken(send, body.error(), deadline_);
  const Nanos took = ports_.runtime.Now() - began;
  if (!success) return Failed(send, response, response.status, AiFailureIn(*body), took);
  return Whole(send, response, std::move(body).value(), took);
}

ModelCall::Sent ModelCall::Streamed(const PlannedSend& send, const Response& response,
                                    std::string first, Nanos took) {
  auto stream = std::make_shared<ModelStream>(std::move(first), response.body.stream(),
                                              policy_.stream_limits, ports_.runtime);
  if (stream->failure()) {  // nothing has gone to the caller yet
    const AiFailure failure = *stream->failure();
    return Failed(send, response, StatusOfCode(failure.code), failure, took);
  }
  Sent sent;
  ReadServer(send, response, sent.answer);
  Conclude(sent.answer, Outcome::kAnswered, response.status);
  sent.answer.content_type = "text/event-stream";
  sent.answer.cache_hit = EqualsIgnoreCase(response.headers.Get("cf-aig-cache-status"), "HIT");
  sent.answer.stream = std::move(stream);
  return sent;
}

ModelCall::Sent ModelCall::Whole(const PlannedSend& send, const Response& response,
                                 std::string body, Nanos took) {
  const auto parsed = ParseJson(body);
  if (parsed && parsed->is_object()) {
    if (const auto failure = AiFailureOf(*parsed))
      return Failed(send, response, StatusOfCode(failure->code), failure, took);
  }
  Sent sent;
  ReadServer(send, response, sent.answer);
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
  sent.answer.body = std::move(body);
  return sent;
}

// `status` is the response's, or stands for the failure that it carried in spite of a 200.
ModelCall::Sent ModelCall::Failed(const PlannedSend& send, const Response& response, int status,
                                  std::optional<AiFailure> failure, Nanos took) {
  const Verdict verdict = Judge(status, failure ? failure->code : std::nullopt);
  Sent sent;
  ReadServer(send, response, sent.answer);
  sent.answer.cause = CauseOf(status, failure);
  if (const auto seconds = ParseUint(response.headers.Get("retry-after")); seconds)
    sent.retry_after_s = static_cast<std::int64_t>(std::min<std::uint64_t>(*seconds, 86'400));
  if (status == 429) sent.answer.retry_after_seconds = CallerRetryAfterSeconds(sent.retry_after_s);

  sent.retry = verdict == Verdict::kRetry;
  if (verdict == Verdict::kCallerError) {
    Conclude(sent.answer, Outcome::kCallerError, status);
    if (failure) sent.answer.failure = std::move(*failure);
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

Result<std::string> ModelCall::ReadBody(const Body& body, std::string start) {
  const Error too_long{Code::kExhausted, "the answer is longer than 8 MiB"};
  std::string text = std::move(start);
  if (!body.is_stream()) text += body.bytes();
  if (text.size() > kMaxAnswerBytes) return too_long;
  while (body.is_stream()) {
    const Instant deadline =
        std::min(ports_.runtime.Now() + policy_.stream_limits.between_chunks, deadline_);
    auto chunk = body.stream()->Next(deadline);
    if (!chunk) {
      if (ports_.runtime.Now() < deadline) return chunk.error();
      return Error{Code::kTimeout, "the answer stopped in the middle"};
    }
    if (chunk->empty()) break;
    if (text.size() + chunk->size() > kMaxAnswerBytes) return too_long;
    text += *chunk;
  }
  return text;
}

// Which step answered, and with which model.
void ModelCall::ReadServer(const PlannedSend& send, const Response& response, ModelAnswer& answer) {
  const std::size_t index = IndexOfStep(send, response);
  answer.step = send.first_step + static_cast<int>(index);
  answer.model = index < send.steps.size()
                     ? send.steps[index].model
                     : std::string(WithoutProvider(response.headers.Get("cf-aig-model")));
}

// One past the last for a model that a deployed route chose by itself: some fallback, at any rate.
std::size_t ModelCall::IndexOfStep(const PlannedSend& send, const Response& response) {
  const auto odd = [&](std::string_view event, std::string_view field, std::string_view value) {
    ports_.log.Write(LogLevel::kWarn, event,
                     {{"sandbox_id", std::string(question_.sandbox_id)},
                      {field, std::string(value.substr(0, kMaxModelNameBytes))}});
  };
  if (policy_.strategy == AiStrategy::kUniversal && response.headers.Has("cf-aig-step")) {
    const std::string_view text = response.headers.Get("cf-aig-step");
    const auto step = ParseUint(text);
    if (step && *step < send.steps.size()) return *step;
    odd("model_step_out_of_range", "step", text);
  }
  if (policy_.strategy == AiStrategy::kDynamic && IsSuccess(response.status)) {
    const std::string_view model = WithoutProvider(response.headers.Get("cf-aig-model"));
    for (std::size_t i = 0; i < send.steps.size(); ++i)
      if (model == send.steps[i].model) return i;
    odd("model_not_of_route", "model", model);
    if (IsModelName(model)) return send.steps.size();
  }
  return 0;
}

void ModelCall::LogFailure(const ModelAnswer& answer) {
  if (answer.outcome == Outcome::kAnswered || answer.outcome == Outcome::kCancelled) return;
  ports_.log.Write(LogLevel::kWarn, "model_attempt_failed",
                   {{"sandbox_id", std::string(question_.sandbox_id)},
                    {"model", answer.model},
                    {"attempt", std::int64_t{answer.attempts}},
                    {"cause", answer.cause}});
}

}  // namespace mg
