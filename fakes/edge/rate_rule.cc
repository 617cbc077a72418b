#include "fakes/edge/rate_rule.h"

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/jsonc.h"

namespace mg::fake {
namespace {

constexpr std::string_view kDefault = R"({
  "description": "LIM-6", "expression": "true", "action": "block",
  "ratelimit": {"characteristics": ["cf.colo.id", "ip.src"], "period": 10,
                "requests_per_period": 1000, "mitigation_timeout": 10}})";

constexpr std::int64_t kPeriods[] = {10, 60, 120, 300, 600, 3600};
constexpr std::int64_t kMitigations[] = {0, 10, 60, 120, 300, 600, 3600, 86400};
constexpr std::string_view kContentTypes[] = {"application/json", "text/html", "text/xml",
                                              "text/plain"};
constexpr std::int64_t kMostRequests = 1'000'000'000;

Error Wrong(const std::string& what) {
  return {Code::kInvalid, what};
}

Status CheckMembers(const Json& object, const char* where, const std::vector<std::string>& known) {
  if (!object.is_object()) return Wrong(std::string(where) + " must be an object");
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string nearest = NearestWord(key, known);
    return Wrong("\"" + key.substr(0, 64) + "\" is no member of " + where +
                 (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?"));
  }
  return Ok();
}

template <std::size_t n>
Status ReadOneOf(const Json& json, const char* key, const std::int64_t (&allowed)[n],
                 std::int64_t& out) {
  out = IntAt(json, key, -1);
  if (std::find(allowed, allowed + n, out) != allowed + n) return Ok();
  std::string list;
  for (const std::int64_t one : allowed) list += (list.empty() ? "" : " ") + std::to_string(one);
  return Wrong(std::string("\"") + key + "\" must be one of " + list);
}

Result<Expression> ReadExpression(const Json& json, const char* key) {
  auto expression = Expression::Parse(StringAt(json, key));
  if (expression) return expression;
  return Wrong(std::string("\"") + key + "\": " + expression.error().message);
}

// http.request.headers["x-api-key"]: a name in lower case, and no index.
Result<Field> ReadCharacteristic(const Json& json) {
  const std::string text = json.is_string() ? json.get<std::string>() : "";
  const std::size_t bracket = text.find('[');
  MG_TRY(field, FieldOf(std::string_view(text).substr(0, bracket)));
  if (field.of_response() || field.type == Field::Type::kBool)
    return Wrong("\"" + text + "\" is no characteristic");
  if (!field.keyed() && bracket == std::string::npos) return field;
  const std::string_view key = std::string_view(text).substr(std::min(bracket, text.size()));
  const bool quoted =
      key.size() > 4 && key.substr(0, 2) == "[\"" && key.substr(key.size() - 2) == "\"]";
  if (!field.keyed() || !quoted)
    return Wrong("characteristic \"" + text.substr(0, 64) +
                 "\" must be a field, or a map's [\"x\"]");
  field.key = key.substr(2, key.size() - 4);
  if (field.name == Field::Name::kHeader && AsciiLower(field.key) != field.key)
    return Wrong("characteristic \"" + text.substr(0, 64) + "\": a header's name is in lower case");
  return field;
}

Status ReadCharacteristics(const Json& json, std::vector<Field>& out) {
  const Json* list = Find(json, "characteristics");
  if (list == nullptr || !list->is_array()) return Wrong("\"characteristics\" must be an array");
  bool colo = false;
  for (const Json& item : *list) {
    MG_TRY(field, ReadCharacteristic(item));
    colo = colo || field.name == Field::Name::kPlace;
    out.push_back(std::move(field));
  }
  if (!colo) return Wrong("\"characteristics\" must have \"cf.colo.id\"");
  return Ok();
}

Status ReadAction(const Json& json, RateRule& rule) {
  using Action = RateRule::Action;
  const std::pair<const char*, Action> kWords[] = {{"block", Action::kBlock},
                                                   {"challenge", Action::kChallenge},
                                                   {"js_challenge", Action::kChallenge},
                                                   {"managed_challenge", Action::kChallenge},
                                                   {"log", Action::kLog}};
  const std::string said = StringAt(json, "action", "block");
  for (const auto& [word, action] : kWords) {
    if (said != word) continue;
    rule.action = action;
    return Ok();
  }
  return Wrong("\"action\" must be block, challenge, js_challenge, managed_challenge or log");
}

Status ReadAnswer(const Json& json, RateRule& rule) {
  const Json* parameters = Find(json, "action_parameters");
  if (parameters == nullptr) return Ok();
  MG_RETURN_IF_ERROR(CheckMembers(*parameters, "\"action_parameters\"", {"response"}));
  const Json* response = Find(*parameters, "response");
  if (response == nullptr) return Ok();
  MG_RETURN_IF_ERROR(
      CheckMembers(*response, "\"response\"", {"status_code", "content", "content_type"}));
  if (rule.action != RateRule::Action::kBlock) return Wrong("only \"block\" has a \"response\"");
  RateRule::CustomAnswer answer;
  answer.status = static_cast<int>(IntAt(*response, "status_code", 429));
  answer.content = StringAt(*response, "content");
  answer.content_type = StringAt(*response, "content_type");
  if (answer.status < 400 || answer.status > 499)
    return Wrong("\"status_code\" must be from 400 to 499");
  if (answer.content.size() > kMaxRuleContentBytes)
    return Wrong("\"content\" is longer than 30 KB");
  if (std::find(std::begin(kContentTypes), std::end(kContentTypes), answer.content_type) ==
      std::end(kContentTypes))
    return Wrong("\"content_type\" must be application/json, text/html, text/xml or text/plain");
  rule.answer = std::move(answer);
  return Ok();
}

Status ReadLimit(const Json& limit, RateRule& rule) {
  MG_RETURN_IF_ERROR(
      CheckMembers(limit, "\"ratelimit\"",
                   {"characteristics", "period", "requests_per_period", "mitigation_timeout",
                    "counting_expression", "requests_to_origin", "score_per_period",
                    "score_response_header_name"}));
  MG_RETURN_IF_ERROR(ReadCharacteristics(limit, rule.characteristics));
  MG_RETURN_IF_ERROR(ReadOneOf(limit, "period", kPeriods, rule.period_seconds));
  MG_RETURN_IF_ERROR(ReadOneOf(limit, "mitigation_timeout", kMitigations, rule.mitigation_seconds));
  const bool scored = Find(limit, "score_per_period") != nullptr;
  const char* amount = scored ? "score_per_period" : "requests_per_period";
  rule.limit = IntAt(limit, amount, 0);
  if (rule.limit < 1 || rule.limit > kMostRequests)
    return Wrong(std::string("\"") + amount + "\" must be a number from 1");
  rule.score_header = StringAt(limit, "score_response_header_name");
  if (scored == rule.score_header.empty())
    return Wrong("\"score_per_period\" and \"score_response_header_name\" come together");
  if (StringAt(limit, "counting_expression").empty()) return Ok();
  MG_TRY(counting, ReadExpression(limit, "counting_expression"));
  rule.counting = std::move(counting);
  return Ok();
}

}  // namespace

