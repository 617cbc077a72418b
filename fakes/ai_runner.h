// Runs a call's steps against the built-in model: tries, time limits, levers, fallback, and the
// headers that say what happened (wire/ai-gateway.md 2.2, 3).
//
// Thread-safety: all members. Time: waits pass in the Runtime and end when the caller goes.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/cancel.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/ai_gateway.h"
#include "fakes/ai_steps.h"
#include "fakes/ai_target.h"

namespace mg::fake {

struct ResolvedStep {
  AiStep step;
  AiTarget target;
};

struct AiCall {
  std::string metadata_json;  // as AI Gateway keeps it
  std::string event_id;       // of the client; empty: made here
  bool through_gateway = true;
};

class AiRunner {
 public:
  AiRunner(const Credentials& credentials, Runtime& runtime, Random& random)
      : credentials_(credentials), runtime_(runtime), random_(random) {}

  Response Run(const std::vector<ResolvedStep>& steps, const AiCall& call, CallNote& note,
               CancelToken& caller_gone);

  void Pull(const std::string& model, ModelLever lever);
  std::vector<AiGateway::Seen> seen() const;
  void Reset();

 private:
  struct Tried {
    Response response;
    bool repeatable = false;
  };
  Tried RunStep(const ResolvedStep& step, std::int64_t index, const AiCall& call,
                CancelToken& caller_gone);
  Tried Try(const ResolvedStep& step, std::optional<Nanos> time_limit, CancelToken& caller_gone);
  Response Answer(const ResolvedStep& step);
  bool MayUseWorkersAi(std::string_view authorization) const;
  std::optional<ModelLever> TakeLever(const std::string& model);
  void Record(AiGateway::Seen seen);
  void AddGatewayHeaders(const AiCall& call, std::size_t step, Response& response);

  const Credentials& credentials_;
  Runtime& runtime_;
  Random& random_;
  mutable Mutex mutex_;
  std::map<std::string, ModelLever> levers_;
  std::deque<AiGateway::Seen> seen_;
};

}  // namespace mg::fake
