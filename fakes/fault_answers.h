// What a rule's refusal looks like: the shape of the service that the operation belongs to, and the
// code that it says with that status (wire/storage.md 1.6, 2.3, 3.3, 4.2).
#pragma once
#include <string_view>

#include "core/http/message.h"
#include "fakes/faults.h"

namespace mg::fake {

// Of the edge, whose error pages depend on the request: the code, 0 for none, in an answer that has
// the status and no body. The edge makes its page of that.
inline constexpr const char* kEdgeCodeHeader = "x-moltgate-edge-code";

// `rule.body` as it is, or the service's envelope around `rule.status` and `rule.code`. AI Gateway
// has its own (ai_errors.h); of its rules only those with a body come here.
Response FaultAnswer(const FaultRule& rule, std::string_view operation);

// No answer at all.
Response DroppedConnection();

}  // namespace mg::fake
