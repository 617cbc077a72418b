// The v4 API's envelope and its common refusals (wire/storage.md 1).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"

namespace mg::fake {

Response V4Result(std::string result_json, std::string_view content_type = "application/json");
Response V4Error(int status, std::int64_t code, std::string_view message);
Response V4NoRoute(std::string_view path);                             // 404 with 7003 and 7000
Response V4Gap(std::string_view operation, std::string_view message);  // 501, with the gap header

// One path segment after another, decoded one by one ("a%2Fb" is one segment). nullopt on a bad
// escape.
std::optional<std::vector<std::string>> PathSegments(std::string_view encoded_path);

}  // namespace mg::fake
