// The parts of AI Gateway's management API, one function for each kind of thing. Internal to
// ai_management.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/http/message.h"
#include "fakes/ai/control.h"
#include "fakes/ai/fields.h"
#include "fakes/service.h"
#include "fakes/v4.h"

namespace mg::fake {

// One call, its path taken apart below ".../ai-gateway/". Values point into the call.
struct AiManaged {
  Request& request;
  CallNote& note;
  AiControl& control;
  Runtime& runtime;
  Random& random;
  const std::string& account_id;
  const std::vector<std::string>& path;  // "gateways", "{id}", "logs", ...

  std::string_view method() const { return request.method; }
  bool Is(std::string_view wanted_method, std::size_t segments) const {
    return request.method == wanted_method && path.size() == segments;
  }
};

// gateways[/{id}]; the others stand below gateways/{id}/.
Response ManageGateways(AiManaged& call);
Response ManageLogs(AiManaged& call, const AiGatewayConfig& gateway);
Response ManageRoutes(AiManaged& call, const AiGatewayConfig& gateway);
Response ManageProviderConfigs(AiManaged& call, const AiGatewayConfig& gateway);
Response ManageCustomProviders(AiManaged& call);

// What the parts share.
std::optional<Response> ReadBody(AiManaged& call, Json& body);  // a JSON object
Response AiNotFound(std::string_view what);                     // 404, 7002
Response AiNotKept(AiKept why, std::string_view what);          // of everything but kYes
Response AiResult(const Json& result);
bool IsAiName(std::string_view text);  // of gateways: a-z, 0-9, '_' and '-' within

// Of ?page and ?per_page; a response when they are no numbers in range.
std::optional<Response> ReadPaging(std::string_view query_string, V4Page& paging);
// One page of `items`, with result_info. A page past the end is empty.
Response AiList(const std::vector<Json>& items, const V4Page& page);

}  // namespace mg::fake
