// Model routing (AIG-1 to AIG-12): which model, how long, how often, and what the caller gets at
// the end.
//
// Thread-safety: all members. Time: every wait obeys `caller_gone` and the whole-request deadline
// (AIG-10).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clients/ai_gateway.h"
#include "core/config/settings.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "core/services/models_policy.h"
#include "core/services/tenants.h"

namespace mg {

struct TokenCounts {
  std::int64_t in = 0;
  std::int64_t out = 0;
};

struct ModelAnswer {
  enum class Outcome {
    kAnswered,       // `status` and `body` are the model's, 2xx
    kCallerError,    // a 4xx that is the caller's own: status and body as they came
    kTimedOut,       // 504
    kRateLimited,    // 429, retry_after_seconds
    kFailed,         // 502
    kModelNotFound,  // 404 model_not_found (AIG-12)
    kCancelled,      // the caller went away
  };
  Outcome outcome = Outcome::kFailed;
  int status = 0;  // what the caller gets; 0 when cancelled
  std::string body;
  std::string content_type;
  int step = 0;                      // 0 primary, 1 fallback
  int attempts = 0;                  // sends
  std::string model;                 // that served, or was asked last
  bool cache_hit = false;            // then no usage row (USG-1)
  std::optional<TokenCounts> usage;  // when the answer reports it
  std::int64_t retry_after_seconds = 0;
  std::string cause;  // for the log alone
};

// AIG-11: what a tenant gets, without a call.
struct RoutingView {
  ModelRoute route;
  std::string metadata_json;
  std::string strategy;
};

class Models {
 public:
  Models(const Settings& settings, AiGatewayClient& client, Runtime& runtime, Random& random,
         Log& log);

  // `chat_json` is the caller's body, already known to be a JSON object without `stream: true`.
  // `workload` is x-moltgate-workload (AIG-2).
  ModelAnswer Complete(const Tenant& tenant, std::string_view workload, std::string_view chat_json,
                       CancelToken& caller_gone);

  RoutingView Routing(const Tenant& tenant) const;
  // Models a tenant may name: its route's (AIG-12), primary first.
  std::vector<std::string> Names(const Tenant& tenant) const;

 private:
  struct Planned {
    ModelRoute route;
    std::vector<PlannedSend> plan;
  };
  static Planned PlannedOf(ModelRoute route, const std::string& override_primary,
                           AiStrategy strategy);
  const Planned& PlannedFor(Tier tier) const;

  AiStrategy strategy_;
  Planned free_;
  Planned premium_;
  AiGatewayClient& client_;
  Runtime& runtime_;
  Random& random_;
  Log& log_;
};

// AIG-1, AIG-2: {"platform","tier","workload","sandbox_id"}, all strings, at most 64 characters
// each.
std::string MetadataJson(const Tenant& tenant, std::string_view workload);

}  // namespace mg
