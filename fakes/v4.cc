#include "fakes/v4.h"

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/service.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kNoRouteCode = 7003;
constexpr std::int64_t kNoUriCode = 7000;
constexpr std::int64_t kGapCode = 7001;  // ours: the service has no such refusal

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

Response V4Gap(std::string_view operation, std::string_view message) {
  Response response = V4Error(501, kGapCode, message);
  response.headers.Set(kGapHeader, operation);
  return response;
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
