// Guardrails and DLP as scripted outcomes: text that holds a marker is what they look for
// (kViolationMarker, kLeakMarker); everything in a request is scanned, system text included
// (wire/ai-gateway.md 4.4).
//
// Thread-safety: pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "fakes/ai/errors.h"
#include "fakes/ai/gateway_config.h"

namespace mg::fake {

enum class AiGuarded { kRequest, kResponse };

// Whether Llama Guard is asked about this side at all.
bool IsGuarded(const AiGatewayConfig& gateway, AiGuarded side);

// 424 with 2016 or 2017. With the evaluator out of reach, a side with a category that blocks is
// blocked.
std::optional<AiError> RefuseByGuardrails(const AiGatewayConfig& gateway, AiGuarded side,
                                          std::string_view text, bool evaluator_answers);

struct AiDlpFinding {
  std::string header_json;       // of cf-aig-dlp; empty: nothing found
  std::string action;            // "BLOCK", "FLAG"
  std::optional<AiError> error;  // 424 with 2029 or 2030
};
AiDlpFinding ScanForLeaks(const AiGatewayConfig& gateway, AiGuarded side, std::string_view text);

}  // namespace mg::fake
