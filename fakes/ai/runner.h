// One call on its way through AI Gateway: steps, what is done with each, tries, fallback, and the
// headers that say what happened (wire/ai-gateway.md 2.2, 3).
//
// Thread-safety: all members. Time: waits pass in the Runtime and end when the caller goes.
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/ai/call.h"
#include "fakes/ai/control.h"
#include "fakes/ai/gateway.h"
#include "fakes/ai/guards.h"
#include "fakes/ai/step_source.h"
#include "fakes/ai/workers.h"

namespace mg::fake {

class AiRunner {
 public:
  AiRunner(const Credentials& credentials, AiControl& control, Runtime& runtime, Random& random,
           Faults& faults)
      : credentials_(credentials),
        control_(control),
        runtime_(runtime),
        random_(random),
        faults_(faults),
        workers_(credentials, runtime, random, faults) {}

  Response Run(std::shared_ptr<const AiCall> call, AiStepSource& steps, CallNote& note,
               CancelToken& caller_gone);

  std::vector<AiGateway::Seen> seen() const;
  void Reset();

  AiWorkers& workers() { return workers_; }
  void SetKnobs(AiKnobs knobs);
  std::shared_ptr<const AiKnobs> knobs() const;

 private:
  struct Stage {
    const char* name;
    bool (AiRunner::*answers)(AiStepRun& run);
  };
  static const Stage kStages[];

  void RunStep(AiStepRun& run);
  bool RefuseTarget(AiStepRun& run);
  bool AskModel(AiStepRun& run);
  void Record(AiGateway::Seen seen);

  // ai_runner_gateway.cc: what a gateway does with a step before and after its model.
  bool RefuseKey(AiStepRun& run);
  bool AnswerFromCache(AiStepRun& run);
  bool LimitRequests(AiStepRun& run);
  bool LimitSpend(AiStepRun& run);
  bool GuardPrompt(AiStepRun& run);
  void GuardAnswer(AiStepRun& run);
  bool Refuse(AiStepRun& run, AiGuarded side, std::string_view text);
  bool EvaluatorAnswers(AiStepRun& run);
  struct Ending;
  void StoreInCache(const AiStepRun& run);
  void AddHeaders(AiStepRun& run);
  void Book(const Ending& ending, std::int64_t picodollars);
  bool Finish(Ending& ending, const std::string& response_bytes);
  void Settle(AiStepRun& run);

  const Credentials& credentials_;
  AiControl& control_;
  Runtime& runtime_;
  Random& random_;
  Faults& faults_;
  AiWorkers workers_;
  mutable Mutex mutex_;
  std::deque<AiGateway::Seen> seen_;
  std::shared_ptr<const AiKnobs> knobs_ = std::make_shared<const AiKnobs>();
};

}  // namespace mg::fake
