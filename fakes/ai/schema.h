// A value that a JSON Schema admits, the same for the same schema: what the built-in model says in
// JSON mode and calls tools with.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"

namespace mg::fake {

// What a text of that name holds; the name is the property's, "" where there is none.
using FillText = std::function<std::string(std::string_view name)>;

// nullopt where this cannot make one: patterns, contradictions, schemas that go on for ever.
// Total and bounded.
std::optional<Json> InstanceOf(const Json& schema, const FillText& fill);

}  // namespace mg::fake
