#include <utility>

#include "core/base/json.h"
#include "core/base/utc.h"
#include "fakes/ai/control_knobs.h"
#include "fakes/ai/managed.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

constexpr std::string_view kWhat = "Log";
constexpr double kPicodollars = 1e12;
constexpr const char* kRangeNames[kLogRanges] = {"cost", "duration", "tokens_in", "tokens_out",
                                                 "total_tokens"};

Json OrNull(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json MetadataOf(const AiLogRow& row) {  // an object on the wire, whatever the reference says
  auto metadata = ParseJson(row.metadata_json);
  return metadata ? std::move(*metadata) : Json();
}

Json RowJson(const AiLogRow& row) {
  Json score;
  if (row.score) score = ParseJson(*row.score).value();
  return Json{{"id", row.id},
              {"created_at", UtcText(row.created_ms)},
              {"duration", row.duration_ms},
              {"provider", row.provider},
              {"model", row.model},
              {"model_type", row.model_type},
              {"path", row.path},
              {"request_type", row.request_type},
              {"request_content_type", row.request_content_type},
              {"response_content_type", row.response_content_type},
              {"status_code", row.status_code},
              {"step", row.step},
              {"success", row.success},
              {"cached", row.cached},
              {"custom_cost", row.custom_cost},
              {"cost", static_cast<double>(row.cost_picodollars) / kPicodollars},
              {"tokens_in", row.tokens_in},
              {"tokens_out", row.tokens_out},
              {"metadata", MetadataOf(row)},
              {"event_id", row.event_id},
              {"authentication", row.authentication},
              {"wholesale", false},
              {"dlp_action", OrNull(row.dlp_action)},
              {"feedback", row.feedback ? Json(*row.feedback) : Json()},
              {"score", std::move(score)}};
}

void AddPayload(const char* side, const std::optional<std::string>& payload, std::int64_t bytes,
                Json& into) {
  const std::string name(side);
  into[name + "_size"] = bytes;
  if (!payload) return;
  into[name + "_head"] = payload->substr(0, kPayloadHeadBytes);
  into[name + "_head_complete"] = payload->size() <= kPayloadHeadBytes;
}

Response List(AiManaged& call, const AiGatewayConfig& gateway) {
  AiLogQuery query;
  const auto problems = ReadLogQuery(call.request.Query(), AiLogVerb::kList, query);
  if (!problems.empty()) return FieldProblems(problems);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto page = call.control.logs.List(gateway.id, query);
  if (!page) return AiNotKept(AiKept::kFailed, kWhat);
  Json result = Json::array();
  for (const AiLogRow& row : page->rows) result.push_back(RowJson(row));
  Json info{{"page", query.page},
            {"per_page", query.per_page},
            {"count", result.size()},
            {"total_count", page->total}};
  for (std::size_t i = 0; i < page->ranges.size(); ++i) {
    const double unit = i == 0 ? kPicodollars : 1;
    info[std::string("min_") + kRangeNames[i]] = static_cast<double>(page->ranges[i].least) / unit;
    info[std::string("max_") + kRangeNames[i]] = static_cast<double>(page->ranges[i].most) / unit;
  }
  return V4Listed(result, info);
}

Response DeleteSome(AiManaged& call, const AiGatewayConfig& gateway) {
  AiLogQuery query;
  const auto problems = ReadLogQuery(call.request.Query(), AiLogVerb::kDelete, query);
  if (!problems.empty()) return FieldProblems(problems);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (!call.control.logs.Delete(gateway.id, query)) return AiNotKept(AiKept::kFailed, kWhat);
  return AiResult(Json{{"success", true}});
}

bool IsScalarMap(const Json& map) {
  if (!map.is_object()) return false;
  for (const Json& value : map)
    if (value.is_null() || value.is_structured()) return false;
  return true;
}

// Fills `change`, or says what is wrong with the body.
std::optional<Response> ReadChange(const Json& body, AiLogChange& change) {
  if (const Json* feedback = Find(body, "feedback")) {
    const std::int64_t value = IntAt(body, "feedback", 2);
    if (!feedback->is_null() && (value < -1 || value > 1))
      return FieldProblem({"feedback"}, "Expected -1, 0, 1 or null");
    change.feedback.emplace();
    if (!feedback->is_null()) *change.feedback = value;
  }
  if (const Json* score = Find(body, "score")) {
    const double value = score->is_number() ? score->get<double>() : -1;
    if (!score->is_null() && (value < 0 || value > 100))
      return FieldProblem({"score"}, "Expected a number from 0 to 100, or null");
    change.score.emplace();
    if (!score->is_null()) *change.score = DumpJson(*score);
  }
  if (const Json* metadata = Find(body, "metadata")) {
    if (!metadata->is_null() && !IsScalarMap(*metadata))
      return FieldProblem({"metadata"}, "Expected an object of texts, numbers and truth values");
    change.metadata_json.emplace();
    if (!metadata->is_null()) *change.metadata_json = DumpJson(*metadata);
  }
  return std::nullopt;
}

Response Change(AiManaged& call, const AiGatewayConfig& gateway) {
  Json body;
  if (auto wrong = ReadBody(call, body)) return std::move(*wrong);
  AiLogChange change;
  if (auto wrong = ReadChange(body, change)) return std::move(*wrong);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (!call.control.logs.Change(gateway.id, call.path[3], change)) return AiNotFound(kWhat);
  return AiResult(Json::object());
}

Response Details(const AiLogRow& row) {
  Json details = RowJson(row);
  AddPayload("request", row.request, row.request_bytes, details);
  AddPayload("response", row.response, row.response_bytes, details);
  return AiResult(details);
}

// As it went over the wire, without an envelope.
Response Payload(const std::optional<std::string>& payload, const std::string& content_type) {
  if (!payload) return AiNotFound("Payload");
  Response response;
  response.headers.Set("content-type", content_type.empty() ? "application/json" : content_type);
  response.body = *payload;
  return response;
}

}  // namespace

Response ManageLogs(AiManaged& call, const AiGatewayConfig& gateway) {
  call.note.operation = "ai.logs";
  if (call.Is("GET", 3)) return List(call, gateway);
  if (call.Is("DELETE", 3)) return DeleteSome(call, gateway);
  if (call.Is("PATCH", 4)) return Change(call, gateway);
  const bool payload =
      call.path.size() == 5 && (call.path[4] == "request" || call.path[4] == "response");
  if (call.method() != "GET" || (call.path.size() != 4 && !payload))
    return V4NoRoute(call.request.Path());
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto row = call.control.logs.Get(gateway.id, call.path[3]);
  if (!row) return AiNotFound(kWhat);
  if (!payload) return Details(*row);
  return call.path[4] == "request" ? Payload(row->request, row->request_content_type)
                                   : Payload(row->response, row->response_content_type);
}

}  // namespace mg::fake
