// Runs a call's steps against the built-in model: tries, time limits, faults, fallback, and the
// headers that say what happened (wire/ai-gateway.md 2.2, 3).
//
// Thread-safety: all members. Time: waits pass in the Runtime and end when the caller goes.
#pragma once
#include <deque>
#include <memory>
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
  AiRunner(const Credentials& credentials, Runtime& runtime, Random& random, Faults& faults)
      : credentials_(credentials), runtime_(runtime), random_(random), faults_(faults) {}

  Response Run(const std::vector<ResolvedStep>& steps, const AiCall& call, CallNote& note,
               CancelToken& caller_gone);

  std::vector<AiGateway::Seen> seen() const;
  void Reset();

  void SetKnobs(AiKnobs knobs);
  std::shared_ptr<const AiKnobs> knobs() const;

 private:
  struct Tried {
    Response response;
    bool repeatable = false;
    std::string fault = {};
    Nanos first_byte = Nanos::zero();  // how long it takes until then
  };
  Tried RunStep(const ResolvedStep& step, const AiCall& call, CallNote& note,
                CancelToken& caller_gone);
  Tried Try(const ResolvedStep& step, std::optional<Nanos> time_limit, std::int64_t attempt,
            const CallNote& note, CancelToken& caller_gone);
  std::optional<FaultRule> NextFault(const ResolvedStep& step, std::int64_t attempt,
                                     const CallNote& note);
  Tried Say(const ResolvedStep& step, const FaultRule& rule, CancelToken& caller_gone);
  Tried Answer(const ResolvedStep& step, CancelToken& caller_gone);
  bool MayUseWorkersAi(std::string_view authorization) const;
  void Record(AiGateway::Seen seen);
  void AddGatewayHeaders(const AiCall& call, std::size_t step, Response& response);

  const Credentials& credentials_;
  Runtime& runtime_;
  Random& random_;
  Faults& faults_;
  const std::shared_ptr<AiLoad> load_ = std::make_shared<AiLoad>();
  mutable Mutex mutex_;
  std::deque<AiGateway::Seen> seen_;
  std::shared_ptr<const AiKnobs> knobs_ = std::make_shared<const AiKnobs>();
};

}  // namespace mg::fake
