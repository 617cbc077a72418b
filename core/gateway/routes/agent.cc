#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/gateway/gates/origin.h"
#include "core/gateway/pages.h"
#include "core/gateway/refusal.h"
#include "core/gateway/routes/agent_headers.h"
#include "core/gateway/routes/routes.h"

namespace mg {
namespace {

constexpr Nanos kLoadingPatience =
    std::chrono::milliseconds(1500);  // before a browser gets the loading page
constexpr Nanos kLoadingPoll = std::chrono::milliseconds(25);
constexpr Nanos kAgentFirstByte = std::chrono::seconds(120);
constexpr Nanos kAgentBetweenChunks = std::chrono::seconds(120);
// Of a body on its way to an agent, in all, however steadily it trickles: its sender holds a worker
// and one of its tenant's places. As long as a stream may last the other way; between two pieces
// the server waits for 30 s.
constexpr Nanos kBodyTime = std::chrono::minutes(10);
constexpr std::int64_t kStartRetryAfterSeconds = 10;

Response RefuseStart(const Exchange& exchange, std::string_view why) {
  return RefuseWithRetryAfter(exchange, Refusal::kSandboxUnavailable, kStartRetryAfterSeconds, why);
}

// A browser waits a moment, then looks at the loading page; nullopt when the agent runs.
std::optional<Response> BrowserWait(Exchange& exchange, Services& services) {
  const std::string& sandbox_id = exchange.tenant->sandbox_id;
  SandboxView view = services.sandboxes.View(sandbox_id);
  if (view.state == SandboxState::kRunning) return std::nullopt;
  const Status begun = services.sandboxes.BeginStart(*exchange.tenant);
  if (!begun) return RefuseStart(exchange, begun.error().message);  // SBX-4
  const Instant patience = services.runtime.Now() + kLoadingPatience;
  while (services.runtime.Now() < patience) {
    const Instant next = services.runtime.Now() + kLoadingPoll;
    if (!SleepUnlessCancelled(services.runtime, next, exchange.caller_gone)) break;
    view = services.sandboxes.View(sandbox_id);
    if (view.state == SandboxState::kRunning) return std::nullopt;
    if (view.state == SandboxState::kError) {
      return RefuseStart(exchange, view.error + "; last output: " + view.last_output);
    }
  }
  return LoadingPage(SandboxStateName(view.state));
}

// The caller's body as the agent is sent it, which remembers when that was the caller's fault.
class TimedBody final : public BodyStream {
 public:
  TimedBody(std::shared_ptr<BodyStream> inner, const Runtime& runtime)
      : inner_(std::move(inner)), runtime_(runtime), ends_at_(runtime.Now() + kBodyTime) {}

  Result<std::string> Next(Instant deadline) override {
    if (failure_) return *failure_;
    auto piece = inner_->Next(std::min(deadline, ends_at_));
    if (piece && !piece->empty() && runtime_.Now() >= ends_at_)
      piece = Error{Code::kTimeout, "the request's body takes too long"};
    const bool reader_gave_up = deadline < ends_at_ && runtime_.Now() >= deadline;
    if (!piece && !reader_gave_up) failure_ = piece.error();
    return piece;
  }
  Instant ends_at() const { return ends_at_; }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  const std::shared_ptr<BodyStream> inner_;
  const Runtime& runtime_;
  const Instant ends_at_;
  std::optional<Error> failure_;
};

// Null when the body is here already.
std::shared_ptr<TimedBody> LimitBody(Request& request, const Runtime& runtime) {
  if (!request.body.is_stream()) return nullptr;
  auto timed = std::make_shared<TimedBody>(request.body.stream(), runtime);
  request.body = Body(timed, request.body.length());
  return timed;
}

Response RefuseBody(const Exchange& exchange, Services& services, const Error& failure) {
  services.log.Write(LogLevel::kInfo, "request_body_failed",
                     {{"request_id", exchange.request_id},
                      {"sandbox_id", exchange.tenant->sandbox_id},
                      {"cause", failure.message}});
  const bool slow = failure.code == Code::kTimeout;
  return Refuse(exchange, slow ? Refusal::kBodyTooSlow : Refusal::kBodyTimeout);
}

}  // namespace

Response AnswerAgent(Exchange& exchange, Services& services) {
  if (AsksForWebSocket(exchange.request.headers))
    return Refuse(exchange, Refusal::kUpgradeUnsupported);
  if (exchange.from_browser) {
    if (auto loading = BrowserWait(exchange, services)) return std::move(*loading);
  }
  auto agent = services.sandboxes.EnsureRunning(*exchange.tenant, exchange.caller_gone);
  if (!agent) return RefuseStart(exchange, agent.error().message);
  const std::shared_ptr<TimedBody> body = LimitBody(exchange.request, services.runtime);
  Deadlines deadlines;
  deadlines.first_byte = (body ? body->ends_at() : services.runtime.Now()) + kAgentFirstByte;
  deadlines.between_chunks = kAgentBetweenChunks;
  const std::string token = services.sandboxes.AgentToken(exchange.tenant->sandbox_id);
  auto answer = services.transport.Send(ForAgent(exchange, agent->origin, token), deadlines,
                                        exchange.caller_gone);
  if (body && body->failure()) return RefuseBody(exchange, services, *body->failure());
  if (!answer) {
    services.log.Write(LogLevel::kWarn, "sandbox_call_failed",
                       {{"request_id", exchange.request_id},
                        {"sandbox_id", exchange.tenant->sandbox_id},
                        {"cause", answer.error().message}});
    return Refuse(exchange, Refusal::kSandboxFailed);
  }
  answer->headers = ForCaller(answer->headers);
  exchange.answered_by_agent = true;
  return std::move(*answer);
}

}  // namespace mg
