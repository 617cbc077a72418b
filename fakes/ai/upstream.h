// Another server as the model: anything that speaks OpenAI's chat completions, such as Ollama or
// llama.cpp.
//
// Thread-safety: all members. Time: its own; an answer that does not begin in time is given up.
// Ownership: `transport` and `runtime` outlive it and every answer of it.
#pragma once
#include <string>
#include <string_view>

#include "core/ports/runtime.h"
#include "core/ports/transport.h"
#include "fakes/ai/reply.h"

namespace mg::fake {

struct AiUpstreamOptions {
  std::string url;      // "http://127.0.0.1:11434/v1"; without a path /v1 is taken
  std::string model;    // what the server calls it; empty: as Workers AI does
  std::string api_key;  // empty: none
};

class AiUpstream final : public ReplySource {
 public:
  AiUpstream(AiUpstreamOptions options, Transport& transport, Runtime& runtime);
  std::optional<ModelReply> Answer(const ModelAsked& asked) override;

 private:
  Request RequestFor(const ModelAsked& asked) const;
  ModelReply Failure(const Error& error, const ModelAsked& asked) const;
  ModelReply Whole(Response response, const ModelAsked& asked) const;
  ModelReply Refusal(Response response, const ModelAsked& asked) const;

  const AiUpstreamOptions options_;
  std::string origin_, path_;
  Transport& transport_;
  Runtime& runtime_;
};

}  // namespace mg::fake
