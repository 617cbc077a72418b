#include "fakes/ai/errors.h"

#include "core/base/check.h"
#include "core/base/json.h"
#include "fakes/ai/knobs.h"
#include "fakes/service.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

// Ours: the service has no such refusal.
constexpr int kGapStatus = 501;
constexpr std::int64_t kGapCode = 7001;

constexpr std::int64_t kWorkerThrew = 1101;
constexpr const char* kWorkerThrewPage =
    "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>Worker threw exception | Cloudflare"
    "</title></head><body><h1>Error 1101</h1><h2>Worker threw exception</h2></body></html>\n";

struct Row {
  std::int64_t code;
  int status;
  AiShape shape;
  const char* message;
};

constexpr Row kRows[] = {
    {2001, 400, AiShape::kGateway, "Please configure AI Gateway in the Cloudflare dashboard"},
    {2003, 429, AiShape::kGateway, "Rate limited"},
    {2005, 400, AiShape::kGateway, "Failed to get response from provider"},
    {2008, 400, AiShape::kGateway, "Invalid provider"},
    {2009, 401, AiShape::kGateway, "Unauthorized"},
    {2016, 424, AiShape::kGateway, "Prompt blocked due to security configurations"},
    {2017, 424, AiShape::kGateway, "Response blocked due to security configurations"},
    {2021, 402, AiShape::kGateway, "Insufficient balance; add money to your gateway or use BYOK"},
    {2029, 424, AiShape::kGateway, "Request content blocked due to DLP policy violations"},
    {2030, 424, AiShape::kGateway, "Response content blocked due to DLP policy violations"},
    {2040, 400, AiShape::kGateway, "Provider 'workers-ai' has no BYOK credential of that name"},
    {2041, 429, AiShape::kGateway, "Spend limit exceeded"},
    {2045, 429, AiShape::kGateway, "Spend limit exceeded"},
    {kBadUniversalBodyCode, 400, AiShape::kGateway, "The body must be an array of steps"},
    {7003, 404, AiShape::kV4, "Could not route to this object"},
    {10000, 401, AiShape::kV4, "Authentication error"},
    {3003, 400, AiShape::kModel, "Missing headers or body"},
    {3006, 413, AiShape::kModel, "Request is too large"},
    {3007, 408, AiShape::kModel, "Request timeout"},
    {3008, 408, AiShape::kModel, "Request was aborted"},
    {3021, 429, AiShape::kModel, "rate limiting: inference request per min rate reached"},
    {3030, 400, AiShape::kModel, "Max context reached"},
    {3036, 429, AiShape::kModel, "You have used up your daily free allocation of 10,000 neurons"},
    {3040, 429, AiShape::kModel, "Capacity temporarily exceeded, please try again."},
    {3042, 404, AiShape::kModel, "Invalid model ID"},
    {3043, 500, AiShape::kModel, "Internal server error"},  // UNCONFIRMED
    {3050, 503, AiShape::kModel, "Max retries exhausted"},
    {5005, 405, AiShape::kModel, "LoRA unsupported"},
    {5006, 400, AiShape::kModel, "Bad input: Error"},
    {5007, 400, AiShape::kModel, "No such model or task"},
    {8001, 400, AiShape::kModel, "Invalid input"},
    {8007, 400, AiShape::kModel, "Upstream error"},
    {5016, 403, AiShape::kModel, "Model agreement not accepted"},
    {5018, 403, AiShape::kModel, "Account not allowed for private model"},
    {5024, 400, AiShape::kModel, "JSON Mode couldn't be met"},  // UNCONFIRMED: code and status
    {5028, kDeprecatedModelStatus, AiShape::kModel,
     "This model was deprecated on 2026-05-30. Please use an alternative model"},
};

