#include "fakes/faults_json.h"

#include <cstdint>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/duration.h"
#include "core/base/json.h"
#include "core/base/jsonc.h"
#include "fakes/access/certs_damage.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kMostCalls = std::numeric_limits<int>::max();

Error Wrong(std::string_view field, std::string_view what) {
  return {Code::kInvalid, "\"" + std::string(field) + "\" " + std::string(what), false};
}

bool Read(const Json& json, std::string& out) {
  if (!json.is_string() || json.get_ref<const std::string&>().empty()) return false;
  out = json.get<std::string>();
  return true;
}

bool Read(const Json& json, bool& out) {
  if (!json.is_boolean()) return false;
  out = json.get<bool>();
  return true;
}

bool Read(const Json& json, double& out) {
  if (!json.is_number()) return false;
  out = json.get<double>();
  return true;
}

bool Read(const Json& json, std::int64_t& out) {
  if (!json.is_number_integer() || json > std::numeric_limits<std::int64_t>::max()) return false;
  out = json.get<std::int64_t>();
  return true;
}

bool Read(const Json& json, int& out) {
  std::int64_t wide = 0;
  if (!Read(json, wide) || wide > kMostCalls || wide < -kMostCalls) return false;
  out = static_cast<int>(wide);
  return true;
}

bool Read(const Json& json, Nanos& out) {
  if (!json.is_string()) return false;
  const auto duration = ParseDuration(json.get_ref<const std::string&>());
  if (duration) out = *duration;
  return duration.ok();
}

bool Read(const Json& json, FaultRule::Reset& out) {
  if (json != "before" && json != "after") return false;
  out = json == "before" ? FaultRule::Reset::kBefore : FaultRule::Reset::kAfter;
  return true;
}

constexpr const char* kThens[] = {"", "stall", "cut", "end", "done", "error", "errors"};

bool Read(const Json& json, FaultRule::Then& out) {
  for (std::size_t i = 1; i < std::size(kThens); ++i) {
    if (json != kThens[i]) continue;
    out = static_cast<FaultRule::Then>(i);
    return true;
  }
  return false;
}

void Write(const std::string& value, Json& out) {
  out = value;
}
void Write(bool value, Json& out) {
  out = value;
}
void Write(double value, Json& out) {
  out = value;
}
void Write(std::int64_t value, Json& out) {
  out = value;
}
void Write(int value, Json& out) {
  out = value;
}
void Write(Nanos value, Json& out) {
  out = DurationText(value);
}
void Write(FaultRule::Reset value, Json& out) {
  out = value == FaultRule::Reset::kBefore ? "before" : "after";
}
void Write(FaultRule::Then value, Json& out) {
  out = kThens[static_cast<std::size_t>(value)];
}

struct Field {
  const char* name;
  const char* wanted;
  bool (*read)(const Json& json, FaultRule& rule);
  void (*write)(const FaultRule& rule, const FaultRule& usual, Json& out);  // leaves null
};

#define MG_FIELD(name, member, wanted)                                                       \
  {                                                                                          \
    name, wanted, [](const Json& json, FaultRule& rule) { return Read(json, rule.member); }, \
        [](const FaultRule& rule, const FaultRule& usual, Json& out) {                       \
          if (rule.member != usual.member) Write(rule.member, out);                          \
        }                                                                                    \
  }
constexpr const char* kText = "must be a text that is not empty";
constexpr const char* kNumber = "must be a number";
constexpr const char* kInteger = "must be an integer";
constexpr const char* kDuration = "must be a duration like \"250ms\"";
constexpr const char* kBool = "must be true or false";

constexpr Field kFields[] = {
    MG_FIELD("id", id, kText),
    MG_FIELD("operation", operation, kText),
    MG_FIELD("tenant", where.tenant, kText),
    MG_FIELD("model", where.model, kText),
    MG_FIELD("key", where.key, kText),
    MG_FIELD("step", where.step, kInteger),
    MG_FIELD("attempt", where.attempt, kInteger),
    MG_FIELD("from", where.from, kDuration),
    MG_FIELD("until", where.until, kDuration),
    MG_FIELD("nth", nth, kInteger),
    MG_FIELD("times", times, kInteger),
    MG_FIELD("probability", probability, kNumber),
    MG_FIELD("delay", delay, kDuration),
    MG_FIELD("delay_sigma", delay_sigma, kNumber),
    MG_FIELD("hang", hang, kBool),
    MG_FIELD("status", status, kInteger),
    MG_FIELD("code", code, kInteger),
    MG_FIELD("body", body, kText),
    MG_FIELD("retry_after_seconds", retry_after_seconds, kInteger),
    MG_FIELD("reset", reset, "must be \"before\" or \"after\""),
    MG_FIELD("truncate_after_bytes", truncate_after_bytes, kInteger),
    MG_FIELD("stall_after_bytes", stall_after_bytes, kInteger),
    MG_FIELD("malformed", malformed, kBool),
    MG_FIELD("content_type", content_type, kText),
    MG_FIELD("after_chunks", after_chunks, kInteger),
    MG_FIELD("then", then, "must be stall, cut, end, done, error or errors"),
    MG_FIELD("stale", stale, kDuration),
    MG_FIELD("certs", certs, kText),
};
#undef MG_FIELD

constexpr const char* kWhere = "where";

