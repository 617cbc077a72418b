// One call of AI Gateway, and one step of it on its way: what every stage reads and fills.
//
// Ownership: owns its parts, since a stream ends after its request has gone; `note` and
// `caller_gone` alone are the call's own and end with it.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/ports/cancel.h"
#include "core/ports/runtime.h"
#include "fakes/ai/cache.h"
#include "fakes/ai/gateway_config.h"
#include "fakes/ai/steps.h"
#include "fakes/ai/target.h"
#include "fakes/service.h"

namespace mg::fake {

class AiRouteWalk;

struct AiCall {
  enum class Kind { kUniversal, kProvider, kCompat, kRest };
  Kind kind = Kind::kUniversal;
  std::shared_ptr<const AiGatewayConfig> gateway;  // null: Workers AI without one
  bool authenticated = false;  // the gateway's own token came with it, and was right
  std::string path, user_agent, content_type;
  Instant began;
  WallTime began_at;

  bool through_gateway() const { return gateway != nullptr; }
};

struct ResolvedStep {
  AiStep step;
  AiTarget target;
  std::shared_ptr<AiRouteWalk> walk = nullptr;  // of a dynamic route; null: of none
  bool ends_call = false;                       // no other step is asked after it
};

// What a model's answer took. Of a stream it is right once the stream has ended.
struct AiUsage {
  std::int64_t tokens_in = 0, tokens_out = 0;
  std::int64_t micro_neurons = 0;  // 1,000,000 are a neuron
};

struct AiStepRun {
  std::shared_ptr<const AiCall> call;
  std::shared_ptr<const ResolvedStep> resolved;
  int index = 0;  // of the step
  CallNote& note;
  CancelToken& caller_gone;

  Response response;           // of the stage that answered
  std::string log_id;          // a ULID
  std::string event_id;        // the client's, or made up
  bool from_model = false;     // the model was asked, and answered well
  bool ends_call = false;      // no other step is asked, whatever this one's response
  bool key_is_stored = false;  // the gateway has a key of Workers AI for it (BYOK)
  AiCacheUse cache = {};
  bool cached = false;
  std::string dlp_action = "";  // "BLOCK", "FLAG"; empty: no finding
  std::string dlp_header = "";
  std::shared_ptr<AiUsage> usage = std::make_shared<AiUsage>();

  const AiStep& step() const { return resolved->step; }
  const AiTarget& target() const { return resolved->target; }
  const AiSettings& settings() const { return resolved->step.settings; }
};

}  // namespace mg::fake
