#include "fakes/v4.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/service.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kNoRouteCode = 7003;
constexpr std::int64_t kNoUriCode = 7000;
constexpr std::int64_t kMethodCode = 10405;  // UNCONFIRMED, and its text
constexpr std::int64_t kGapCode = 7001;      // ours: the service has no such refusal

Response Failure(int status, Json errors) {
  Json envelope = {{"result", nullptr},
                   {"success", false},
                   {"errors", std::move(errors)},
                   {"messages", Json::array()}};
  return JsonResponse(status, DumpJson(envelope));
}

}  // namespace

Response V4Result(std::string result_json, std::string_view content_type) {
  std::string text = R"({"result":)";
  text.append(result_json).append(R"(,"success":true,"errors":[],"messages":[]})");
  Response response;
  response.headers.Set("content-type", content_type);
  response.body = std::move(text);
  return response;
}

Response V4Error(int status, std::int64_t code, std::string_view message) {
  return Failure(status, Json::array({{{"code", code}, {"message", message}}}));
}

Response V4NoRoute(std::string_view path) {
  const std::string message =
      "Could not route to " + std::string(path) + ", perhaps your object identifier is invalid?";
  return Failure(404, Json::array({{{"code", kNoRouteCode}, {"message", message}},
                                   {{"code", kNoUriCode}, {"message", "No route for that URI"}}}));
}

Response V4MethodNotAllowed() {
  return V4Error(405, kMethodCode, "Method not allowed");
}

Response V4Gap(std::string_view operation, std::string_view message) {
  Response response = V4Error(501, kGapCode, message);
  response.headers.Set(kGapHeader, operation);
  return response;
}

Response V4Listed(const Json& result, const Json& result_info) {
  return JsonResponse(200, DumpJson(Json{{"result", result},
                                         {"success", true},
                                         {"errors", Json::array()},
                                         {"messages", Json::array()},
                                         {"result_info", result_info}}));
}

V4Page ReadPage(std::string_view query, std::int64_t default_per_page, std::int64_t max_per_page) {
  const auto number = [query](std::string_view name, std::int64_t fallback) {
    const auto text = QueryValue(query, name);
    const std::int64_t value = text ? ParseInt(*text).value_or(fallback) : fallback;
    return value < 1 ? fallback : value;
  };
  return {number("page", 1), std::min(number("per_page", default_per_page), max_per_page)};
}

Response V4Paged(const V4Page& page, const Json& items, bool with_total_pages) {
  const auto total = static_cast<std::int64_t>(items.size());
  const std::int64_t pages = (total + page.per_page - 1) / page.per_page;
  Json shown = Json::array();
  if (page.page <= pages) {
    const std::int64_t first = (page.page - 1) * page.per_page;
    for (std::int64_t i = first; i < std::min(first + page.per_page, total); ++i) {
      shown.push_back(items[static_cast<std::size_t>(i)]);
    }
  }
  Json info = {{"page", page.page},
               {"per_page", page.per_page},
               {"count", shown.size()},
               {"total_count", total}};
  if (with_total_pages) info["total_pages"] = pages;
  return V4Listed(shown, info);
}

std::optional<std::vector<std::string>> PathSegments(std::string_view encoded_path) {
  if (!encoded_path.empty() && encoded_path.front() == '/') encoded_path.remove_prefix(1);
  std::vector<std::string> segments;
  for (const std::string_view part : Split(encoded_path, '/')) {
    auto segment = PercentDecode(part);
    if (!segment) return std::nullopt;
    segments.push_back(std::move(*segment));
  }
  return segments;
}

}  // namespace mg::fake
