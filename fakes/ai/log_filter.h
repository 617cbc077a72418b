// One filter of a log query, and what it is in SQL.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "fakes/ai/log_query.h"

namespace mg::fake {

struct AiLogFilter {
  std::string key;        // "tokens_in", "metadata.key"
  std::string operation;  // eq neq contains lt gt; of flat filters also gte lte
  std::vector<Json> values;
};

inline constexpr std::string_view kLogFilterKeys =
    "id|created_at|request_content_type|response_content_type|request_type|success|cached|"
    "provider|model|model_type|cost|tokens|tokens_in|tokens_out|duration|feedback|event_id|"
    "metadata.key|metadata.value|authentication|wholesale|compatibilityMode|dlp_action|user_agent";
inline constexpr std::string_view kLogFilterOperations = "eq|neq|contains|lt|gt";

// Adds " AND ..." to `where`. What is wrong with its key, operation or a value; nullopt when
// nothing is.
std::optional<std::string> AddLogFilter(const AiLogFilter& filter, AiLogWhere& where);

}  // namespace mg::fake
