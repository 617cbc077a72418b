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
#include "fakes/ai_call.h"
#include "fakes/ai_gateway.h"
#include "fakes/ai_workers.h"

namespace mg::fake {

// Which step is next: of a universal request the next of its list.
class AiStepSource {
 public:
  virtual ~AiStepSource() = default;
  virtual std::shared_ptr<const ResolvedStep> Next() = 0;  // null: there is none
  virtual void Report(bool answered) = 0;                  // how the last one did
};

class AiStepList final : public AiStepSource {
 public:
  explicit AiStepList(std::vector<ResolvedStep> steps) : steps_(std::move(steps)) {}
  std::shared_ptr<const ResolvedStep> Next() override;
  void Report(bool) override {}

 private:
  std::vector<ResolvedStep> steps_;
  std::size_t at_ = 0;
};

class AiRunner {
 public:
  AiRunner(const Credentials& credentials, Runtime& runtime, Random& random, Faults& faults)
      : runtime_(runtime), random_(random), workers_(credentials, runtime, random, faults) {}

  Response Run(std::shared_ptr<const AiCall> call, AiStepSource& steps, CallNote& note,
               CancelToken& caller_gone);

  std::vector<AiGateway::Seen> seen() const;
  void Reset();

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
  void AddHeaders(AiStepRun& run);
  void Record(AiGateway::Seen seen);

  Runtime& runtime_;
  Random& random_;
  AiWorkers workers_;
  mutable Mutex mutex_;
  std::deque<AiGateway::Seen> seen_;
  std::shared_ptr<const AiKnobs> knobs_ = std::make_shared<const AiKnobs>();
};

}  // namespace mg::fake
