// What AI Gateway keeps of one request (wire/ai-gateway.md 6).
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace mg::fake {

struct AiLogRow {
  std::string id;  // a ULID
  std::int64_t created_ms = 0;
  std::int64_t duration_ms = 0;
  std::string provider, model, model_type, path;
  std::string request_type;  // "universal", "provider", "compat", "rest"
  std::string request_content_type, response_content_type;
  std::int64_t status_code = 0;
  std::int64_t step = 0;
  bool success = false, cached = false, custom_cost = false, authentication = false;
  bool compatibility = false;
  std::int64_t cost_picodollars = 0;
  std::int64_t tokens_in = 0, tokens_out = 0;
  std::string metadata_json;  // an object; "null" or empty: none
  std::string event_id, dlp_action, user_agent;
  std::int64_t request_bytes = 0, response_bytes = 0;
  std::optional<std::string> request, response;  // none: the payload is not kept

  std::optional<std::int64_t> feedback;  // -1, 0, 1
  std::optional<std::string> score;      // a JSON number
};

}  // namespace mg::fake
