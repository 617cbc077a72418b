// Model routing (AIG-1 to AIG-12): which model, how long, how often, and what the caller gets at
// the end.
//
// The model map is the settings' until operators put another; a request that is under way keeps the
// one that it began with.
//
// Thread-safety: all members. Time: every wait obeys `caller_gone` and the whole-request deadline
// (AIG-10).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clients/ai_gateway.h"
#include "core/clients/chat_answer.h"
#include "core/config/settings.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "core/services/models_policy.h"
#include "core/services/models_stream.h"
#include "core/services/tenants.h"

namespace mg {

struct ModelAnswer {
  enum class Outcome {
    kAnswered,       // `status` is the model's, 2xx; so are `body` or `stream`
    kCallerError,    // a 4xx that is the caller's own: status and `failure` as they came
    kTimedOut,       // 504
    kRateLimited,    // 429, retry_after_seconds
    kFailed,         // 502
    kModelNotFound,  // 404 model_not_found (AIG-12)
    kCancelled,      // the caller went away
  };
  Outcome outcome = Outcome::kFailed;
  int status = 0;  // what the caller gets; 0 when cancelled
  std::string body;
  std::shared_ptr<ModelStream> stream;  // a streamed answer, instead of `body`
  std::string content_type;
  AiFailure failure;
  int step = 0;                      // 0 primary, 1 fallback
  int attempts = 0;                  // sends
  std::string model;                 // that served, or was asked last
  bool cache_hit = false;            // then no usage row (USG-1)
  std::optional<TokenCounts> usage;  // when the answer reports it; a stream knows at its end
  std::int64_t retry_after_seconds = 0;
  std::string cause;  // for the log alone
};

// AIG-11: what a tenant gets, without a call.
struct RoutingView {
  ModelRoute route;
  std::string metadata_json;
  std::string_view strategy;
};

class Models {
 public:
  Models(const Settings& settings, AiGatewayClient& client, Runtime& runtime, Random& random,
         Log& log);

  // `chat_json` is the caller's body, already known to be a JSON object. `workload` is
  // x-moltgate-workload (AIG-2). With `stream: true` this returns when the first bytes of the
  // stream are here; no attempt follows after that. `caller_gone` outlives the stream.
  ModelAnswer Complete(const Tenant& tenant, std::string_view workload, std::string_view chat_json,
                       CancelToken& caller_gone);

  // From the next request on. `map_json` is what PutModelMap stored; "" is the settings' map. One
  // that cannot be read changes nothing and is logged.
  void UseMap(const std::string& map_json);

  RoutingView Routing(const Tenant& tenant) const;
  // Models a tenant may name: its route's (AIG-12), primary first.
  std::vector<std::string> Names(const Tenant& tenant) const;
  struct MapView {
    ModelMap map;  // without the override
    std::string override_primary;
    bool of_operators = false;  // else the settings'
  };
  MapView Map() const;

 private:
  struct Planned {
    ModelRoute route;
    std::vector<PlannedSend> plan;
  };
  struct Routes {
    ModelMap map;
    std::string map_json;  // as it was put; "" for the settings'
    Planned free;
    Planned premium;

    const Planned& For(Tier tier) const { return tier == Tier::kFree ? free : premium; }
  };
  Planned PlannedOf(ModelRoute route) const;
  std::shared_ptr<const Routes> RoutesOf(const ModelMap& map, const std::string& map_json) const;
  std::shared_ptr<const Routes> routes() const;

  const AiStrategy strategy_;
  const StreamLimits stream_limits_;
  const ModelMap settings_map_;
  const std::string override_primary_;
  mutable Mutex mutex_;
  std::shared_ptr<const Routes> routes_;
  AiGatewayClient& client_;
  Runtime& runtime_;
  Random& random_;
  Log& log_;
};

// AIG-1, AIG-2: {"platform","tier","workload","sandbox_id"}, all strings, at most 64 characters
// each.
std::string MetadataJson(const Tenant& tenant, std::string_view workload);

}  // namespace mg
