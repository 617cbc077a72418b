// CORS of a bucket: S3's XML, the REST API's JSON, and what follows for a browser's request
// (wire/storage.md 4.11).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/http/message.h"

namespace mg::fake {

struct CorsRule {
  std::string id;
  std::vector<std::string> origins;  // "scheme://host[:port]" or "*"
  std::vector<std::string> methods;
  std::vector<std::string> headers;
  std::vector<std::string> exposed;
  std::optional<std::int64_t> max_age_seconds;
};

using CorsRules = std::vector<CorsRule>;

// nullopt when the document is none, or has what R2 does not know.
std::optional<CorsRules> CorsFromXml(std::string_view text);
std::optional<CorsRules> CorsFromJson(std::string_view text);
std::string CorsToJson(const CorsRules& rules);  // {"rules":[...]}
Response CorsAsXml(const CorsRules& rules);

// Of a request with an Origin: nothing when no rule allows it.
void AddCorsHeaders(const CorsRules& rules, const Request& request, Response& response);
// To an OPTIONS request: 204 with the headers, or 403.
Response Preflight(const CorsRules& rules, const Request& request);

}  // namespace mg::fake
