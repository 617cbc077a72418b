// The edge's settings as JSON, for scenarios (given.edge), the control API and `up --edge`:
// {"country": "DE", "body_bytes": 1000000, "rules": [...], "ratelimits": [...]}. Rules and bindings
// are written as Cloudflare writes them; each list replaces the former one.
#pragma once
#include <vector>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "fakes/edge/settings.h"

namespace mg::fake {

// Changes what `json` names and leaves the rest. Errors: kInvalid, naming the member; `settings` is
// unchanged then.
Status SetEdgeSettings(const Json& json, EdgeSettings& settings);

Json EdgeSettingsToJson(const EdgeSettings& settings);  // all of them; SetEdgeSettings reads it

// What can be said, for who describes or checks a format.
struct EdgeSettingInfo {
  enum class Form { kBool, kWhole, kWord, kList };
  const char* name;
  const char* about;
  Form form;
  double least, most;  // of kWhole
};
const std::vector<EdgeSettingInfo>& EdgeSettingTable();

}  // namespace mg::fake
