// AI Gateway's management API, /client/v4/accounts/{account}/ai-gateway/... (wire/ai-gateway.md 6):
// gateways, logs, dynamic routes, keys of providers, custom providers, URLs, the credit balance.
// Answers have the v4 envelope; what is wrong with a body or a query is 7001, what is not there
// 7002. The account and the token are checked before.
//
// Gaps: datasets, evaluations, top-ups and invoices; exports (otel, logpush, stripe), unified
// billing and the secrets store as settings.
//
// Journal: "ai.gateways", "ai.logs", "ai.routes", "ai.provider_configs", "ai.custom_providers",
// "ai.url", "ai.billing"; the subject is the gateway's id. Each is a fault point before its effect.
#pragma once
#include "core/http/message.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/ai/control.h"
#include "fakes/credentials.h"
#include "fakes/service.h"

namespace mg::fake {

// Thread-safety: Handle from any task.
class AiManagement {
 public:
  AiManagement(const Credentials& credentials, AiControl& control, Runtime& runtime, Random& random)
      : credentials_(credentials), control_(control), runtime_(runtime), random_(random) {}

  Response Handle(Request& request, CallNote& note);

 private:
  const Credentials& credentials_;
  AiControl& control_;
  Runtime& runtime_;
  Random& random_;
};

}  // namespace mg::fake
