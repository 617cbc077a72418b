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

}  // namespace

Response AnswerAgent(Exchange& exchange, Services& services) {
  if (AsksForWebSocket(exchange.request.headers))
    return Refuse(exchange, Refusal::kUpgradeUnsupported);
  if (exchange.from_browser) {
    if (auto loading = BrowserWait(exchange, services)) return std::move(*loading);
  }
  auto agent = services.sandboxes.EnsureRunning(*exchange.tenant, exchange.caller_gone);
  if (!agent) return RefuseStart(exchange, agent.error().message);
  Deadlines deadlines;
  deadlines.first_byte = services.runtime.Now() + kAgentFirstByte;
  deadlines.between_chunks = kAgentBetweenChunks;
  const std::string token = services.sandboxes.AgentToken(exchange.tenant->sandbox_id);
  auto answer = services.transport.Send(ForAgent(exchange, agent->origin, token), deadlines,
                                        exchange.caller_gone);
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
