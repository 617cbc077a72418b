// Strict JSON (RFC 8259) over nlohmann::json. Include only in sources that read or write JSON (it
// is slow to compile); headers use json_fwd.h.
//
// Errors: kInvalid with line and column. Depth is limited, duplicate keys are refused when asked.
#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/base/result.h"

namespace mg {

struct JsonRules {
  std::size_t max_depth = 64;
  bool refuse_duplicate_keys = false;  // JWT headers and claims, profiles
};

Result<Json> ParseJson(std::string_view text, JsonRules rules = {});

// Compact text; invalid UTF-8 becomes U+FFFD (never throws).
std::string DumpJson(const Json& value);

// The member when it is a string (integer, object) of that name, else the fallback (nullptr). Never
// throws.
std::string StringAt(const Json& object, std::string_view key, std::string_view fallback = "");
std::int64_t IntAt(const Json& object, std::string_view key, std::int64_t fallback);
const Json* Find(const Json& object, std::string_view key);  // nullptr when absent or not an object

}  // namespace mg
