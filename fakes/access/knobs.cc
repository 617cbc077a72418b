#include "fakes/access/knobs.h"

#include <string_view>

#include "core/base/duration.h"
#include "core/base/json.h"
#include "core/base/jsonc.h"

namespace mg::fake {
namespace {

struct Knob {
  const char* name;
  const char* about;
  bool AccessKnobs::*flag;
  Nanos AccessKnobs::*duration;
};

constexpr Knob Flag(const char* name, bool AccessKnobs::*flag, const char* about) {
  return {name, about, flag, nullptr};
}
constexpr Knob Duration(const char* name, Nanos AccessKnobs::*duration, const char* about) {
  return {name, about, nullptr, duration};
}

constexpr Knob kKnobs[] = {
    Flag("enforce", &AccessKnobs::enforce, "the edge refuses who may not pass"),
    Flag("strict_service_tokens", &AccessKnobs::strict_service_tokens, "401 and 403, no cookie"),
    Flag("preserve_query", &AccessKnobs::preserve_query, "through the login"),
    Flag("managed_oauth", &AccessKnobs::managed_oauth, "401 for who is no browser"),
    Flag("worker_attached", &AccessKnobs::worker_attached, "no WebSocket passes"),
    Flag("omit_nbf", &AccessKnobs::omit_nbf, "tokens have no nbf"),
    Flag("aud_as_string", &AccessKnobs::aud_as_string, "in place of an array"),
    Flag("cookie_only", &AccessKnobs::cookie_only, "the origin gets no assertion"),
    Flag("header_only", &AccessKnobs::header_only, "the origin gets no cookie"),
    Flag("email_header", &AccessKnobs::email_header, "the origin gets the email too"),
    Flag("policy_id_claim", &AccessKnobs::policy_id_claim, "tokens name the policy"),
    Duration("session_duration", &AccessKnobs::session_duration, "of the team; default 24h"),
    Duration("clock_offset", &AccessKnobs::clock_offset, "of Access's clock; may be negative"),
    Duration("rotation_grace", &AccessKnobs::rotation_grace, "of a former key; default 7d"),
    Duration("rotation_interval", &AccessKnobs::rotation_interval, "of keys; default 42d"),
};

const Knob* KnobOf(std::string_view name) {
  for (const Knob& knob : kKnobs)
    if (name == knob.name) return &knob;
  return nullptr;
}

bool ReadOffset(const std::string& text, Nanos& out) {
  const bool back = !text.empty() && text.front() == '-';
  const auto length = ParseDuration(back ? text.substr(1) : text);
  if (length) out = back ? -*length : *length;
  return length.ok();
}

Status Set(const Knob& knob, const Json& value, AccessKnobs& knobs) {
  const auto wrong = [&knob](const char* what) {
    return Error{Code::kInvalid, "\"" + std::string(knob.name) + "\" must be " + what, false};
  };
  if (knob.flag != nullptr) {
    if (!value.is_boolean()) return wrong("true or false");
    knobs.*knob.flag = value.get<bool>();
    return Ok();
  }
  Nanos duration{};
  if (!value.is_string() || !ReadOffset(value.get_ref<const std::string&>(), duration))
    return wrong("a duration like \"24h\"");
  if (duration < Nanos::zero() && knob.duration != &AccessKnobs::clock_offset)
    return wrong("a duration that is not negative");
  knobs.*knob.duration = duration;
  return Ok();
}

}  // namespace

Status SetAccessKnobs(const Json& json, AccessKnobs& knobs) {
  if (!json.is_object()) return Error{Code::kInvalid, "Access's knobs are an object", false};
  AccessKnobs changed = knobs;
  for (const auto& [name, value] : json.items()) {
    const Knob* knob = KnobOf(name);
    if (knob == nullptr) {
      std::vector<std::string> known;
      for (const Knob& each : kKnobs) known.emplace_back(each.name);
      const std::string nearest = NearestWord(name, known);
      return Error{Code::kInvalid,
                   "\"" + name.substr(0, 64) + "\" is no knob of Access" +
                       (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"),
                   false};
    }
    MG_RETURN_IF_ERROR(Set(*knob, value, changed));
  }
  knobs = changed;
  return Ok();
}

Json AccessKnobsToJson(const AccessKnobs& knobs) {
  Json json = Json::object();
  for (const Knob& knob : kKnobs) {
    if (knob.flag != nullptr) {
      json[knob.name] = knobs.*knob.flag;
    } else {
      json[knob.name] = DurationText(knobs.*knob.duration);
    }
  }
  return json;
}

std::vector<AccessKnobInfo> AccessKnobTable() {
  std::vector<AccessKnobInfo> table;
  for (const Knob& knob : kKnobs) table.push_back({knob.name, knob.about, knob.flag == nullptr});
  return table;
}

}  // namespace mg::fake
