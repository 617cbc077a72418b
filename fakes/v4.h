// The v4 API's envelope, its common refusals and its pages (wire/storage.md 1).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/http/message.h"

namespace mg::fake {

inline constexpr const char* kThrottled = "Please wait and consider throttling your request speed";
inline constexpr std::int64_t kThrottledCode = 971;

Response V4Result(std::string result_json, std::string_view content_type = "application/json");
Response V4Error(int status, std::int64_t code, std::string_view message);
Response V4NoRoute(std::string_view path);                             // 404 with 7003 and 7000
Response V4MethodNotAllowed();                                         // 405
Response V4Gap(std::string_view operation, std::string_view message);  // 501, with the gap header

// A list's envelope: `result_info` says which part of it `result` is.
Response V4Listed(const Json& result, const Json& result_info);

// "page" and "per_page" of a query: what makes no sense is the default, what is too much the most.
struct V4Page {
  std::int64_t page = 1;
  std::int64_t per_page = 20;
};
V4Page ReadPage(std::string_view query, std::int64_t default_per_page, std::int64_t max_per_page);

// That page of `items` as a whole envelope; one past the end is empty, or clients never stop.
Response V4Paged(const V4Page& page, const Json& items, bool with_total_pages = true);

// One path segment after another, decoded one by one ("a%2Fb" is one segment). nullopt on a bad
// escape.
std::optional<std::vector<std::string>> PathSegments(std::string_view encoded_path);

}  // namespace mg::fake
