// AI Gateway's inference endpoints (wire/ai-gateway.md 1, 2.4): universal, Workers AI's own OpenAI
// dialect for the direct strategy, and a deployed route for the dynamic one. The caller decides
// steps, limits and retries.
//
// Thread-safety: all members. Errors: as Transport. Every HTTP answer comes back as a Response, its
// body possibly still streaming.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/clients/chat_body.h"
#include "core/config/settings.h"
#include "core/http/message.h"
#include "core/ports/transport.h"

namespace mg {

struct ModelStep {
  std::string model;  // "@cf/meta/..."
  std::int64_t request_timeout_ms = 0;
};

class AiGatewayClient {
 public:
  AiGatewayClient(Transport& transport, AiGatewaySettings settings);

  // In all of them the query's model is replaced and the rest goes out byte for byte;
  // `metadata_json` goes out as cf-aig-metadata (AIG-1).

  Result<Response> Universal(const std::vector<ModelStep>& steps, const ChatBody& query,
                             std::string_view metadata_json, const Deadlines& deadlines,
                             CancelToken& cancel);
  // POST {base}/workers-ai/v1/chat/completions
  Result<Response> Direct(const ModelStep& step, const ChatBody& query,
                          std::string_view metadata_json, const Deadlines& deadlines,
                          CancelToken& cancel);
  // POST {base}/compat/chat/completions with model dynamic/{settings.dynamic_route}
  Result<Response> Dynamic(const ChatBody& query, std::string_view metadata_json,
                           const Deadlines& deadlines, CancelToken& cancel);

 private:
  Request Post(std::string_view path, std::string_view metadata_json) const;

  Transport& transport_;
  std::string origin_;           // of settings.base
  std::string base_path_;        // the rest of it
  std::string gateway_bearer_;   // cf-aig-authorization
  std::string provider_bearer_;  // Authorization of a step (AIG-8)
  std::string dynamic_model_;    // "dynamic/..."
  std::string step_head_;        // of a universal step, up to its time limit
};

}  // namespace mg