// What Workers AI says with a status when nothing more is known.
constexpr std::int64_t UsualCode(int status) {
  switch (status) {
    case 400:
      return 5006;
    case 403:
      return 5018;
    case 404:
      return 3042;
    case 405:
      return 5005;
    case 408:
      return 3007;
    case 413:
      return 3006;
    case 429:
      return 3040;
    case 503:
      return 3050;
    default:
      return 3043;
  }
}

const Row* RowOf(std::int64_t code) {
  for (const Row& row : kRows)
    if (row.code == code) return &row;
  return nullptr;
}

std::string GatewayBody(const AiError& error) {
  const Json entry = {{"code", error.code}, {"message", error.message}};
  return DumpJson({{"success", false},
                   {"result", Json::array()},
                   {"messages", Json::array()},
                   {"error", Json::array({entry})},
                   {"name", "AiGatewayError"},
                   {"httpCode", error.status},
                   {"internalCode", error.code},
                   {"message", error.message},
                   {"description", error.message}});
}

std::string ModelBody(const AiError& error) {
  const Json entry = {{"message", "AiError: " + error.message}, {"code", error.code}};
  return DumpJson({{"errors", Json::array({entry})},
                   {"success", false},
                   {"result", Json::object()},
                   {"messages", Json::array()}});
}

}  // namespace

AiError KnownAiError(std::int64_t code, std::string_view message) {
  const Row* row = RowOf(code);
  MG_CHECK(row != nullptr, "an AI error code that is not in the table");
  return AiError{row->status, code, row->shape,
                 message.empty() ? std::string(row->message) : std::string(message)};
}

AiError BadSetting(std::string_view header) {
  return KnownAiError(kBadUniversalBodyCode, "Invalid value of " + std::string(header));
}

AiError ProviderError(int status, std::int64_t code) {
  if (code == kWorkerThrew) return AiError{status, code, AiShape::kEdge, kWorkerThrewPage};
  if (code == 0 && status >= 520 && status <= 530) {
    const bool silent = status == 520 || status == 524;
    return AiError{status, 0, AiShape::kEdge,
                   silent ? "" : "error code: " + std::to_string(status)};
  }
  const Row* row = RowOf(code == 0 ? UsualCode(status) : code);
  if (row == nullptr) return AiError{status, code, AiShape::kModel, "Internal server error"};
  return AiError{status, row->code, row->shape, row->message};
}

Response AiErrorResponse(const AiError& error) {
  switch (error.shape) {
    case AiShape::kGateway:
      return JsonResponse(error.status, GatewayBody(error));
    case AiShape::kV4:
      return V4Error(error.status, error.code, error.message);
    case AiShape::kModel:
      return JsonResponse(error.status, ModelBody(error));
    case AiShape::kEdge:
      return TextResponse(error.status, error.message,
                          error.code == kWorkerThrew ? "text/html; charset=UTF-8" : "text/plain");
  }
  MG_CHECK(false, "an AI error without a shape");
}

void MakeLegacyEnvelope(Response& response) {
  if (response.status < 400 || response.body.is_stream()) return;
  auto json = ParseJson(response.body.bytes());
  if (!json || StringAt(*json, "name") != "AiGatewayError") return;
  for (const char* newer : {"name", "httpCode", "internalCode", "message", "description"})
    json->erase(newer);
  response.body = DumpJson(*json);
}

std::string AiErrorFrame(std::int64_t code, bool as_list) {
  constexpr std::int64_t kUsual = 3040;
  const std::int64_t said = code == 0 ? kUsual : code;
  const Row* row = RowOf(said);
  const Json entry = {{"message", row == nullptr ? "Internal server error" : row->message},
                      {"code", said}};
  const Json body = as_list ? Json{{"errors", Json::array({entry})}} : Json{{"error", entry}};
  return "data: " + DumpJson(body) + "\n\n";
}

Response AiGapResponse(std::string_view operation, std::string_view message) {
  Response response =
      AiErrorResponse(AiError{kGapStatus, kGapCode, AiShape::kGateway, std::string(message)});
  response.headers.Set(kGapHeader, operation);
  return response;
}

}  // namespace mg::fake
