#include "core/services/model_map.h"

#include <limits>
#include <vector>

#include "core/base/json.h"
#include "core/base/jsonc.h"

namespace mg {
namespace {

using Problem = std::optional<MapProblem>;

constexpr std::string_view kSettingsPrefix = "models.";

Problem Wrong(std::string param, const std::string& what) {
  std::string message = "\"" + param + "\" " + what + ".";
  return MapProblem{std::move(param), std::move(message)};
}

Problem RefuseUnknown(const Json& object, const std::vector<std::string>& known,
                      const std::string& path) {
  for (const auto& member : object.items()) {
    const std::string& key = member.key();
    bool is_known = false;
    for (const std::string& name : known) is_known = is_known || name == key;
    if (is_known) continue;
    const std::string nearest = NearestWord(key, known);
    return Wrong(path + key, nearest.empty()
                                 ? "is no key of the model map"
                                 : "is no key of the model map; did you mean \"" + nearest + "\"?");
  }
  return std::nullopt;
}

Problem ReadText(const Json& object, const std::string& path, const std::string& key,
                 std::string& text) {
  const Json* value = Find(object, key);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (!value->is_string()) return Wrong(path + key, "must be a string");
  text = value->get<std::string>();
  return std::nullopt;
}

Problem ReadCount(const Json& object, const std::string& path, const std::string& key,
                  std::int64_t& count) {
  const Json* value = Find(object, key);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (!value->is_number_integer()) return Wrong(path + key, "must be a whole number");
  count = IntAt(object, key, std::numeric_limits<std::int64_t>::max());
  return std::nullopt;
}

Problem ReadRoute(const Json& map, const std::string& tier, ModelRoute& route) {
  const Json* json = Find(map, tier);
  if (json == nullptr || !json->is_object()) return Wrong(tier, "must be an object");
  const std::string path = tier + ".";
  if (auto unknown = RefuseUnknown(
          *json, {"primary", "fallback", "first_byte_ms", "fallback_first_byte_ms", "attempts"},
          path))
    return unknown;
  const std::int64_t fallback_ms = ModelMap().premium.fallback_first_byte_ms;
  route.primary.clear();
  route.fallback.clear();
  std::int64_t attempts = route.attempts;
  if (auto problem = ReadText(*json, path, "primary", route.primary)) return problem;
  if (auto problem = ReadText(*json, path, "fallback", route.fallback)) return problem;
  route.fallback_first_byte_ms = route.fallback.empty() ? 0 : fallback_ms;
  if (auto problem = ReadCount(*json, path, "first_byte_ms", route.first_byte_ms)) return problem;
  if (!route.fallback.empty()) {
    if (auto problem =
            ReadCount(*json, path, "fallback_first_byte_ms", route.fallback_first_byte_ms))
      return problem;
  }
  if (auto problem = ReadCount(*json, path, "attempts", attempts)) return problem;
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  route.attempts = static_cast<int>(attempts < 0 ? 0 : attempts > kMost ? kMost : attempts);
  return std::nullopt;
}

}  // namespace

Problem ReadModelMap(const Json& json, ModelMap& map) {
  if (!json.is_object()) return MapProblem{"", "The model map must be an object."};
  if (auto unknown = RefuseUnknown(json, {"free", "premium", "override", "source"}, ""))
    return unknown;
  ModelMap read;
  if (auto problem = ReadRoute(json, "free", read.free)) return problem;
  if (auto problem = ReadRoute(json, "premium", read.premium)) return problem;
  const auto problems = CheckModelMap(read);
  if (!problems.empty())
    return Wrong(problems.front().name.substr(kSettingsPrefix.size()), problems.front().what);
  map = std::move(read);
  return std::nullopt;
}

Json ModelMapToJson(const ModelMap& map) {
  return {{"free", ModelRouteToJson(map.free)}, {"premium", ModelRouteToJson(map.premium)}};
}

Json ModelRouteToJson(const ModelRoute& route) {
  Json json{{"primary", route.primary},
            {"first_byte_ms", route.first_byte_ms},
            {"attempts", route.attempts}};
  json["fallback"] = route.fallback.empty() ? Json(nullptr) : Json(route.fallback);
  if (!route.fallback.empty()) json["fallback_first_byte_ms"] = route.fallback_first_byte_ms;
  return json;
}

}  // namespace mg
