#include "fakes/ai/gateway_body.h"

#include <set>
#include <span>
#include <utility>

#include "core/base/json.h"
#include "fakes/ai/control_knobs.h"
#include "fakes/ai/gateway_config.h"

namespace mg::fake {
namespace {

using Kind = AiField::Kind;
using Need = AiField::Need;

constexpr auto kMust = Need::kRequired;
constexpr auto kMay = Need::kOptional;

constexpr AiField kGatewayFields[] = {
    {"cache_invalidate_on_update", Kind::kBool, kMust},
    {"cache_ttl", Kind::kWhole, kMust, true, 0, kMostCacheSeconds},
    {"collect_logs", Kind::kBool, kMust},
    {"rate_limiting_interval", Kind::kWhole, kMust, true, 0, kMaxWindowSeconds},
    {"rate_limiting_limit", Kind::kWhole, kMust, true, 0, kMaxRatePerWindow},
    {"rate_limiting_technique", Kind::kWord, kMay, true, 0, 0, "fixed|sliding"},
    {"authentication", Kind::kBool},
    {"byok_only", Kind::kBool},
    {"dlp", Kind::kObject},
    {"guardrails", Kind::kObject, kMay, true},
    {"log_classification", Kind::kBool},
    {"log_management", Kind::kWhole, kMay, true, 1, 10'000'000},
    {"log_management_strategy", Kind::kWord, kMay, true, 0, 0, "STOP_INSERTING|DELETE_OLDEST"},
    {"logpush", Kind::kBool},
    {"logpush_public_key", Kind::kText, kMay, true, 1, 1024},
    {"otel", Kind::kList, kMay, true, 0, 100},
    {"retry_backoff", Kind::kWord, kMay, true, 0, 0, "constant|linear|exponential"},
    {"retry_delay", Kind::kWhole, kMay, true, 0, 60'000},
    {"retry_max_attempts", Kind::kWhole, kMay, true, 1, 5},
    {"spend_limits", Kind::kObject, kMay, true},
    {"store_id", Kind::kText, kMay, true, 1, 128},
    {"stripe", Kind::kObject, kMay, true},
    {"workers_ai_billing_mode", Kind::kWord, kMay, false, 0, 0, "postpaid|unified"},
    {"zdr", Kind::kBool},
};

constexpr AiField kSpendFields[] = {{"enabled", Kind::kBool},
                                    {"rules", Kind::kList, kMay, false, 0, kMaxSpendRules}};
constexpr AiField kRuleFields[] = {
    {"id", Kind::kText, kMay, false, 1, 64},
    {"limit", Kind::kNumber, kMust, false, 0, kMostDollars},
    {"limitType", Kind::kWord, kMust, false, 0, 0, "cost"},
    {"window", Kind::kWhole, kMust, false, 1, kMaxWindowSeconds},
    {"technique", Kind::kWord, kMay, false, 0, 0, "fixed|sliding"},
    {"enabled", Kind::kBool},
    {"metadata", Kind::kObject},
    {"model", Kind::kObject},
    {"provider", Kind::kObject},
};
constexpr AiField kModeFields[] = {
    {"mode", Kind::kWord, kMust, false, 0, 0, "partition|filter"},
    {"values", Kind::kList, kMay, false, 1, 100},
};
constexpr AiField kFilterFields[] = {
    {"mode", Kind::kWord, kMust, false, 0, 0, "filter"},
    {"values", Kind::kList, kMust, false, 1, 100},
};
constexpr AiField kGuardrailFields[] = {{"prompt", Kind::kObject, kMust},
                                        {"response", Kind::kObject, kMust}};
constexpr std::string_view kActions = "FLAG|BLOCK";
constexpr AiField kCategoryFields[] = {
    {"S1", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S2", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S3", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S4", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S5", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S6", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S7", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S8", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S9", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S10", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S11", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S12", Kind::kWord, kMay, false, 0, 0, kActions},
    {"S13", Kind::kWord, kMay, false, 0, 0, kActions},
    {"P1", Kind::kWord, kMay, false, 0, 0, kActions},
};
constexpr AiField kDlpFields[] = {
    {"enabled", Kind::kBool, kMust},
    {"policies", Kind::kList, kMay, false, 0, 20},
    {"action", Kind::kWord, kMay, false, 0, 0, kActions},
    {"profiles", Kind::kList, kMay, false, 0, 100},
};
constexpr AiField kPolicyFields[] = {
    {"id", Kind::kText, kMust, false, 1, 64},
    {"enabled", Kind::kBool, kMust},
    {"action", Kind::kWord, kMust, false, 0, 0, kActions},
    {"check", Kind::kList, kMust, false, 1, 2},
    {"profiles", Kind::kList, kMust, false, 1, 100},
};

// What a gateway has that was not asked for more.
Json Defaults() {
  return Json{{"rate_limiting_technique", "fixed"},
              {"authentication", false},
              {"byok_only", false},
              {"dlp", {{"enabled", false}, {"policies", Json::array()}}},
              {"guardrails", nullptr},
              {"log_classification", false},
              {"log_management", kMaxLogRows},
              {"log_management_strategy", "STOP_INSERTING"},
              {"logpush", false},
              {"logpush_public_key", nullptr},
              {"otel", nullptr},
              {"retry_backoff", nullptr},
              {"retry_delay", nullptr},
              {"retry_max_attempts", nullptr},
              {"spend_limits", nullptr},
              {"store_id", nullptr},
              {"stripe", nullptr},
              {"workers_ai_billing_mode", "postpaid"},
              {"zdr", false}};
}

bool IsSet(const Json& document, std::string_view name) {
  const Json* value = Find(document, name);
  if (value == nullptr || value->is_null()) return false;
  if (value->is_boolean()) return value->get<bool>();
  return !value->empty();
}

// Exports and billing that would leave this machine.
std::string_view GapOf(const Json& document) {
  if (IsSet(document, "otel")) return "ai.otel";
  if (IsSet(document, "stripe")) return "ai.stripe";
  if (IsSet(document, "logpush")) return "ai.logpush";
  if (StringAt(document, "workers_ai_billing_mode") == "unified") return "ai.unified_billing";
  return "";
}

// Reads a gateway's members that have members of their own.
class Reader {
 public:
  explicit Reader(AiFieldReader& fields) : fields_(fields) {}

  Json SpendLimits(const Json& given) {
    Json limits{{"enabled", true}, {"rules", Json::array()}};
    fields_.Read(given, kSpendFields, limits);
    fields_.Enter("rules");
    std::set<std::string> ids;
    Json rules = Json::array();
    for (std::size_t i = 0; i < limits["rules"].size(); ++i) {
      fields_.Enter(std::to_string(i));
      rules.push_back(Rule(limits["rules"][i], i, ids));
      fields_.Leave();
    }
    fields_.Leave();
    limits["rules"] = std::move(rules);
    return limits;
  }

  Json Guardrails(const Json& given) {
    Json guardrails = Json::object();
    fields_.Read(given, kGuardrailFields, guardrails);
    for (auto& [side, categories] : guardrails.items()) {
      fields_.Enter(side);
      Json kept = Json::object();
      fields_.Read(categories, kCategoryFields, kept);
      categories = std::move(kept);
      fields_.Leave();
    }
    return guardrails;
  }

  Json Dlp(const Json& given) {
    Json dlp = Json::object();
    fields_.Read(given, kDlpFields, dlp);
    Texts("profiles", dlp, "");
    if (!dlp.contains("policies")) {
      for (const char* name : {"action", "profiles"})
        if (!dlp.contains(name)) fields_.Refuse(name, "Required");
      return dlp;
    }
    fields_.Enter("policies");
    for (std::size_t i = 0; i < dlp["policies"].size(); ++i) {
      fields_.Enter(std::to_string(i));
      Json policy = Json::object();
      fields_.Read(dlp["policies"][i], kPolicyFields, policy);
      Texts("check", policy, "REQUEST|RESPONSE");
      Texts("profiles", policy, "");
      dlp["policies"][i] = std::move(policy);
      fields_.Leave();
    }
    fields_.Leave();
    return dlp;
  }

 private:
  Json Rule(const Json& given, std::size_t place, std::set<std::string>& ids) {
    Json rule{{"technique", "fixed"}, {"enabled", true}};
    fields_.Read(given, kRuleFields, rule);
    if (!rule.contains("id")) rule["id"] = "rule-" + std::to_string(place + 1);
    if (!ids.insert(rule["id"].get<std::string>()).second)
      fields_.Refuse("id", "Two rules have this id");
    if (rule.contains("limit") && rule["limit"].get<double>() <= 0)
      fields_.Refuse("limit", "Number must be greater than 0");
    for (const char* name : {"model", "provider"})
      if (rule.contains(name)) rule[name] = Mode(name, rule[name], kFilterFields);
    if (!rule.contains("metadata")) return rule;
    fields_.Enter("metadata");
    for (auto& [key, mode] : rule["metadata"].items()) mode = Mode(key, mode, kModeFields);
    fields_.Leave();
    return rule;
  }

  Json Mode(std::string_view name, const Json& given, std::span<const AiField> allowed) {
    fields_.Enter(name);
    Json mode = Json::object();
    fields_.Read(given, allowed, mode);
    Texts("values", mode, "");
    if (StringAt(mode, "mode") == "filter" && !mode.contains("values"))
      fields_.Refuse("values", "Required");
    fields_.Leave();
    return mode;
  }

  // A list of texts, of `words` alone unless that is empty.
  void Texts(std::string_view name, const Json& object, std::string_view words) {
    const Json* list = Find(object, name);
    if (list == nullptr) return;
    for (const Json& item : *list) {
      const bool fits =
          item.is_string() && (words.empty() || IsOneOf(words, item.get<std::string>()));
      if (!fits)
        fields_.Refuse(name, words.empty()
                                 ? "Expected string, received " + std::string(item.type_name())
                                 : WrongWord(words, item));
    }
  }

  AiFieldReader& fields_;
};

}  // namespace

AiGatewayBody ReadGatewayBody(const Json& body, const Json* before) {
  AiGatewayBody read;
  AiFieldReader fields;
  Json document = before == nullptr ? Defaults() : *before;
  Json given = Json::object();
  fields.Read(body, kGatewayFields, given);
  Reader reader(fields);
  for (auto& [name, value] : given.items()) {
    if (!value.is_object()) continue;
    fields.Enter(name);
    if (name == "spend_limits") value = reader.SpendLimits(value);
    if (name == "guardrails") value = reader.Guardrails(value);
    if (name == "dlp") value = reader.Dlp(value);
    fields.Leave();
  }
  document.update(given);
  if (document["cache_ttl"].is_null()) document["cache_ttl"] = 0;
  read.gap = GapOf(document);
  read.problems = fields.problems();
  read.document = std::make_shared<Json>(std::move(document));
  return read;
}

}  // namespace mg::fake
