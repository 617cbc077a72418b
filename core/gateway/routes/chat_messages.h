// The nested parts of a chat request: messages and tools.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/gateway/routes/chat_input.h"

namespace mg {

std::optional<InputProblem> CheckMessages(const Json& chat);
std::optional<InputProblem> CheckTools(const Json& chat);  // tools and tool_choice

// The member, unless it is null, which counts as absent.
const Json* Given(const Json& object, std::string_view key);
// {param, "\"param\" must be <what>."}
InputProblem MustBe(const std::string& param, const std::string& what);

}  // namespace mg
