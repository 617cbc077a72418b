#include "fakes/edge/settings_json.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/jsonc.h"

namespace mg::fake {
namespace {

using Form = EdgeSettingInfo::Form;

constexpr double kMostBytes = 10e9;
constexpr std::size_t kMaxBindings = 100;
constexpr std::size_t kWordBytes = 8;

Error Wrong(const std::string& what) {
  return {Code::kInvalid, what};
}

Status ReadFlag(const Json& json, const EdgeSettingInfo& info, bool& out) {
  if (!json.is_boolean()) return Wrong(std::string("\"") + info.name + "\" must be true or false");
  out = json.get<bool>();
  return Ok();
}
template <class Number>
Status ReadWhole(const Json& json, const EdgeSettingInfo& info, Number& out) {
  const double number = json.is_number_integer() ? json.get<double>() : -1;
  if (!(number >= info.least && number <= info.most))
    return Wrong(std::string("\"") + info.name + "\" must be a whole number from " +
                 std::to_string(static_cast<std::int64_t>(info.least)));
  out = static_cast<Number>(number);
  return Ok();
}
// A code of letters and digits, as a header carries it.
Status ReadWord(const Json& json, const EdgeSettingInfo& info, std::string& out) {
  const std::string word = json.is_string() ? json.get<std::string>() : "";
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
  if (word.empty() || word.size() > kWordBytes || !plain)
    return Wrong(std::string("\"") + info.name + "\" must be a code such as \"DE\"");
  out = word;
  return Ok();
}

Status ReadRules(const Json& json, const EdgeSettingInfo&, std::vector<RateRule>& out) {
  if (!json.is_array() || json.size() > kMaxRateRules)
    return Wrong("\"rules\" must be an array of at most " + std::to_string(kMaxRateRules));
  std::vector<RateRule> rules;
  for (const Json& item : json) {
    auto rule = RateRuleFromJson(item);
    if (!rule) return Wrong("rule " + std::to_string(rules.size()) + ": " + rule.error().message);
    rules.push_back(std::move(*rule));
  }
  out = std::move(rules);
  return Ok();
}

Result<RateBinding> ReadBinding(const Json& json) {
  RateBinding binding;
  binding.name = StringAt(json, "name");
  binding.namespace_id = StringAt(json, "namespace_id");
  binding.slack = IntAt(json, "slack", 0);
  const Json* simple = Find(json, "simple");
  if (simple != nullptr) {
    binding.limit = IntAt(*simple, "limit", 0);
    binding.period_seconds = IntAt(*simple, "period", 0);
  }
  if (binding.name.empty()) return Wrong("a binding of \"ratelimits\" has a \"name\"");
  if (ParseUint(binding.namespace_id).value_or(0) == 0)
    return Wrong(binding.name + ": \"namespace_id\" must be a positive whole number, as a text");
  if (binding.period_seconds != 10 && binding.period_seconds != 60)
    return Wrong(binding.name + ": \"period\" must be 10 or 60");
  if (binding.limit < 1) return Wrong(binding.name + ": \"limit\" must be a number from 1");
  if (binding.slack < 0) return Wrong(binding.name + ": \"slack\" must be a number from 0");
  return binding;
}

Status ReadBindings(const Json& json, const EdgeSettingInfo&, std::vector<RateBinding>& out) {
  if (!json.is_array() || json.size() > kMaxBindings)
    return Wrong("\"ratelimits\" must be an array of at most " + std::to_string(kMaxBindings));
  std::vector<RateBinding> bindings;
  for (const Json& item : json) {
    MG_TRY(binding, ReadBinding(item));
    bindings.push_back(std::move(binding));
  }
  out = std::move(bindings);
  return Ok();
}

Json Written(const std::vector<RateRule>& rules) {
  Json list = Json::array();
  for (const RateRule& rule : rules) {
    auto source = ParseJson(rule.source);
    if (source) list.push_back(std::move(*source));
  }
  return list;
}
Json Written(const std::vector<RateBinding>& bindings) {
  Json list = Json::array();
  for (const RateBinding& one : bindings) {
    list.push_back({{"name", one.name},
                    {"namespace_id", one.namespace_id},
                    {"slack", one.slack},
                    {"simple", {{"limit", one.limit}, {"period", one.period_seconds}}}});
  }
  return list;
}
template <class Plain>
Json Written(const Plain& value) {
  return value;
}

struct Setting {
  EdgeSettingInfo info;
  Status (*read)(const Json& json, const EdgeSettingInfo& info, EdgeSettings& settings);
  Json (*write)(const EdgeSettings& settings);
};

#define MG_SETTING(name, form, least, most, read, member, about)                    \
  {                                                                                 \
    {name, about, form, least, most},                                               \
        [](const Json& json, const EdgeSettingInfo& info, EdgeSettings& settings) { \
          return read(json, info, settings.member);                                 \
        },                                                                          \
        [](const EdgeSettings& settings) { return Written(settings.member); }       \
  }
const Setting kSettings[] = {
    MG_SETTING("country", Form::kWord, 0, 0, ReadWord, country, "of every client: CF-IPCountry"),
    MG_SETTING("colo", Form::kWord, 0, 0, ReadWord, colo, "the end of CF-Ray"),
    MG_SETTING("url_bytes", Form::kWhole, 1, kMostBytes, ReadWhole, url_bytes, "more is 414"),
    MG_SETTING("header_bytes", Form::kWhole, 1, kMostBytes, ReadWhole, header_bytes,
               "of a request; more is 413 with error 1038"),
    MG_SETTING("response_header_bytes", Form::kWhole, 1, kMostBytes, ReadWhole,
               response_header_bytes, "of the gateway's answer; more is 520"),
    MG_SETTING("body_bytes", Form::kWhole, 0, kMostBytes, ReadWhole, body_bytes, "more is 413"),
    MG_SETTING("drops_dotted_headers", Form::kBool, 0, 0, ReadFlag, drops_dotted_headers,
               "names with a '.' do not arrive"),
    MG_SETTING("refuses_address_hosts", Form::kBool, 0, 0, ReadFlag, refuses_address_hosts,
               "a host that is an IP address is error 1003"),
    MG_SETTING("refuses_unknown_hosts", Form::kBool, 0, 0, ReadFlag, refuses_unknown_hosts,
               "a host outside the zone is error 1016"),
    MG_SETTING("rules", Form::kList, 0, 0, ReadRules, rules,
               "rate-limiting rules of the WAF; default 1000 in 10 s from one address"),
    MG_SETTING("ratelimits", Form::kList, 0, 0, ReadBindings, bindings,
               "rate-limiting bindings of Workers"),
};
#undef MG_SETTING

}  // namespace

Status SetEdgeSettings(const Json& json, EdgeSettings& settings) {
  if (!json.is_object()) return Wrong("the edge's settings must be an object");
  EdgeSettings changed = settings;
  for (const auto& [key, value] : json.items()) {
    const auto* found =
        std::find_if(std::begin(kSettings), std::end(kSettings),
                     [name = key](const Setting& s) { return s.info.name == name; });
    if (found == std::end(kSettings)) {
      std::vector<std::string> known;
      for (const Setting& setting : kSettings) known.emplace_back(setting.info.name);
      const std::string nearest = NearestWord(key, known);
      return Wrong("\"" + key.substr(0, 64) + "\" is no setting of the edge" +
                   (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
    }
    MG_RETURN_IF_ERROR(found->read(value, found->info, changed));
  }
  settings = std::move(changed);
  return Ok();
}

Json EdgeSettingsToJson(const EdgeSettings& settings) {
  Json json = Json::object();
  for (const Setting& setting : kSettings) json[setting.info.name] = setting.write(settings);
  return json;
}

const std::vector<EdgeSettingInfo>& EdgeSettingTable() {
  static const std::vector<EdgeSettingInfo> table = [] {
    std::vector<EdgeSettingInfo> made;
    for (const Setting& setting : kSettings) made.push_back(setting.info);
    return made;
  }();
  return table;
}

}  // namespace mg::fake
