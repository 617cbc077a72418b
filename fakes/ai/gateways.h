// The account's gateways: their configurations, kept with the state (wire/ai-gateway.md 6).
//
// Thread-safety: all members. A configuration that was handed out never changes.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/ports/runtime.h"
#include "fakes/ai/documents.h"
#include "fakes/ai/gateway_config.h"

namespace mg::fake {

enum class AiKept { kYes, kExists, kFull, kMissing, kFailed };

class AiGateways {
 public:
  using Config = std::shared_ptr<const AiGatewayConfig>;

  // The gateway `own_id` is there from the start: authenticated, with logs, without cache or limit.
  AiGateways(std::string own_id, AiDocuments& documents, Runtime& runtime);

  Config Find(std::string_view id) const;  // null: no such gateway
  // As Find; the gateway "default" is made by its first call.
  Config FindOrMakeDefault(std::string_view id);
  std::vector<Config> List() const;  // oldest first
  bool AnyIsGuarded() const;         // a call may have to wait for Llama Guard

  // `document` is ReadGatewayBody's. Both fill `kept` when they return kYes.
  AiKept Create(std::string_view id, Json document, Config& kept);
  AiKept Replace(std::string_view id, Json document, Config& kept);
  AiKept Delete(std::string_view id);
  void Reset();

 private:
  void Load();
  Config Stamped(std::string_view id, Json document, std::string_view created_at) const;
  Config* Place(std::string_view id);
  AiKept Add(Config config);

  const std::string own_id_;
  AiDocuments& documents_;
  Runtime& runtime_;
  mutable Mutex mutex_;
  std::vector<Config> gateways_;
};

}  // namespace mg::fake
