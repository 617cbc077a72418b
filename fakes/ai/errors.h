// The refusals of AI Gateway and Workers AI, each with its envelope (wire/ai-gateway.md 4.5, 4.6).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/http/message.h"

namespace mg::fake {

enum class AiShape {
  kGateway,  // A: singular `error` array, AiGatewayError
  kV4,       // B: `errors`, result null
  kModel,    // C: `errors`, result {}, message "AiError: ..."
  kEdge,     // E: "error code: 522", nothing or an HTML page, not JSON
};

struct AiError {
  int status = 500;
  std::int64_t code = 0;
  AiShape shape = AiShape::kModel;
  std::string message;
};

// A row of the table with its own text, or with `message`. The code must be in the table.
AiError KnownAiError(std::int64_t code, std::string_view message = "");

// A cf-aig-* header that makes no sense, where that is refused.
AiError BadSetting(std::string_view header);

// What a provider that answers `status` says. A code of the table brings its envelope and text; 0
// takes what Workers AI says with that status, or the edge in front of it (520 to 530); 1101 is the
// edge's page for a Worker that threw.
AiError ProviderError(int status, std::int64_t code);

Response AiErrorResponse(const AiError& error);
// Takes from a gateway error what it did not have before mid-2026.
void MakeLegacyEnvelope(Response& response);

// An error within a stream, in one of the two forms that are thought to exist
// (wire/ai-gateway.md 5.5): {"error": {...}} or, `as_list`, {"errors": [...]}. Code 0 is 3040.
std::string AiErrorFrame(std::int64_t code, bool as_list);

// What this fake does not do: AI Gateway's envelope, 501 and the gap header.
Response AiGapResponse(std::string_view operation, std::string_view message);

}  // namespace mg::fake
