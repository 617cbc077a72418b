// The model map as operators write it: {"free": {...}, "premium": {...}}, the profile's keys.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "core/config/settings.h"

namespace mg {

struct MapProblem {
  std::string param;    // "premium.attempts"; empty: the whole
  std::string message;  // a sentence that names it
};

// Both tiers are needed, and `primary` of each; what else is absent or null is as built in, but for
// `fallback`: absent is none. `override` and `source`, which the map is shown with, are passed
// over. Checked as at start (AIG-3). The first problem, or nothing and `map` is what was written.
std::optional<MapProblem> ReadModelMap(const Json& json, ModelMap& map);

Json ModelMapToJson(const ModelMap& map);  // ReadModelMap reads it
Json ModelRouteToJson(const ModelRoute& route);

}  // namespace mg
