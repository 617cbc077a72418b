// Conditions of dynamic routes in the manner of MongoDB: {"metadata.plan": {"$eq": "free"}},
// {"$and": [...]}, {"$or": [...]} (wire/ai-gateway.md 3.5). Only $eq is documented; $ne, $gt,
// $gte, $lt, $lte, $in and $nin are assumed. Fields are metadata's alone.
//
// Thread-safety: pure. Bounded: depth and size are checked.
#pragma once
#include <optional>
#include <string>

#include "core/base/json_fwd.h"

namespace mg::fake {

// What is wrong with it; nullopt when it can be evaluated.
std::optional<std::string> CheckCondition(const Json& condition);

// Of a condition that was checked. `metadata`: an object, or null. A field that is not there is
// equal to nothing, and so also unlike everything.
bool Holds(const Json& condition, const Json& metadata);

}  // namespace mg::fake
