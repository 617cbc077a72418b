#include <utility>

#include "core/base/json.h"
#include "fakes/ai/gateway_body.h"
#include "fakes/ai/managed.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

constexpr std::string_view kWhat = "Gateway";

Response List(AiManaged& call) {
  V4Page paging;
  if (auto wrong = ReadPaging(call.request.Query(), paging)) return std::move(*wrong);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const std::string search = QueryValue(call.request.Query(), "search").value_or("");
  std::vector<Json> items;
  for (const AiGateways::Config& gateway : call.control.gateways.List())
    if (gateway->id.find(search) != std::string::npos) items.push_back(*gateway->document);
  return AiList(items, paging);
}

std::optional<Response> Refusal(const AiGatewayBody& read) {
  if (!read.problems.empty()) return FieldProblems(read.problems);
  if (!read.gap.empty())
    return V4Gap(read.gap, "This emulator does not do " + std::string(read.gap));
  return std::nullopt;
}

Response Create(AiManaged& call) {
  Json body;
  if (auto wrong = ReadBody(call, body)) return std::move(*wrong);
  AiGatewayBody read = ReadGatewayBody(body, nullptr);
  const std::string id = StringAt(body, "id");
  if (!IsAiName(id))
    read.problems.insert(read.problems.begin(),
                         {{"id"}, id.empty() ? "Required" : "Invalid gateway id"});
  if (auto refusal = Refusal(read)) return std::move(*refusal);
  call.note.subject = id;
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  AiGateways::Config kept;
  const AiKept done = call.control.gateways.Create(id, std::move(*read.document), kept);
  return done == AiKept::kYes ? AiResult(*kept->document) : AiNotKept(done, kWhat);
}

Response Replace(AiManaged& call, const AiGatewayConfig& before) {
  Json body;
  if (auto wrong = ReadBody(call, body)) return std::move(*wrong);
  AiGatewayBody read = ReadGatewayBody(body, before.document.get());
  if (auto refusal = Refusal(read)) return std::move(*refusal);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const bool invalidates = read.document->at("cache_invalidate_on_update") == true;
  AiGateways::Config kept;
  const AiKept done = call.control.gateways.Replace(before.id, std::move(*read.document), kept);
  if (done != AiKept::kYes) return AiNotKept(done, kWhat);
  if (invalidates) call.control.cache.Invalidate(before.id);
  return AiResult(*kept->document);
}

Response Delete(AiManaged& call, const AiGatewayConfig& gateway) {
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const AiKept done = call.control.gateways.Delete(gateway.id);
  if (done != AiKept::kYes) return AiNotKept(done, kWhat);
  call.control.ForgetGateway(gateway.id);
  return AiResult(*gateway.document);
}

}  // namespace

Response ManageGateways(AiManaged& call) {
  call.note.operation = "ai.gateways";
  if (call.Is("GET", 1)) return List(call);
  if (call.Is("POST", 1)) return Create(call);
  if (call.path.size() != 2) return V4NoRoute(call.request.Path());
  const AiGateways::Config gateway = call.control.gateways.Find(call.path[1]);
  if (gateway == nullptr) return AiNotFound(kWhat);
  if (call.method() == "PUT") return Replace(call, *gateway);
  if (call.method() == "DELETE") return Delete(call, *gateway);
  if (call.method() != "GET") return V4NoRoute(call.request.Path());
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  return AiResult(*gateway->document);
}

}  // namespace mg::fake
