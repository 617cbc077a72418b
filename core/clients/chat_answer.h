// What a chat model's answer says besides its text: token counts, and failures in whichever
// envelope they came (wire/ai-gateway.md 4.5, 5).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"

namespace mg {

struct TokenCounts {
  std::int64_t in = 0;
  std::int64_t out = 0;
};

// One answer, or one frame of a streamed one, may have either half (wire 5.3: some providers send
// them apart).
struct UsagePart {
  std::optional<std::int64_t> in;
  std::optional<std::int64_t> out;
};

// `usage` of OpenAI's dialect, or of the native one inside `result`; prompt_tokens and
// completion_tokens, or input_tokens and output_tokens as other providers name them.
UsagePart ReadUsage(const Json& answer);
// Of a whole answer. nullopt unless it has both counts.
std::optional<TokenCounts> UsageOf(const Json& answer);

struct AiFailure {
  std::optional<std::int64_t> code;  // Cloudflare's own: 2005, 3040, 5006
  std::string message;               // shortened, without Workers AI's prefix; may be empty
};

// The failure that a body reports: error[0], else internalCode and description, else errors[0],
// else OpenAI's error object. nullopt when it reports none.
std::optional<AiFailure> AiFailureOf(const Json& body);
std::optional<AiFailure> AiFailureIn(std::string_view body);  // nullopt for what is no JSON, too

}  // namespace mg
