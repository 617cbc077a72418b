// Workers AI behind AI Gateway: one try of one step, with the fault that meets it and the time it
// takes (wire/ai-gateway.md 1, 3.1).
//
// Thread-safety: all members. Time: waits pass in the Runtime and end when the caller goes.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"
#include "core/ports/cancel.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/ai/answers.h"
#include "fakes/ai/call.h"
#include "fakes/ai/knobs.h"
#include "fakes/ai/pace.h"
#include "fakes/ai/reply.h"
#include "fakes/credentials.h"
#include "fakes/faults.h"

namespace mg::fake {

// A step's or a v4 call's Authorization header.
bool MayUseWorkersAi(std::string_view authorization, const Credentials& credentials,
                     const AiKnobs& knobs);

// A failure that may pass; 2005 stands for a provider that could not be reached.
bool IsRepeatable(int status, std::int64_t code);

class AiWorkers {
 public:
  AiWorkers(const Credentials& credentials, Runtime& runtime, Random& random, Faults& faults)
      : credentials_(credentials), runtime_(runtime), random_(random), faults_(faults) {}

  struct Try {
    std::int64_t attempt = 1;         // of the step
    std::optional<Nanos> time_limit;  // to the first byte
  };
  struct Tried {
    Response response;
    bool repeatable = false;           // a failure that may pass
    std::string fault = {};            // the rule that met it
    Nanos first_byte = Nanos::zero();  // how long it takes until then; Ask has waited
    bool late = false;                 // it took longer than it may
  };
  Tried Ask(AiStepRun& run, const AiKnobs& knobs, const Try& asked);

  // Who is asked before the built-in model, in this order. At any time.
  void SetReplies(std::vector<std::shared_ptr<ReplySource>> sources);

 private:
  bool MayUse(const AiStepRun& run, const AiKnobs& knobs) const;
  std::optional<FaultRule> NextFault(const AiStepRun& run, std::int64_t attempt);
  Tried Say(AiStepRun& run, const ModelKnobs& knobs, const FaultRule& rule, Instant latest);
  Tried Answer(AiStepRun& run, const ModelKnobs& knobs, Instant latest);
  Tried Chat(AiStepRun& run, const ModelKnobs& knobs, Instant latest);
  std::optional<ModelReply> Replied(AiStepRun& run, const ChatQuestion& question, const Json& query,
                                    Instant latest);
  Tried Whole(AiStepRun& run, const ModelKnobs& knobs, const ChatQuestion& question,
              ModelAnswer answer);
  Tried Passed(const ModelReply::Raw& raw, const ModelKnobs& knobs, CancelToken& caller_gone);
  Tried Spoken(AiStepRun& run, const ModelKnobs& knobs, std::shared_ptr<SpokenAnswer> spoken);
  Tried Embed(AiStepRun& run, const ModelKnobs& knobs);
  AiVoice VoiceOf(const AiTarget& target, const ModelKnobs& knobs);

  const Credentials& credentials_;
  Runtime& runtime_;
  Random& random_;
  Faults& faults_;
  const std::shared_ptr<AiLoad> load_ = std::make_shared<AiLoad>();
  mutable Mutex mutex_;
  std::vector<std::shared_ptr<ReplySource>> replies_;
};

}  // namespace mg::fake
