#include "core/services/sandboxes_agent.h"

#include <algorithm>

#include "core/http/message.h"

namespace mg {
namespace {

constexpr std::size_t kLinesShown = 5;
constexpr std::size_t kBytesShown = 1000;
constexpr std::size_t kHealthBodyBytes = 64 * 1024;
constexpr std::string_view kHidden = "(hidden)";
constexpr std::size_t kSandboxTokenBytes = 3 + 43;  // "st_", base64url of 32 bytes

bool IsTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

std::map<std::string, std::string> AgentEnvironment(const RoutingView& routing,
                                                    const std::string& model_base_url,
                                                    const std::string& sandbox_id,
                                                    const AgentSecrets& secrets) {
  return {
      {"CF_AIG_MAX_ATTEMPTS", std::to_string(routing.route.attempts)},
      {"CF_AIG_METADATA", routing.metadata_json},
      {"CF_AIG_REQUEST_TIMEOUT_MS", std::to_string(routing.route.first_byte_ms)},
      {"HOME", "/tmp/" + sandbox_id},
      {"OPENAI_API_KEY", secrets.sandbox_token},
      {"OPENAI_BASE_URL", model_base_url},
      {"OPENCLAW_GATEWAY_TOKEN", secrets.agent_token},
      {"PATH", "/usr/local/bin:/usr/bin:/bin"},
  };
}

bool AnswersHealth(Transport& transport, const std::string& origin, Instant deadline,
                   CancelToken& cancel) {
  Request request;
  request.origin = origin;
  request.target = "/health";
  Deadlines deadlines;
  deadlines.first_byte = deadline;
  deadlines.total = deadline;
  Result<Response> response = transport.Send(request, deadlines, cancel);
  if (!response || response->status != 200) return false;
  // Read to its end, so that the connection can be used again.
  return response->body.Buffer(kHealthBodyBytes, deadline).ok();
}

void HideTokens(std::string& line, std::string_view agent_token) {
  for (std::size_t at = 0; (at = line.find(agent_token, at)) != std::string::npos;) {
    line.replace(at, agent_token.size(), kHidden);
  }
  for (std::size_t at = 0; (at = line.find("st_", at)) != std::string::npos;) {
    const auto begin = line.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = std::find_if_not(begin, line.end(), IsTokenCharacter);
    const auto length = static_cast<std::size_t>(end - begin);
    if (length >= kSandboxTokenBytes) line.replace(at, length, kHidden);
    at += length >= kSandboxTokenBytes ? kHidden.size() : 3;
  }
}

std::string LastLines(const std::vector<std::string>& output) {
  std::string text;
  const std::size_t first = output.size() - std::min(output.size(), kLinesShown);
  for (std::size_t i = first; i < output.size(); ++i) {
    if (!text.empty()) text += " | ";
    text += output[i];
  }
  if (text.empty()) return "it printed nothing";
  return text.size() <= kBytesShown ? text : text.substr(text.size() - kBytesShown);
}

}  // namespace mg
