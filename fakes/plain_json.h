// JSONC that people write, as plain JSON: comments and positions are gone.
#pragma once
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/base/jsonc.h"
#include "core/base/result.h"

namespace mg::fake {

Json PlainJson(const JsoncNode& node);

// Errors: kInvalid, "file:line:column: what is wrong".
Result<Json> JsonFromJsonc(std::string_view text, std::string_view file_name);

}  // namespace mg::fake
