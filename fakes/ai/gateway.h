// AI Gateway in front of Workers AI (wire/ai-gateway.md): universal, provider, compat and REST
// paths; chat and embeddings in both dialects, streams, JSON mode and tools; per-step time limits,
// cf-aig-* headers, the service's own error envelopes.
//
// Models answer from fixtures, recordings or another server where such are set (ai_reply.h), else
// from the built-in one; embeddings are always built in.
//
// Gaps, refused with x-moltgate-gap: OpenAI's responses and Anthropic's messages, other providers,
// realtime WebSockets, batches; of management those that ai_management.h names. Calls within a
// WebSocket are in no journal. Ignored without a word: tracing. Which token Workers AI accepts is a
// knob; AI Gateway takes its own alone.
//
// Faults meet each try (operation "ai.run", key and model the step's model, tenant the metadata's
// sandbox_id): a delay comes before the first byte and so under the step's time limit; a hang ends
// as Workers AI's own 408 when nothing limits it; a code brings its envelope, without one it is
// what Workers AI says with that status (520 to 530: not JSON). A reset loses the whole call's
// answer. One with `after_chunks` meets streams alone, after the first byte and so no time limit's.
// A rule for "ai.route" (key: the route's name) breaks a dynamic route before it asks a model; one
// for "ai.guard" puts the guards' evaluator out of reach.
//
// Time: model latency and time limits pass in the Runtime; a wait ends when the caller goes.
// Ownership: the fake, and the `caller_gone` of a call, outlive the reading of its stream.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/ai/knobs.h"
#include "fakes/credentials.h"
#include "fakes/faults.h"
#include "fakes/service.h"

namespace mg::fake {

class ReplySource;

class AiGateway final : public Service {
 public:
  // `folder`: where ai.sqlite and ai_logs.sqlite live; empty keeps them in memory. Throws
  // std::runtime_error when it cannot open them.
  AiGateway(const Credentials& credentials, const std::string& folder, Runtime& runtime,
            Random& random, Faults& faults);
  ~AiGateway() override;
  // /v1/{account}/{gateway}/... and /client/v4/accounts/{account}/ai/..., /ai-gateway/...; of the
  // last the token is Cloud's to check.
  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) override;
  void Reset() override;

  // For "metadata on every model call": what each try of a step carried, oldest first, bounded.
  // The metadata is what AI Gateway keeps: "null" when one bad value wiped it, "" when none came.
  struct Seen {
    std::string metadata_json, model;
    std::int64_t step = 0;
    int status = 0;            // 0: the connection was dropped
    std::int64_t attempt = 0;  // of the step, from 1
    std::string fault;         // the rule that met it
  };
  std::vector<Seen> seen() const;

  // At any time; calls that began before keep what they began with. Reset leaves them.
  void SetKnobs(AiKnobs knobs);
  // Who answers chats before the built-in model, in this order (ai_reply.h). Reset leaves them.
  void SetReplies(std::vector<std::shared_ptr<ReplySource>> sources);
  AiKnobs knobs() const;
  bool AnswersAtOnce() const;  // no knob makes Handle wait; faults apart

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg::fake
