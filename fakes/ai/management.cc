#include "fakes/ai/management.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/ai/control_knobs.h"
#include "fakes/ai/managed.h"
#include "fakes/gap_routes.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kInvalidCode = 7001;
constexpr std::int64_t kNotFoundCode = 7002;
constexpr std::int64_t kInternalCode = 7000;
constexpr std::size_t kPrefixSegments = 5;  // client v4 accounts {account} ai-gateway

constexpr Operation kGaps[] = {
    {"*", "gateways/{}/datasets", "ai.datasets", "datasets of logs"},
    {"*", "gateways/{}/evaluations", "ai.evaluations", "evaluations"},
    {"*", "evaluation-types", "ai.evaluations", "evaluations"},
    {"*", "billing", "ai.billing", "top-ups and invoices"},
};
constexpr Operation kPartly[] = {
    {"POST", "gateways", "ai.gateways", "otel, logpush, stripe, unified billing"},
    {"PUT", "gateways/{}", "ai.gateways", "otel, logpush, stripe, unified billing"},
    {"POST", "gateways/{}/provider_configs", "ai.provider_configs", "the secrets store"},
};

Response GapOrNoRoute(AiManaged& call) {
  const Operation* gap = FindGap(kGaps, call.path);
  if (gap == nullptr) return V4NoRoute(call.request.Path());
  call.note.operation = gap->name;
  return V4Gap(gap->name, "This emulator does not do " + std::string(gap->name));
}

// With no money in it: nothing here is billed.
Response CreditBalance(AiManaged& call) {
  call.note.operation = "ai.billing";
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  return AiResult(Json{{"balance", 0},
                       {"has_default_payment_method", false},
                       {"payment_method", nullptr},
                       {"topup_config", {{"amount", nullptr}, {"threshold", nullptr}}}});
}

Response UrlOf(AiManaged& call, const AiGatewayConfig& gateway, const std::string& provider) {
  call.note.operation = "ai.url";
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  std::string url = "http://" + std::string(call.request.headers.Get("host")) + "/v1/" +
                    call.account_id + "/" + gateway.id;
  if (provider != "universal") url += "/" + PercentEncode(provider);
  return AiResult(url);
}

Response OfGateway(AiManaged& call) {
  call.note.subject = call.path[1].substr(0, 64);
  if (call.path.size() <= 2) return ManageGateways(call);
  const AiGateways::Config gateway = call.control.gateways.Find(call.path[1]);
  if (gateway == nullptr) return AiNotFound("Gateway");
  const std::string& kind = call.path[2];
  if (kind == "logs") return ManageLogs(call, *gateway);
  if (kind == "routes") return ManageRoutes(call, *gateway);
  if (kind == "provider_configs") return ManageProviderConfigs(call, *gateway);
  if (kind == "url" && call.Is("GET", 4)) return UrlOf(call, *gateway, call.path[3]);
  return GapOrNoRoute(call);
}

Response Answer(AiManaged& call) {
  if (call.path.empty()) return V4NoRoute(call.request.Path());
  const std::string& kind = call.path[0];
  if (kind == "gateways") return call.path.size() == 1 ? ManageGateways(call) : OfGateway(call);
  if (kind == "custom-providers") return ManageCustomProviders(call);
  const bool balance = call.Is("GET", 2) && kind == "billing" && call.path[1] == "credit-balance";
  return balance ? CreditBalance(call) : GapOrNoRoute(call);
}

std::optional<std::int64_t> NumberFrom(std::string_view query_string, std::string_view name,
                                       std::int64_t most, std::int64_t fallback) {
  const auto text = QueryValue(query_string, name);
  if (!text || text->empty()) return fallback;
  const auto number = ParseInt(*text);
  return number && *number >= 1 && *number <= most ? number : std::nullopt;
}

}  // namespace

FakeOperations AiManagementGaps() {
  FakeOperations of = RefusedOf("AI", "/client/v4/accounts/{}/ai-gateway", kGaps);
  of.operations.insert(of.operations.end(), std::begin(kPartly), std::end(kPartly));
  return of;
}

Response AiManagement::Handle(Request& request, CallNote& note) {
  auto segments = PathSegments(request.Path());
  if (!segments || segments->size() < kPrefixSegments) return V4NoRoute(request.Path());
  const std::vector<std::string> path(segments->begin() + kPrefixSegments, segments->end());
  AiManaged call{request, note, control_, runtime_, random_, credentials_.account_id, path};
  return Answer(call);
}

std::optional<Response> ReadBody(AiManaged& call, Json& body) {
  const Instant deadline = call.runtime.Now() + std::chrono::seconds(kManagementBodySeconds);
  if (!call.request.body.Buffer(kManagementBodyBytes, deadline))
    return V4Error(413, kInvalidCode, "The body is too large or did not arrive whole");
  auto json = ParseJson(call.request.body.bytes());
  if (!json || !json->is_object()) return V4Error(400, kInvalidCode, "Invalid JSON body");
  body = std::move(*json);
  return std::nullopt;
}

Response AiNotFound(std::string_view what) {
  return V4Error(404, kNotFoundCode, std::string(what) + " not found");
}

Response AiNotKept(AiKept why, std::string_view what) {
  const std::string name(what);
  switch (why) {
    case AiKept::kExists:
      return V4Error(kGatewayExistsStatus, kInvalidCode, name + " already exists");
    case AiKept::kFull:
      return V4Error(400, kInvalidCode, "The limit of " + name + "s is reached");
    case AiKept::kMissing:
      return AiNotFound(what);
    case AiKept::kYes:
    case AiKept::kFailed:
      break;
  }
  return V4Error(500, kInternalCode, "The store failed");
}

Response AiResult(const Json& result) {
  return V4Result(DumpJson(result));
}

bool IsAiName(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 64 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), fits);
}

std::optional<Response> ReadPaging(std::string_view query_string, V4Page& paging) {
  constexpr std::int64_t kMostPage = 1'000'000;
  const auto page = NumberFrom(query_string, "page", kMostPage, 1);
  const auto per_page = NumberFrom(query_string, "per_page", kMaxItemsPerPage, kPageItems);
  if (!page) return FieldProblem({"page"}, "Number must be greater than or equal to 1");
  if (!per_page)
    return FieldProblem({"per_page"},
                        "Number must be from 1 to " + std::to_string(kMaxItemsPerPage));
  paging = {*page, *per_page};
  return std::nullopt;
}

Response AiList(const std::vector<Json>& items, const V4Page& page) {
  return V4Paged(page, Json(items), /*with_total_pages=*/false);
}

}  // namespace mg::fake
