#include <algorithm>

#include "core/base/bytes.h"
#include "core/gateway/pages.h"
#include "core/gateway/refusal.h"
#include "core/gateway/routes/routes.h"

namespace mg {
namespace {

constexpr Nanos kLoadingPatience =
    std::chrono::milliseconds(1500);  // before a browser gets the loading page
constexpr Nanos kLoadingPoll = std::chrono::milliseconds(25);
constexpr Nanos kAgentFirstByte = std::chrono::seconds(120);
constexpr Nanos kAgentBetweenChunks = std::chrono::seconds(120);
constexpr std::int64_t kStartRetryAfterSeconds = 10;

// Of one connection, or for the gateway alone: an Access token is good for every tenant of its
// holder, so no agent may see one (TEN-10).
constexpr std::string_view kNeverForwarded[] = {"connection",
                                                "keep-alive",
                                                "proxy-authenticate",
                                                "proxy-authorization",
                                                "te",
                                                "trailer",
                                                "transfer-encoding",
                                                "upgrade",
                                                "expect",
                                                "host",
                                                "authorization",
                                                "cookie",
                                                "x-tenant-override",
                                                "cf-access-jwt-assertion",
                                                "cf-access-token",
                                                "cf-access-client-id",
                                                "cf-access-client-secret",
                                                "cf-access-authenticated-user-email",
                                                "x-forwarded-host",
                                                "x-moltgate-user"};
constexpr std::string_view kNeverReturned[] = {"connection", "keep-alive", "proxy-authenticate",
                                               "te",         "trailer",    "transfer-encoding",
                                               "upgrade"};

template <std::size_t N>
bool OneOf(const std::string_view (&names)[N], std::string_view name) {
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view n) { return EqualsIgnoreCase(n, name); });
}

bool IsAccessCookie(std::string_view cookie) {
  return TrimSpace(cookie).substr(0, 3) == "CF_";
}

// The caller's cookies without Access's own.
std::string ForwardedCookies(const Headers& headers) {
  std::string kept;
  for (std::string_view line : headers.GetAll("cookie")) {
    for (std::string_view cookie : Split(line, ';')) {
      if (IsAccessCookie(cookie) || TrimSpace(cookie).empty()) continue;
      if (!kept.empty()) kept += "; ";
      kept += TrimSpace(cookie);
    }
  }
  return kept;
}

// What a Connection line names belongs to that one connection too.
bool NamedByConnection(const Headers& headers, std::string_view name) {
  for (std::string_view line : headers.GetAll("connection")) {
    for (std::string_view token : Split(line, ','))
      if (EqualsIgnoreCase(TrimSpace(token), name)) return true;
  }
  return false;
}

Request ForAgent(const Exchange& exchange, const Services& services, const SandboxView& agent) {
  const Request& in = exchange.request;
  Request out;
  out.method = in.method;
  out.origin = agent.origin;
  out.target = in.target;
  out.body = in.body;
  for (const Headers::Line& line : in.headers.lines()) {
    if (!OneOf(kNeverForwarded, line.name) && !NamedByConnection(in.headers, line.name))
      out.headers.Add(line.name, line.value);
  }
  const std::string cookies = ForwardedCookies(in.headers);
  if (!cookies.empty()) out.headers.Set("cookie", cookies);
  out.headers.Set("authorization",
                  "Bearer " + services.sandboxes.AgentToken(exchange.tenant->sandbox_id));
  out.headers.Set("x-forwarded-host", in.headers.Get("host"));
  out.headers.Set("x-moltgate-user", exchange.identity->subject);
  return out;
}

// An agent's cookie stays on its own host: a Domain would carry it to other tenants, and one
// without a name could pass for Access's.
std::optional<std::string> OwnCookie(std::string_view line) {
  const std::vector<std::string_view> parts = Split(line, ';');
  const std::string_view name = TrimSpace(parts.front().substr(0, parts.front().find('=')));
  if (name.empty() || IsAccessCookie(name)) return std::nullopt;
  std::string kept(TrimSpace(parts.front()));
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string_view attribute = TrimSpace(parts[i]);
    if (EqualsIgnoreCase(TrimSpace(attribute.substr(0, attribute.find('='))), "domain")) continue;
    kept += "; " + std::string(attribute);
  }
  return kept;
}

void CleanAnswer(Response& response) {
  Headers kept;
  for (const Headers::Line& line : response.headers.lines()) {
    if (OneOf(kNeverReturned, line.name) || NamedByConnection(response.headers, line.name))
      continue;
    if (!EqualsIgnoreCase(line.name, "set-cookie")) {
      kept.Add(line.name, line.value);
    } else if (const auto cookie = OwnCookie(line.value)) {
      kept.Add(line.name, *cookie);
    }
  }
  response.headers = std::move(kept);
}

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

// Other protocols a client merely offers ("h2c") may be ignored (RFC 9110 7.8).
bool AsksForWebSocket(const Headers& headers) {
  for (std::string_view line : headers.GetAll("upgrade"))
    for (std::string_view protocol : Split(line, ','))
      if (EqualsIgnoreCase(TrimSpace(protocol), "websocket")) return true;
  return false;
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
  auto answer = services.transport.Send(ForAgent(exchange, services, *agent), deadlines,
                                        exchange.caller_gone);
  if (!answer) {
    services.log.Write(LogLevel::kWarn, "sandbox_call_failed",
                       {{"request_id", exchange.request_id},
                        {"sandbox_id", exchange.tenant->sandbox_id},
                        {"cause", answer.error().message}});
    return Refuse(exchange, Refusal::kSandboxFailed);
  }
  CleanAnswer(*answer);
  return std::move(*answer);
}

}  // namespace mg
