// The body that creates or replaces a gateway, checked (wire/ai-gateway.md 6).
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "fakes/ai/fields.h"

namespace mg::fake {

// A body that was read: a whole document, or what is wrong with it, or what this fake has not.
struct AiGatewayBody {
  std::shared_ptr<Json> document;  // its `id` and times apart
  std::vector<AiFieldProblem> problems;
  std::string_view gap;  // "ai.otel"; empty when nothing
};

// `before`: the document that a PUT replaces, null for a POST. Optional members that the body
// leaves out stay as they were (UNCONFIRMED). A rule without an id is called by its place.
AiGatewayBody ReadGatewayBody(const Json& body, const Json* before);

}  // namespace mg::fake
