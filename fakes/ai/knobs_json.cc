#include "fakes/ai/knobs_json.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "core/base/duration.h"
#include "core/base/json.h"
#include "core/base/jsonc.h"

namespace mg::fake {
namespace {

using Form = AiKnobInfo::Form;

constexpr const char* kModels = "models";
constexpr const char* kDocsMode = "docs_mode";  // sets several knobs at once
constexpr double kLongestFactor = 1000;
constexpr double kMostCalls = 100'000;
constexpr double kFastest = 1'000'000;

struct Knob {
  const char* name;
  const char* about;
  Form form;
  double least, most;
  const char* words;  // "a b c", in the order of the enum's values
};

template <class Of>  // AiKnobs or ModelKnobs: where it lives
struct PlacedKnob : Knob {
  bool (*read)(const Json& value, const Knob& knob, Of& of);
  Json (*write)(const Knob& knob, const Of& of);
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
template <class Enum>
bool Read(const Json& json, const Knob& knob, Enum& out) {
  const auto words = WordsOf(knob);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (json != words[i]) continue;
    out = static_cast<Enum>(i);
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
template <class Enum>
Json Written(const Knob& knob, Enum value) {
  return WordsOf(knob)[static_cast<std::size_t>(value)];
}

#define MG_KNOB(Of, member)                                                                 \
  [](const Json& value, const Knob& knob, Of& of) { return Read(value, knob, of.member); }, \
      [](const Knob& knob, const Of& of) { return Written(knob, of.member); }
#define MG_QUIRK(member, form, most, about) \
  { {#member, about, form, 0, most, ""}, MG_KNOB(AiKnobs, quirks.member) }
#define MG_FLAG(member, about) \
  { {#member, about, Form::kBool, 0, 0, ""}, MG_KNOB(AiKnobs, member) }

constexpr PlacedKnob<ModelKnobs> kModelKnobs[] = {
    {{"first_token", "until a model's first token", Form::kDuration, 0, 0, ""},
     MG_KNOB(ModelKnobs, timing.first_token)},
    {{"tokens_per_second", "after the first; 0: at once", Form::kNumber, 0, kFastest, ""},
     MG_KNOB(ModelKnobs, timing.tokens_per_second)},
    {{"jitter", "of each wait, up and down", Form::kNumber, 0, 1, ""},
     MG_KNOB(ModelKnobs, timing.jitter)},
    {{"load_factor", "how many times as long waits are at full load", Form::kNumber, 1,
      kLongestFactor, ""},
     MG_KNOB(ModelKnobs, timing.load_factor)},
    {{"full_load", "calls at the same time", Form::kWhole, 1, kMostCalls, ""},
     MG_KNOB(ModelKnobs, timing.full_load)},
    {{"early_head", "a stream's head goes out before its first token", Form::kBool, 0, 0, ""},
     MG_KNOB(ModelKnobs, timing.early_head)},
    {{"stream_variant", "how models stream", Form::kWord, 0, 0,
      "by_model plain usage_each zeros_then_native numeric double_done no_done json_answer"},
     MG_KNOB(ModelKnobs, stream)},
    {{"result_form", "of native answers", Form::kWord, 0, 0, "by_model response choices"},
     MG_KNOB(ModelKnobs, result_form)},
    {{"usage_neurons", "usage says neurons and cached tokens", Form::kBool, 0, 0, ""},
     MG_KNOB(ModelKnobs, usage_neurons)},
};

constexpr PlacedKnob<AiKnobs> kGatewayKnobs[] = {
    MG_FLAG(gateway_authentication, "gateways need cf-aig-authorization"),
    MG_FLAG(wai_auth_from_gateway_token, "steps need no Authorization of their own"),
    MG_FLAG(gateway_token_runs_models, "Workers AI takes the gateway's token too"),
    MG_FLAG(strict_run_path, "native calls by /workers-ai/run/ alone"),
    MG_FLAG(legacy_envelope, "gateway errors as before mid-2026"),
    MG_FLAG(refuse_bad_settings, "a cf-aig header that makes no sense is 400"),
    {{"all_failed", "with every step failed", Form::kWord, 0, 0, "last_upstream aig2005"},
     MG_KNOB(AiKnobs, all_failed)},
    {{"time_limit_error", "an expired time limit", Form::kWord, 0, 0, "aig2005 http408 http504"},
     MG_KNOB(AiKnobs, time_limit_error)},
    MG_FLAG(final_try_exempt, "the last of several tries has no time limit"),
    MG_FLAG(tries_are_extra, "maxAttempts counts from the second try"),
    MG_FLAG(retry_all_failures, "4xx too"),
    MG_QUIRK(cache_300s, Form::kBool, 0, "answers are cached for 300 s unasked"),
    MG_QUIRK(cache_key_double_miss, Form::kBool, 0, "a custom cache key misses twice"),
    MG_QUIRK(cache_key_includes_auth, Form::kBool, 0, "callers share no cached answers"),
    MG_QUIRK(spend_code, Form::kWhole, 9999, "of a budget's refusal: 2041 or 2045"),
    MG_QUIRK(spend_lag, Form::kDuration, 0, "until what was spent counts"),
    MG_QUIRK(spend_miss_rate, Form::kNumber, 1, "of windows in which a budget never holds"),
    MG_QUIRK(log_lag, Form::kDuration, 0, "until a log row can be read"),
    MG_QUIRK(stream_log_lag, Form::kDuration, 0, "the same after a stream"),
};
#undef MG_QUIRK
#undef MG_FLAG
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
  std::vector<std::string> known{kModels, kDocsMode};
  for (const Knob& knob : kModelKnobs) known.emplace_back(knob.name);
  for (const Knob& knob : kGatewayKnobs) known.emplace_back(knob.name);
  const std::string nearest = NearestWord(name, known);
  return Wrong(name.substr(0, 64),
               nearest.empty() ? std::string("is no knob of AI Gateway")
                               : "is no knob of AI Gateway; did you mean \"" + nearest + "\"?");
}

// nullopt: no knob of that name lives there.
template <class Of, std::size_t kCount>
std::optional<Status> SetKnob(const PlacedKnob<Of> (&knobs)[kCount], const std::string& name,
                              const Json& value, Of& of) {
  for (const PlacedKnob<Of>& knob : knobs) {
    if (name != knob.name) continue;
    return knob.read(value, knob, of) ? Ok() : Status(Wrong(name, Wanted(knob)));
  }
  return std::nullopt;
}

template <class Of, std::size_t kCount>
void Write(const PlacedKnob<Of> (&knobs)[kCount], const Of& of, Json& json) {
  for (const PlacedKnob<Of>& knob : knobs) json[knob.name] = knob.write(knob, of);
}

Status SetModelKnob(const std::string& name, const Json& value, ModelKnobs& of) {
  return SetKnob(kModelKnobs, name, value, of).value_or(Unknown(name));
}

Status SetModels(const Json& json, AiKnobs& knobs) {
  if (!json.is_object()) return Wrong(kModels, "must be an object of models");
  for (const auto& [model, settings] : json.items()) {
    if (!settings.is_object()) return Wrong(model, "must be an object of knobs");
    ModelKnobs& of = knobs.of_model.try_emplace(model, knobs.models).first->second;
    for (const auto& [name, value] : settings.items())
      MG_RETURN_IF_ERROR(SetModelKnob(name, value, of));
  }
  return Ok();
}

}  // namespace

Status SetAiKnobs(const Json& json, AiKnobs& knobs) {
  if (!json.is_object()) return Error{Code::kInvalid, "the knobs are an object", false};
  AiKnobs set = knobs;
  if (const Json* documented = Find(json, kDocsMode)) {  // first: the others refine it
    if (!documented->is_boolean()) return Wrong(kDocsMode, "must be true or false");
    if (documented->get<bool>()) set.FollowDocumentation();
  }
  for (const auto& [name, value] : json.items()) {
    if (name == kModels || name == kDocsMode) continue;
    const auto of_gateway = SetKnob(kGatewayKnobs, name, value, set);
    MG_RETURN_IF_ERROR(of_gateway ? *of_gateway : SetModelKnob(name, value, set.models));
  }
  if (const Json* models = Find(json, kModels)) MG_RETURN_IF_ERROR(SetModels(*models, set));
  knobs = std::move(set);
  return Ok();
}

Json AiKnobsToJson(const AiKnobs& knobs) {
  Json json = Json::object();
  Write(kGatewayKnobs, knobs, json);
  Write(kModelKnobs, knobs.models, json);
  Json& models = json[kModels] = Json::object();
  for (const auto& [model, of] : knobs.of_model) Write(kModelKnobs, of, models[model]);
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
  const auto add = [&table](const Knob& knob, bool of_models) {
    table.push_back(
        {knob.name, knob.about, knob.form, knob.least, knob.most, WordsOf(knob), of_models});
  };
  add({kDocsMode, "what the documentation says where the service does else", Form::kBool, 0, 0, ""},
      false);
  for (const Knob& knob : kGatewayKnobs) add(knob, false);
  for (const Knob& knob : kModelKnobs) add(knob, true);
  return table;
}

}  // namespace mg::fake
