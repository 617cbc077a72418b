#include "fakes/ai/gateway_config.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/json.h"
#include "fakes/ai/control_knobs.h"

namespace mg::fake {
namespace {

constexpr double kPicodollars = 1e12;

std::vector<std::string> Texts(const Json* list) {
  std::vector<std::string> texts;
  if (list == nullptr || !list->is_array()) return texts;
  for (const Json& item : *list)
    if (item.is_string()) texts.push_back(item.get<std::string>());
  return texts;
}

bool BoolAt(const Json& object, std::string_view key, bool fallback) {
  const Json* value = Find(object, key);
  return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
}

AiSpendRule SpendRuleOf(const Json& rule) {
  AiSpendRule read;
  const Json& limit = rule.at("limit");
  read.id = StringAt(rule, "id");
  read.limit_text = DumpJson(limit);
  read.limit_picodollars = PicodollarsOf(limit.get<double>());
  read.window_seconds = IntAt(rule, "window", 1);
  read.sliding = StringAt(rule, "technique") == "sliding";
  const auto values = [&](std::string_view name) {
    const Json* filter = Find(rule, name);
    return filter == nullptr ? std::vector<std::string>() : Texts(Find(*filter, "values"));
  };
  read.models = values("model");
  read.providers = values("provider");
  if (const Json* metadata = Find(rule, "metadata")) {
    for (const auto& [key, mode] : metadata->items()) {  // sorted: an object's keys are
      if (StringAt(mode, "mode") == "partition") read.partition_keys.push_back(key);
      if (StringAt(mode, "mode") == "filter")
        read.must_be_one_of[key] = Texts(Find(mode, "values"));
    }
  }
  return read;
}

void ReadSpendRules(const Json& document, AiGatewayConfig& config) {
  const Json* limits = Find(document, "spend_limits");
  if (limits == nullptr || !BoolAt(*limits, "enabled", false)) return;
  for (const Json& rule : limits->at("rules"))
    if (BoolAt(rule, "enabled", true)) config.spend_rules.push_back(SpendRuleOf(rule));
}

std::map<std::string, bool> CategoriesOf(const Json& guardrails, std::string_view side) {
  std::map<std::string, bool> blocks;
  if (const Json* categories = Find(guardrails, side))
    for (const auto& [name, action] : categories->items()) blocks[name] = action == "BLOCK";
  return blocks;
}

AiDlpPolicy PolicyOf(const Json& policy, std::string_view id, std::vector<std::string> checks) {
  const auto has = [&](const char* what) {
    return std::find(checks.begin(), checks.end(), what) != checks.end();
  };
  return {std::string(id), StringAt(policy, "action") == "BLOCK", has("REQUEST"), has("RESPONSE"),
          Texts(Find(policy, "profiles"))};
}

void ReadDlp(const Json& document, AiGatewayConfig& config) {
  const Json* dlp = Find(document, "dlp");
  if (dlp == nullptr || !BoolAt(*dlp, "enabled", false)) return;
  const Json* policies = Find(*dlp, "policies");
  if (policies == nullptr) {
    config.dlp.push_back(PolicyOf(*dlp, "default", {"REQUEST", "RESPONSE"}));
    return;
  }
  for (const Json& policy : *policies)
    if (BoolAt(policy, "enabled", false))
      config.dlp.push_back(PolicyOf(policy, StringAt(policy, "id"), Texts(Find(policy, "check"))));
}

}  // namespace

std::int64_t PicodollarsOf(double dollars) {
  return std::llround(std::clamp(dollars, 0.0, kMostDollars) * kPicodollars);
}

AiGatewayConfig GatewayConfigOf(std::shared_ptr<const Json> document) {
  const Json& from = *document;
  AiGatewayConfig config;
  config.id = StringAt(from, "id");
  config.authentication = BoolAt(from, "authentication", false);
  config.collect_logs = BoolAt(from, "collect_logs", true);
  config.cache_ttl_seconds = IntAt(from, "cache_ttl", 0);
  config.rate_limit = IntAt(from, "rate_limiting_limit", 0);
  config.rate_interval_seconds = IntAt(from, "rate_limiting_interval", 0);
  config.rate_sliding = StringAt(from, "rate_limiting_technique") == "sliding";
  config.most_log_rows = std::min(IntAt(from, "log_management", kMaxLogRows), kMaxLogRows);
  config.deletes_oldest_log = StringAt(from, "log_management_strategy") == "DELETE_OLDEST";
  config.retry_tries = IntAt(from, "retry_max_attempts", 0);
  config.retry_delay_ms = IntAt(from, "retry_delay", 0);
  config.retry_backoff = StringAt(from, "retry_backoff");
  ReadSpendRules(from, config);
  if (const Json* guardrails = Find(from, "guardrails"))
    config.guardrails = {CategoriesOf(*guardrails, "prompt"),
                         CategoriesOf(*guardrails, "response")};
  ReadDlp(from, config);
  config.document = std::move(document);
  return config;
}

}  // namespace mg::fake
