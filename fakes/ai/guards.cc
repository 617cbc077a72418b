#include "fakes/ai/guards.h"

#include <algorithm>

#include "core/base/json.h"
#include "fakes/ai/control_knobs.h"

namespace mg::fake {
namespace {

bool GoesOn(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_';
}

// The marker with exactly this name: S1 is not found in S10.
bool HasMarker(std::string_view text, std::string_view marker, std::string_view name) {
  const std::string wanted = std::string(marker) + std::string(name);
  for (std::size_t at = text.find(wanted); at != std::string_view::npos;
       at = text.find(wanted, at + 1)) {
    const std::size_t end = at + wanted.size();
    if (end == text.size() || !GoesOn(text[end])) return true;
  }
  return false;
}

const std::map<std::string, bool>& CategoriesOf(const AiGatewayConfig& gateway, AiGuarded side) {
  return side == AiGuarded::kRequest ? gateway.guardrails.prompt : gateway.guardrails.response;
}

}  // namespace

bool IsGuarded(const AiGatewayConfig& gateway, AiGuarded side) {
  return !CategoriesOf(gateway, side).empty();
}

std::optional<AiError> RefuseByGuardrails(const AiGatewayConfig& gateway, AiGuarded side,
                                          std::string_view text, bool evaluator_answers) {
  const auto& categories = CategoriesOf(gateway, side);
  const bool blocked = std::any_of(categories.begin(), categories.end(), [&](const auto& category) {
    return category.second &&
           (!evaluator_answers || HasMarker(text, kViolationMarker, category.first));
  });
  if (!blocked) return std::nullopt;
  return KnownAiError(side == AiGuarded::kRequest ? 2016 : 2017);
}

AiDlpFinding ScanForLeaks(const AiGatewayConfig& gateway, AiGuarded side, std::string_view text) {
  const bool request = side == AiGuarded::kRequest;
  Json findings = Json::array();
  bool blocks = false;
  for (const AiDlpPolicy& policy : gateway.dlp) {
    if (!(request ? policy.checks_request : policy.checks_response)) continue;
    for (const std::string& profile : policy.profiles) {
      if (!HasMarker(text, kLeakMarker, profile)) continue;
      blocks = blocks || policy.blocks;
      findings.push_back({{"profile",
                           {{"context", Json::object()},
                            {"entry_ids", Json::array({profile})},
                            {"profile_id", profile}}},
                          {"policy_ids", Json::array({policy.id})},
                          {"check", request ? "REQUEST" : "RESPONSE"}});
    }
  }
  AiDlpFinding found;
  if (findings.empty()) return found;
  found.action = blocks ? "BLOCK" : "FLAG";
  found.header_json = DumpJson(Json{{"findings", std::move(findings)}, {"action", found.action}});
  if (blocks) found.error = KnownAiError(request ? 2029 : 2030);
  return found;
}

}  // namespace mg::fake
