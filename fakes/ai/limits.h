// A gateway's limits: requests in a window, and dollars in a window by rule
// (wire/ai-gateway.md 4.2, 4.3). What was spent counts when it is booked, which is late: a request
// or more slips through.
//
// Thread-safety: all members. Time: the Runtime's wall clock.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/ai/control_knobs.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/gateway_config.h"
#include "fakes/ai/windows.h"

namespace mg::fake {

struct AiSpender {
  std::string_view provider;  // "workers-ai"
  std::string_view model;     // "@cf/..."
  const Json& metadata;       // as the gateway keeps it: an object, or null
};

class AiLimits {
 public:
  AiLimits(Runtime& runtime, Random& random) : runtime_(runtime), random_(random) {}

  // 429 with 2003, or counts the request.
  std::optional<AiError> TakeRequest(const AiGatewayConfig& gateway);

  // 429 when one rule of those that concern the spender is used up.
  std::optional<AiError> RefuseSpender(const AiGatewayConfig& gateway, const AiSpender& spender,
                                       const AiQuirks& quirks);
  void Book(const AiGatewayConfig& gateway, const AiSpender& spender, std::int64_t picodollars,
            const AiQuirks& quirks);

  AiWindows& windows() { return windows_; }  // routes count in them too
  void Forget(std::string_view gateway_id);
  void Reset() { windows_.Forget(""); }

 private:
  Runtime& runtime_;
  Random& random_;
  AiWindows windows_;
};

// A scalar of the metadata as text; nullopt when the map has no such key.
std::optional<std::string> MetadataText(const Json& metadata, std::string_view key);

}  // namespace mg::fake
