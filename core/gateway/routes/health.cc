#include "core/base/json.h"
#include "core/gateway/routes/routes.h"

namespace mg {

Response AnswerHealth(Exchange&, Services&) {
  return JsonResponse(200, R"({"status":"ok","service":"moltgate","gateway_port":18789})");
}

// SBX-1, SBX-2: says how the agent is and starts nothing.
Response AnswerStatus(Exchange& exchange, Services& services) {
  const SandboxView view = services.sandboxes.View(exchange.tenant->sandbox_id);
  Json body{{"ok", view.state == SandboxState::kRunning}, {"status", SandboxStateName(view.state)}};
  if (view.process_id != 0) body["processId"] = view.process_id;
  if (!view.error.empty()) body["error"] = view.error;
  Response response = JsonResponse(200, DumpJson(body));
  response.headers.Set("cache-control", "no-store");
  return response;
}

}  // namespace mg