// "requests_to_origin" makes no difference here: this edge caches nothing.
Result<RateRule> RateRuleFromJson(const Json& json) {
  MG_RETURN_IF_ERROR(CheckMembers(json, "a rule",
                                  {"id", "ref", "description", "enabled", "expression", "action",
                                   "action_parameters", "ratelimit"}));
  RateRule rule;
  rule.source = DumpJson(json);
  rule.description = StringAt(json, "description");
  if (const Json* enabled = Find(json, "enabled")) {
    if (!enabled->is_boolean()) return Wrong("\"enabled\" must be true or false");
    rule.enabled = enabled->get<bool>();
  }
  MG_TRY(expression, ReadExpression(json, "expression"));
  rule.expression = std::move(expression);
  if (rule.expression.LooksAtResponse())
    return Wrong("only a \"counting_expression\" may look at the response");
  MG_RETURN_IF_ERROR(ReadAction(json, rule));
  MG_RETURN_IF_ERROR(ReadAnswer(json, rule));
  const Json* limit = Find(json, "ratelimit");
  if (limit == nullptr) return Wrong("\"ratelimit\" is missing");
  MG_RETURN_IF_ERROR(ReadLimit(*limit, rule));
  // As the service has it: a visitor who solves the challenge is not kept out afterwards.
  if (rule.action == RateRule::Action::kChallenge && rule.mitigation_seconds != 0)
    return Wrong("\"mitigation_timeout\" of a challenge must be 0");
  return rule;
}

RateRule DefaultRateRule() {
  return RateRuleFromJson(*ParseJson(kDefault)).value();
}

}  // namespace mg::fake
