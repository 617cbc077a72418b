#include "fakes/ai_knobs_json.h"

#include <cstddef>
#include <utility>

#include "core/base/duration.h"
#include "core/base/json.h"
#include "core/base/jsonc.h"

namespace mg::fake {
namespace {

using Form = AiKnobInfo::Form;

constexpr const char* kModels = "models";
constexpr double kLongestFactor = 1000;
constexpr double kMostCalls = 100'000;
constexpr double kFastest = 1'000'000;

// Where a knob lives; of models, so that one line serves all of them and each alone.
struct Knob {
  const char* name;
  const char* about;
  Form form;
  double least, most;
  const char* words;  // "a b c", in the order of the enum's values
  bool (*read)(const Json& value, const Knob& knob, ModelKnobs& of);
  Json (*write)(const Knob& knob, const ModelKnobs& of);
};

bool Read(const Json& json, const Knob&, bool& out) {
  if (!json.is_boolean()) return false;
  out = json.get<bool>();
  return true;
}
bool Read(const Json& json, const Knob&, Nanos& out) {
  if (!json.is_string()) return false;
  const auto duration = ParseDuration(json.get_ref<const std::string&>());
  if (duration) out = *duration;
  return duration.ok();
}
bool Read(const Json& json, const Knob& knob, double& out) {
  if (!json.is_number()) return false;
  const double number = json.get<double>();
  if (!(number >= knob.least && number <= knob.most)) return false;
  out = number;
  return true;
}
bool Read(const Json& json, const Knob& knob, std::int64_t& out) {
  double number = 0;
  if (!json.is_number_integer() || !Read(json, knob, number)) return false;
  out = static_cast<std::int64_t>(number);
  return true;
}

std::vector<std::string> WordsOf(const Knob& knob) {
  std::vector<std::string> words(1);
  for (const char* at = knob.words; *at != '\0'; ++at) {
    if (*at == ' ') {
      words.emplace_back();
    } else {
      words.back() += *at;
    }
  }
  return words;
}
bool Read(const Json& json, const Knob& knob, StreamVariant& out) {
  const auto words = WordsOf(knob);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (json != words[i]) continue;
    out = static_cast<StreamVariant>(i);
    return true;
  }
  return false;
}

Json Written(const Knob&, bool value) {
  return value;
}
Json Written(const Knob&, Nanos value) {
  return DurationText(value);
}
Json Written(const Knob&, double value) {
  return value;
}
Json Written(const Knob&, std::int64_t value) {
  return value;
}
Json Written(const Knob& knob, StreamVariant value) {
  return WordsOf(knob)[static_cast<std::size_t>(value)];
}

#define MG_KNOB(member)                                     \
  [](const Json& value, const Knob& knob, ModelKnobs& of) { \
    return Read(value, knob, of.member);                    \
  },                                                        \
      [](const Knob& knob, const ModelKnobs& of) { return Written(knob, of.member); }

constexpr Knob kKnobs[] = {
    {"first_token", "until a model's first token", Form::kDuration, 0, 0, "",
     MG_KNOB(timing.first_token)},
    {"tokens_per_second", "after the first; 0: at once", Form::kNumber, 0, kFastest, "",
     MG_KNOB(timing.tokens_per_second)},
    {"jitter", "of each wait, up and down", Form::kNumber, 0, 1, "", MG_KNOB(timing.jitter)},
    {"load_factor", "how many times as long waits are at full load", Form::kNumber, 1,
     kLongestFactor, "", MG_KNOB(timing.load_factor)},
    {"full_load", "calls at the same time", Form::kWhole, 1, kMostCalls, "",
     MG_KNOB(timing.full_load)},
    {"early_head", "a stream's head goes out before its first token", Form::kBool, 0, 0, "",
     MG_KNOB(timing.early_head)},
    {"stream_variant", "how models stream", Form::kWord, 0, 0,
     "plain usage_each zeros_then_native numeric double_done no_done json_answer", MG_KNOB(stream)},
};
#undef MG_KNOB

Error Wrong(std::string_view name, const std::string& what) {
  return {Code::kInvalid, "\"" + std::string(name) + "\" " + what, false};
}

std::string Wanted(const Knob& knob) {
  const auto range = [&knob](const char* kind) {
    return std::string("must be ") + kind + " from " + DumpJson(Json(knob.least)) + " to " +
           DumpJson(Json(knob.most));
  };
  switch (knob.form) {
    case Form::kBool:
      return "must be true or false";
    case Form::kDuration:
      return "must be a duration like \"250ms\"";
    case Form::kWhole:
      return range("a whole number");
    case Form::kNumber:
      return range("a number");
    case Form::kWord:
      return "must be one of: " + std::string(knob.words);
  }
  return "";
}

Error Unknown(const std::string& name) {
  std::vector<std::string> known{kModels};
  for (const Knob& knob : kKnobs) known.emplace_back(knob.name);
  const std::string nearest = NearestWord(name, known);
  return Wrong(name.substr(0, 64),
               nearest.empty() ? std::string("is no knob of AI Gateway")
                               : "is no knob of AI Gateway; did you mean \"" + nearest + "\"?");
}

Status SetKnob(const std::string& name, const Json& value, ModelKnobs& of) {
  for (const Knob& knob : kKnobs) {
    if (name != knob.name) continue;
    if (!knob.read(value, knob, of)) return Wrong(name, Wanted(knob));
    return Ok();
  }
  return Unknown(name);
}

Status SetModels(const Json& json, AiKnobs& knobs) {
  if (!json.is_object()) return Wrong(kModels, "must be an object of models");
  for (const auto& [model, settings] : json.items()) {
    if (!settings.is_object()) return Wrong(model, "must be an object of knobs");
    ModelKnobs& of = knobs.of_model.try_emplace(model, knobs.models).first->second;
    for (const auto& [name, value] : settings.items()) MG_RETURN_IF_ERROR(SetKnob(name, value, of));
  }
  return Ok();
}

Json ModelKnobsToJson(const ModelKnobs& of) {
  Json json = Json::object();
  for (const Knob& knob : kKnobs) json[knob.name] = knob.write(knob, of);
  return json;
}

}  // namespace

Status SetAiKnobs(const Json& json, AiKnobs& knobs) {
  if (!json.is_object()) return Error{Code::kInvalid, "the knobs are an object", false};
  AiKnobs set = knobs;
  for (const auto& [name, value] : json.items())
    if (name != kModels) MG_RETURN_IF_ERROR(SetKnob(name, value, set.models));
  if (const Json* models = Find(json, kModels)) MG_RETURN_IF_ERROR(SetModels(*models, set));
  knobs = std::move(set);
  return Ok();
}

Json AiKnobsToJson(const AiKnobs& knobs) {
  Json json = ModelKnobsToJson(knobs.models);
  Json models = Json::object();
  for (const auto& [model, of] : knobs.of_model) models[model] = ModelKnobsToJson(of);
  json[kModels] = std::move(models);
  return json;
}

Result<Json> AiKnobFromText(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return Error{Code::kInvalid, "\"" + std::string(text) + "\" is not <knob>=<value>", false};
  const std::string_view value = text.substr(equals + 1);
  auto parsed = ParseJson(value);
  Json json = Json::object();
  json[std::string(text.substr(0, equals))] = parsed ? std::move(*parsed) : Json(value);
  return json;
}

std::vector<AiKnobInfo> AiKnobTable() {
  std::vector<AiKnobInfo> table;
  for (const Knob& knob : kKnobs)
    table.push_back({knob.name, knob.about, knob.form, knob.least, knob.most, WordsOf(knob), true});
  return table;
}

}  // namespace mg::fake
