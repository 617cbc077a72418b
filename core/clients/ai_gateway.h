// AI Gateway's inference endpoints (wire/ai-gateway.md 1, 2.4): universal, and Workers AI's own
// OpenAI dialect for the direct strategy. The caller decides steps, limits and retries.
//
// Thread-safety: all members. Errors: as Transport, and kInvalid for a query that is not a JSON
// object. Every HTTP answer comes back as a Response, its body possibly still streaming.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
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

  // `query_json` is the caller's chat body, an object; `model` in it is replaced by each step's and
  // `stream` is dropped, the rest goes out byte for byte.
  // `metadata_json` goes out as cf-aig-metadata (AIG-1).
  Result<Response> Universal(const std::vector<ModelStep>& steps, std::string_view query_json,
                             std::string_view metadata_json, const Deadlines& deadlines,
                             CancelToken& cancel);
  // POST {base}/workers-ai/v1/chat/completions
  Result<Response> Direct(const ModelStep& step, std::string_view query_json,
                          std::string_view metadata_json, const Deadlines& deadlines,
                          CancelToken& cancel);

 private:
  Request Post(std::string_view path, std::string_view metadata_json) const;

  Transport& transport_;
  std::string origin_;           // of settings.base
  std::string base_path_;        // the rest of it
  std::string gateway_bearer_;   // cf-aig-authorization
  std::string provider_bearer_;  // Authorization of a step (AIG-8)
  std::string step_head_;        // of a universal step, up to its time limit
};

// The internal code of an error answer, whichever of the five envelopes it came in
// (wire/ai-gateway.md 4.5): error[0].code, else internalCode, else errors[0].code. nullopt when
// there is none.
std::optional<std::int64_t> AiErrorCode(std::string_view body);

}  // namespace mg
