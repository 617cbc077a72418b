// The shapes of D1's refusals: they differ by what failed (wire/storage.md 3.1).
#pragma once
#include <string_view>

#include "core/http/message.h"
#include "fakes/d1/engine.h"

namespace mg::fake::d1 {

Response InvalidProperty(std::string_view message);  // neither `result` nor `messages`
Response Malformed(std::string_view message);        // `result` is null
Response SqlError(std::string_view message);         // `result` is an empty array
Response NotFound(std::string_view id);
Response FailureAnswer(const Failure& failure, std::string_view operation);

}  // namespace mg::fake::d1
