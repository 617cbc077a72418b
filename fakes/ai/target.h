// What a provider and an endpoint name: the model and the dialect it is spoken to in
// (wire/ai-gateway.md 1).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "fakes/ai/catalogue.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/question.h"

namespace mg::fake {

struct AiTarget {
  AiDialect dialect = AiDialect::kOpenAi;
  AiTask task = AiTask::kChat;
  std::string provider = "workers-ai";
  std::string model;               // "@cf/..."; empty when the step never got that far
  std::string written_model;       // as the caller wrote it, which an answer repeats
  const AiModel* known = nullptr;  // set unless there is an error, a gap or a route
  std::string route;               // "dynamic/<route>"; then there is no model yet
  std::optional<AiError> error;
  std::string_view gap;  // what this fake has not; empty when nothing
};

// A step of AI Gateway. `strict_run_path`: native calls need "run/" before the model.
AiTarget ResolveTarget(std::string_view provider, std::string_view endpoint, const Json& query,
                       bool strict_run_path);
// /client/v4/accounts/{account}/ai/run/{model}
AiTarget ResolveRestModel(std::string_view model);

}  // namespace mg::fake
