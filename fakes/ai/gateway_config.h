// One gateway's configuration, as the data path reads it (wire/ai-gateway.md 4.2 to 4.4, 6).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json_fwd.h"

namespace mg::fake {

struct AiSpendRule {
  std::string id;
  std::string limit_text;  // as it was written: "0.5"
  std::int64_t limit_picodollars = 0;
  std::int64_t window_seconds = 0;
  bool sliding = false;
  std::vector<std::string> partition_keys;                         // of the metadata, sorted
  std::map<std::string, std::vector<std::string>> must_be_one_of;  // metadata key: values
  std::vector<std::string> models;                                 // empty: any
  std::vector<std::string> providers;                              // empty: any
};

struct AiGuardPolicy {  // of Llama Guard: a category's name to whether it blocks (else it flags)
  std::map<std::string, bool> prompt, response;
  bool empty() const { return prompt.empty() && response.empty(); }
};

struct AiDlpPolicy {
  std::string id;
  bool blocks = false;
  bool checks_request = false, checks_response = false;
  std::vector<std::string> profiles;
};

struct AiGatewayConfig {
  std::string id;
  bool authentication = false;
  bool collect_logs = true;
  std::int64_t cache_ttl_seconds = 0;  // 0: nothing is cached
  std::int64_t rate_limit = 0;         // 0: none
  std::int64_t rate_interval_seconds = 0;
  bool rate_sliding = false;
  std::int64_t most_log_rows = 0;
  bool deletes_oldest_log = false;
  std::int64_t retry_tries = 0;  // 0: as the fake's default
  std::int64_t retry_delay_ms = 0;
  std::string retry_backoff;             // "": as the fake's default
  std::vector<AiSpendRule> spend_rules;  // those that count
  AiGuardPolicy guardrails;
  std::vector<AiDlpPolicy> dlp;  // those that count

  std::shared_ptr<const Json> document;  // what the management API shows
};

// Of a document that ReadGatewayBody made, with its id.
AiGatewayConfig GatewayConfigOf(std::shared_ptr<const Json> document);

inline constexpr double kMostDollars = 9e6;
// Dollars in millionths of millionths, rounded; saturates at kMostDollars.
std::int64_t PicodollarsOf(double dollars);

}  // namespace mg::fake
