// A universal request's steps (wire/ai-gateway.md 2.4).
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json_fwd.h"
#include "fakes/ai/errors.h"
#include "fakes/ai/settings.h"

namespace mg::fake {

struct AiStep {
  std::string provider;
  std::string endpoint;
  std::string authorization;  // of the provider; empty when the step has none
  std::shared_ptr<const Json> query;
  std::string query_text;  // as it came: what a cache compares
  AiSettings settings;
};

// Fills `steps`; the error when the body is no array of steps, or has settings that make no sense
// where those are to be refused.
std::optional<AiError> ReadSteps(const Json& body, const AiSettings& defaults, bool refuse_nonsense,
                                 std::vector<AiStep>& steps);

}  // namespace mg::fake
