// What the AI Gateway fake keeps beside its models: configurations, routes, keys, logs, the cache
// and the counters. One store for the data path, which reads and counts, and for the management
// API, which changes (ai_management.h).
//
// Thread-safety: all members.
#pragma once
#include <string>

#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/ai/cache.h"
#include "fakes/ai/documents.h"
#include "fakes/ai/gateways.h"
#include "fakes/ai/limits.h"
#include "fakes/ai/logs.h"
#include "fakes/ai/providers.h"
#include "fakes/ai/routes.h"
#include "fakes/credentials.h"

namespace mg::fake {

struct AiControl {
  // `folder`: where ai.sqlite and ai_logs.sqlite live; empty keeps them in memory. Throws
  // std::runtime_error when they cannot be opened.
  AiControl(const Credentials& credentials, const std::string& folder, Runtime& runtime,
            Random& random);

  void ForgetGateway(const std::string& id);  // all that hangs on one that was deleted
  void Reset();

  AiDocuments documents;
  AiGateways gateways;
  AiRoutes routes;
  AiProviders providers;
  AiLogs logs;
  AiCache cache;
  AiLimits limits;
};

}  // namespace mg::fake