Error Unknown(const std::string& name) {
  std::vector<std::string> known{kWhere};
  for (const Field& field : kFields) known.emplace_back(field.name);
  const std::string nearest = NearestWord(name, known);
  return Wrong(name.substr(0, 64),
               nearest.empty() ? std::string("is no field of a fault")
                               : "is no field of a fault; did you mean \"" + nearest + "\"?");
}

Status ReadFields(const Json& json, FaultRule& rule, bool nested) {
  for (const auto& [name, value] : json.items()) {
    if (name == kWhere && !nested) {
      if (!value.is_object()) return Wrong(name, "must be an object");
      MG_RETURN_IF_ERROR(ReadFields(value, rule, true));
      continue;
    }
    const Field* field = nullptr;
    for (const Field& known : kFields) {
      if (name == known.name) field = &known;
    }
    if (field == nullptr) return Unknown(name);
    if (!field->read(value, rule)) return Wrong(name, field->wanted);
  }
  return Ok();
}

// A body may say what it is, so a content type counts only where there is none.
int EffectsOf(const FaultRule& rule) {
  return (rule.hang ? 1 : 0) + (rule.status != 0 || !rule.body.empty() ? 1 : 0) +
         (rule.reset != FaultRule::Reset::kNone ? 1 : 0) +
         (rule.truncate_after_bytes >= 0 ? 1 : 0) + (rule.stall_after_bytes >= 0 ? 1 : 0) +
         (rule.malformed ? 1 : 0) + (rule.content_type.empty() || !rule.body.empty() ? 0 : 1) +
         (rule.after_chunks >= 0 ? 1 : 0) + (rule.stale > Nanos::zero() ? 1 : 0) +
         (rule.certs.empty() ? 0 : 1);
}

Status CheckScope(const FaultRule& rule) {
  if (rule.operation.empty()) return Wrong("operation", "is missing");
  if (rule.nth < 1) return Wrong("nth", "counts from 1");
  if (rule.times == 0 || rule.times < -1) return Wrong("times", "must be at least 1, or -1");
  if (!(rule.probability > 0 && rule.probability <= 1)) {
    return Wrong("probability", "must be above 0 and at most 1");
  }
  if (rule.where.from >= rule.where.until) return Wrong("until", "must be later than \"from\"");
  return Ok();
}

Status CheckEffect(const FaultRule& rule) {
  const bool refuses = rule.status >= 400 && rule.status <= 599;
  const bool answers = !rule.body.empty() && rule.status >= 200 && rule.status <= 599;
  if (rule.status != 0 && !refuses && !answers) {
    return Wrong("status", "must be 400 to 599, or with a body 200 to 599");
  }
  const bool says_error =
      rule.then == FaultRule::Then::kError || rule.then == FaultRule::Then::kErrors;
  if (rule.code != 0 && rule.status == 0 && !says_error) {
    return Wrong("code", "comes with a status, or with \"then\": \"error\"");
  }
  if ((rule.after_chunks >= 0) != (rule.then != FaultRule::Then::kNone)) {
    return Wrong("after_chunks", "and \"then\" come together");
  }
  if (rule.after_chunks >= 0 && rule.operation != "ai.run") {
    return Wrong("after_chunks", "is for the operation \"ai.run\" alone");
  }
  if (rule.retry_after_seconds != 0 && rule.status == 0) {
    return Wrong("retry_after_seconds", "comes with a status");
  }
  if (rule.retry_after_seconds < 0) return Wrong("retry_after_seconds", "must not be negative");
  if (!(rule.delay_sigma >= 0 && rule.delay_sigma <= 10)) {
    return Wrong("delay_sigma", "must be 0 to 10");
  }
  if (rule.delay_sigma > 0 && rule.delay == Nanos::zero()) {
    return Wrong("delay_sigma", "comes with a delay");
  }
  if (rule.stale > Nanos::zero() && rule.operation != "kv.get") {
    return Wrong("stale", "is for the operation \"kv.get\" alone");
  }
  if (!rule.certs.empty() && rule.operation != "access.certs") {
    return Wrong("certs", "is for the operation \"access.certs\" alone");
  }
  if (!rule.certs.empty() && !IsCertsDamage(rule.certs)) {
    return Wrong("certs", "must be one of " + CertsDamages());
  }
  if (EffectsOf(rule) > 1) {
    return Wrong("operation", "is disturbed in more than one way; a delay alone joins another");
  }
  if (EffectsOf(rule) == 0 && rule.delay == Nanos::zero()) {
    return Wrong("operation", "is not disturbed: say status, delay, hang, reset or the like");
  }
  return Ok();
}

}  // namespace

Result<FaultRule> FaultRuleFromJson(const Json& json) {
  if (!json.is_object()) return Error{Code::kInvalid, "a fault is an object", false};
  FaultRule rule;
  MG_RETURN_IF_ERROR(ReadFields(json, rule, false));
  MG_RETURN_IF_ERROR(CheckScope(rule));
  MG_RETURN_IF_ERROR(CheckEffect(rule));
  return rule;
}

Json FaultRuleToJson(const FaultRule& rule) {
  const FaultRule usual;
  Json json = Json::object();
  for (const Field& field : kFields) {
    Json value;
    field.write(rule, usual, value);
    if (!value.is_null()) json[field.name] = std::move(value);
  }
  return json;
}

Json FaultCountToJson(const FaultCount& count) {
  return {{"id", count.id},
          {"planned", count.planned},
          {"fired", count.fired},
          {"bypassed", count.bypassed}};
}

}  // namespace mg::fake
