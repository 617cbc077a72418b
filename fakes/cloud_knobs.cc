#include "fakes/cloud_knobs.h"

#include <algorithm>
#include <string>
#include <variant>

#include "core/base/duration.h"
#include "core/base/json.h"

namespace mg::fake {
namespace {

using Form = AiKnobInfo::Form;
using Place = std::variant<bool*, std::int64_t*, Nanos*, KvKnobs::Consistency*>;

constexpr double kManyCalls = 1'000'000;
constexpr double kManyKeys = 10'000;

struct Knob {
  AiKnobInfo info;
  Place place;  // where it lives
};

Knob Flag(const char* name, const char* about, bool& place) {
  return {{name, about, Form::kBool, 0, 0, {}, false}, &place};
}
Knob Whole(const char* name, const char* about, double most, std::int64_t& place) {
  return {{name, about, Form::kWhole, 0, most, {}, false}, &place};
}
Knob Duration(const char* name, const char* about, Nanos& place) {
  return {{name, about, Form::kDuration, 0, 0, {}, false}, &place};
}

std::vector<Knob> KnobsOf(std::string_view part, CloudKnobs& of) {
  if (part == "api") {
    return {Whole("account_calls", "in five minutes, then 429 for five more; 0: any number",
                  kManyCalls, of.account_calls)};
  }
  if (part == "kv") {
    AiKnobInfo consistency{"consistency",
                           "whether a location may read what was",
                           Form::kWord,
                           0,
                           0,
                           {"strong", "eventual"},
                           false};
    return {{std::move(consistency), &of.kv.consistency},
            Duration("stale", "how old a read may be where consistency is eventual", of.kv.stale),
            Flag("sparse_pages", "every other page of a listing is empty", of.kv.sparse_pages),
            Whole("bulk_failures", "first keys of each bulk write that do not arrive", kManyKeys,
                  of.kv.bulk_failures)};
  }
  return {Duration("query_time", "how long a call keeps its database busy", of.d1.query_time),
          Whole("queue_max", "calls that may wait for a database; 0: any number", kManyCalls,
                of.d1.queue_max),
          Duration("queue_wait_max", "how long a call may wait; 0s: as long as it takes",
                   of.d1.queue_wait_max)};
}

// False when the value is none for this knob.
bool Set(const Knob& knob, const Json& value) {
  if (auto* const* flag = std::get_if<bool*>(&knob.place)) {
    if (!value.is_boolean()) return false;
    **flag = value.get<bool>();
    return true;
  }
  if (auto* const* whole = std::get_if<std::int64_t*>(&knob.place)) {
    if (!value.is_number_integer()) return false;
    const double number = value.get<double>();
    if (number < knob.info.least || number > knob.info.most) return false;
    **whole = value.get<std::int64_t>();
    return true;
  }
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  if (auto* const* duration = std::get_if<Nanos*>(&knob.place)) {
    const auto read = ParseDuration(text);
    if (read) **duration = *read;
    return read.ok();
  }
  const auto& words = knob.info.words;
  const auto found = std::find(words.begin(), words.end(), text);
  if (found == words.end()) return false;
  *std::get<KvKnobs::Consistency*>(knob.place) =
      static_cast<KvKnobs::Consistency>(found - words.begin());
  return true;
}

Json Get(const Knob& knob) {
  if (auto* const* flag = std::get_if<bool*>(&knob.place)) return **flag;
  if (auto* const* whole = std::get_if<std::int64_t*>(&knob.place)) return **whole;
  if (auto* const* duration = std::get_if<Nanos*>(&knob.place)) return DurationText(**duration);
  return knob.info.words[static_cast<std::size_t>(*std::get<KvKnobs::Consistency*>(knob.place))];
}

std::string Wanted(const AiKnobInfo& info) {
  switch (info.form) {
    case Form::kBool:
      return "must be true or false";
    case Form::kDuration:
      return "must be a duration like \"250ms\"";
    case Form::kWord: {
      std::string words = "must be one of:";
      for (const std::string& word : info.words) words += " " + word;
      return words;
    }
    default:
      return "must be a whole number from " + DumpJson(Json(info.least)) + " to " +
             DumpJson(Json(info.most));
  }
}

Error Wrong(std::string_view name, const std::string& what) {
  return {Code::kInvalid, "\"" + std::string(name.substr(0, 64)) + "\" " + what, false};
}

}  // namespace

Status SetCloudKnobs(std::string_view part, const Json& json, CloudKnobs& knobs) {
  if (!json.is_object()) return Error{Code::kInvalid, "the knobs are an object", false};
  CloudKnobs set = knobs;
  const auto table = KnobsOf(part, set);
  for (const auto& [name, value] : json.items()) {
    const std::string& wanted = name;
    const auto knob = std::find_if(table.begin(), table.end(),
                                   [&](const Knob& one) { return one.info.name == wanted; });
    if (knob == table.end()) return Wrong(name, "is no knob of " + std::string(part));
    if (!Set(*knob, value)) return Wrong(name, Wanted(knob->info));
  }
  knobs = set;
  return Ok();
}

Json CloudKnobsToJson(std::string_view part, const CloudKnobs& knobs) {
  CloudKnobs copy = knobs;
  Json json = Json::object();
  for (const Knob& knob : KnobsOf(part, copy)) json[knob.info.name] = Get(knob);
  return json;
}

std::vector<AiKnobInfo> CloudKnobTable(std::string_view part) {
  CloudKnobs defaults;
  std::vector<AiKnobInfo> table;
  for (Knob& knob : KnobsOf(part, defaults)) table.push_back(std::move(knob.info));
  return table;
}

}  // namespace mg::fake
