// The knobs of the v4 API, KV and D1 fakes, for scenarios (`given`) and the control API, as JSON:
// one object for each part, of the names in the table: {"consistency": "eventual"}.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "fakes/ai/knobs_json.h"
#include "fakes/d1/knobs.h"
#include "fakes/kv/knobs.h"

namespace mg::fake {

struct CloudKnobs {
  std::int64_t account_calls = 0;  // in five minutes, then 429 for five more; 0: no limit
  KvKnobs kv;
  D1Knobs d1;
};

inline constexpr std::string_view kCloudParts[] = {"api", "kv", "d1"};

// Changes what `json` names of that part and leaves the rest. Errors: kInvalid, naming the knob;
// `knobs` is unchanged then. A part must be one of kCloudParts.
Status SetCloudKnobs(std::string_view part, const Json& json, CloudKnobs& knobs);
Json CloudKnobsToJson(std::string_view part, const CloudKnobs& knobs);
std::vector<AiKnobInfo> CloudKnobTable(std::string_view part);

}  // namespace mg::fake
