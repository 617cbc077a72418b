// How a call, or one step of it, is to be treated: what AI Gateway takes for granted, overruled by
// the request's headers, then a step's headers, then its config (wire/ai-gateway.md 2, 3).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/http/headers.h"
#include "core/ports/runtime.h"
#include "fakes/ai/gateway_config.h"

namespace mg::fake {

enum class AiBackoff { kConstant, kLinear, kExponential };

struct AiCustomCost {  // dollars; total, or both of the others
  std::optional<double> total;
  double per_token_in = 0, per_token_out = 0;
};

struct AiSettings {
  std::optional<std::int64_t> time_limit_ms;  // to the first byte
  std::optional<std::int64_t> tries;
  std::int64_t retry_delay_ms = 0;
  AiBackoff backoff = AiBackoff::kConstant;

  std::optional<std::int64_t> cache_ttl_s;  // as it was asked: 0, or up to a month
  bool skip_cache = false;
  std::string cache_key;  // the caller's own; empty: none

  std::optional<bool> collect_log, collect_log_payload;
  std::string metadata_json;  // what is kept of it: "null" after one bad value, "" without a header
  std::string event_id;       // empty: one is made up
  std::optional<AiCustomCost> custom_cost;
  std::string byok_alias;
};

// Changes what the headers say. The name of the first header that makes no sense, or "": that one
// is left out.
std::string_view ApplyAiHeaders(const Headers& headers, AiSettings& settings);
// A universal step's `config`; what makes no sense is left out.
void ApplyAiConfig(const Json& config, AiSettings& settings);

// What a gateway's configuration says of tries, where it says something.
void ApplyGateway(const AiGatewayConfig& gateway, AiSettings& settings);

// Before try `next` (2 is the first repetition).
Nanos RetryDelay(const AiSettings& settings, std::int64_t next);

// The sandbox id that metadata names; "" when it names none.
std::string TenantOf(std::string_view metadata_json);

// What AI Gateway keeps of a cf-aig-metadata header: at most five entries, none of them `cf.*`;
// "null" when one value is no scalar, or the text no object; "" without a header.
std::string StoredMetadata(std::string_view header);

}  // namespace mg::fake
