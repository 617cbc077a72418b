#include "fakes/agent/agent.h"

#include <chrono>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/agent/page.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMessageBytes = 1024 * 1024;
constexpr std::size_t kAnswerBytes = 8 * 1024 * 1024;
constexpr Nanos kBodyTime = std::chrono::minutes(15);  // longer than the gateway lets it take
constexpr Nanos kModelTime =
    std::chrono::seconds(120);  // beyond all that the gateway's own policy allows

Response AgentError(int status, std::string_view code, std::string_view message) {
  return JsonResponse(status, DumpJson({{"error", message}, {"code", code}}));
}

std::string ChatBody(const std::string& message) {
  return DumpJson(
      {{"model", "auto"}, {"messages", Json::array({{{"role", "user"}, {"content", message}}})}});
}

// choices[0].message.content, or "" when the answer has another shape.
std::string ReplyText(const Json& answer) {
  const Json* choices = Find(answer, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return {};
  const Json* message = Find(choices->front(), "message");
  return message == nullptr ? std::string() : StringAt(*message, "content");
}

// What arrived, for who wants to see what edge and gateway made of a request; no credential.
Response HeadersSeen(const Headers& headers) {
  Json seen = Json::object();
  for (const Headers::Line& line : headers.lines()) {
    const std::string name = AsciiLower(line.name);
    if (name == "authorization" || name == "cookie" || name == "cf-access-jwt-assertion") continue;
    seen[name] = seen.contains(name) ? StringAt(seen, name) + ", " + line.value : line.value;
  }
  return JsonResponse(200, DumpJson(seen));
}

}  // namespace

Result<AgentSettings> AgentSettingsFrom(const std::map<std::string, std::string>& environment) {
  for (const char* name : {"OPENCLAW_GATEWAY_TOKEN", "OPENAI_BASE_URL", "OPENAI_API_KEY"}) {
    if (environment.count(name) != 0) continue;
    return Error{Code::kInvalid,
                 std::string(name) + " is not set; the gateway starts agents and sets it"};
  }
  const std::string& base = environment.at("OPENAI_BASE_URL");
  const std::size_t scheme = base.find("://");
  const std::size_t path =
      scheme == std::string::npos ? std::string::npos : base.find('/', scheme + 3);
  if (path == std::string::npos)
    return Error{Code::kInvalid, "OPENAI_BASE_URL must be a URL with a path"};
  return AgentSettings{environment.at("OPENCLAW_GATEWAY_TOKEN"), base.substr(0, path),
                       base.substr(path), environment.at("OPENAI_API_KEY")};
}

Agent::Agent(AgentSettings settings, Transport& transport, Runtime& runtime)
    : settings_(std::move(settings)), transport_(transport), runtime_(runtime) {}

Response Agent::Handle(Request& request, const Peer&, CancelToken& caller_gone) {
  const std::string_view path = request.Path();
  if (path == "/health") return JsonResponse(200, R"({"status":"ok"})");
  if (!ConstantTimeEqual(request.headers.Get("authorization"),
                         "Bearer " + settings_.gateway_token)) {
    return AgentError(401, "unauthenticated", "Only the gateway may speak to this agent.");
  }
  if (path == "/chat") {
    if (request.method == "POST") return Chat(request, caller_gone);
    return AgentError(405, "method_not_allowed", "POST {\"message\": \"...\"}.");
  }
  if (path == "/headers" && request.method == "GET") return HeadersSeen(request.headers);
  if (path == "/" && (request.method == "GET" || request.method == "HEAD")) {
    return AgentPage(request.headers.Get("x-moltgate-user"),
                     request.headers.Get("x-forwarded-host"));
  }
  return AgentError(404, "not_found", "Not found.");
}

Response Agent::Chat(Request& request, CancelToken& caller_gone) {
  if (!request.body.Buffer(kMessageBytes, runtime_.Now() + kBodyTime)) {
    return AgentError(413, "body_too_large",
                      "The message is larger than 1 MiB or did not arrive whole.");
  }
  auto body = ParseJson(request.body.bytes());
  const std::string message = body ? StringAt(*body, "message") : std::string();
  if (message.empty()) return AgentError(400, "invalid_input", "Send {\"message\": \"...\"}.");
  Request ask;
  ask.method = "POST";
  ask.origin = settings_.model_origin;
  ask.target = settings_.model_path + "/chat/completions";
  ask.headers = {{"authorization", "Bearer " + settings_.sandbox_token},
                 {"content-type", "application/json"}};
  ask.body = ChatBody(message);
  Deadlines deadlines;
  deadlines.total = runtime_.Now() + kModelTime;
  auto answer = transport_.Send(ask, deadlines, caller_gone);
  if (!answer) return AgentError(502, "model_unreachable", answer.error().message);
  if (!answer->body.Buffer(kAnswerBytes, deadlines.total)) {
    return AgentError(502, "model_unreachable", "The model's answer did not arrive whole.");
  }
  auto json = ParseJson(answer->body.bytes());
  if (answer->status != 200 || !json) {
    Response refused =
        AgentError(answer->status == 200 ? 502 : answer->status, "model_refused",
                   "The model endpoint answered " + std::to_string(answer->status) + ".");
    if (answer->headers.Has("retry-after"))
      refused.headers.Set("retry-after", answer->headers.Get("retry-after"));
    return refused;
  }
  return JsonResponse(
      200, DumpJson({{"reply", ReplyText(*json)},
                     {"model", answer->headers.Get("x-moltgate-model")},
                     {"step", ParseInt(answer->headers.Get("cf-aig-step")).value_or(0)}}));
}

}  // namespace mg::fake
