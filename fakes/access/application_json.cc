#include "fakes/access/application_json.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/duration.h"
#include "core/base/json.h"
#include "core/base/time_text.h"
#include "core/http/host.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kLongestSession = 31LL * 24 * 3600;
constexpr std::int64_t kLongestDuration = 100LL * 366 * 24 * 3600;
constexpr std::size_t kMostDomains = 50;
constexpr std::size_t kMostRules = 100;
constexpr std::size_t kMaxNameBytes = 350;

Error Invalid(const std::string& what) {
  return {Code::kInvalid, what, false};
}

struct RuleRow {
  AccessRule::Kind kind;
  const char* name;
  const char* member;  // empty: the rule has no value
};

constexpr RuleRow kRules[] = {
    {AccessRule::Kind::kEveryone, "everyone", ""},
    {AccessRule::Kind::kEmail, "email", "email"},
    {AccessRule::Kind::kEmailDomain, "email_domain", "domain"},
    {AccessRule::Kind::kServiceToken, "service_token", "token_id"},
    {AccessRule::Kind::kAnyServiceToken, "any_valid_service_token", ""},
    {AccessRule::Kind::kIp, "ip", "ip"},
    {AccessRule::Kind::kCountry, "geo", "country_code"},
};

constexpr const char* kDecisions[] = {"allow", "deny", "bypass", "non_identity"};

Result<AccessRule> ReadRule(const Json& json) {
  if (!json.is_object() || json.size() != 1) return Invalid("a rule is an object of one member");
  const std::string name = json.begin().key();
  for (const RuleRow& row : kRules) {
    if (name != row.name) continue;
    AccessRule rule{row.kind, StringAt(json.begin().value(), row.member)};
    if (row.member[0] != '\0' && rule.value.empty())
      return Invalid("rule \"" + name + "\" lacks \"" + row.member + "\"");
    return rule;
  }
  return Invalid(std::string(kNotDone) + "rule \"" + name.substr(0, 64) + "\"");
}

Status ReadRules(const Json& json, const char* key, std::vector<AccessRule>& out) {
  const Json* list = Find(json, key);
  if (list == nullptr) return Ok();
  if (!list->is_array() || list->size() > kMostRules)
    return Invalid(std::string(key) + " must be a list of rules");
  std::vector<AccessRule> rules;
  for (const Json& item : *list) {
    MG_TRY(rule, ReadRule(item));
    rules.push_back(rule);
  }
  out = std::move(rules);
  return Ok();
}

Json RulesToJson(const std::vector<AccessRule>& rules) {
  Json list = Json::array();
  for (const AccessRule& rule : rules) {
    for (const RuleRow& row : kRules) {
      if (row.kind != rule.kind) continue;
      const Json value = row.member[0] == '\0' ? Json::object() : Json{{row.member, rule.value}};
      list.push_back({{row.name, value}});
    }
  }
  return list;
}

bool IsDomainText(std::string_view text) {
  const std::string_view host = text.substr(0, text.find('/'));
  for (const char c : host) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                      c == '*' || c == '_';
    if (!fits) return false;  // ports, queries and fragments are no part of a domain
  }
  return !host.empty() && text.size() <= 512 &&
         text.find_first_of("?#\\ ") == std::string_view::npos;
}

// Hosts are compared without case, paths with it.
std::string NormalDomain(const std::string& text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  return AsciiLower(text.substr(0, slash)) + text.substr(slash);
}

Status ReadDomains(const Json& json, AccessApplication& application) {
  std::vector<std::string> domains;
  if (const std::string domain = NormalDomain(StringAt(json, "domain")); !domain.empty())
    domains.push_back(domain);
  const Json* destinations = Find(json, "destinations");
  if (destinations == nullptr) destinations = Find(json, "self_hosted_domains");
  if (destinations != nullptr && destinations->is_array()) {
    for (const Json& item : *destinations) {
      const std::string uri =
          NormalDomain(item.is_string() ? item.get<std::string>() : StringAt(item, "uri"));
      if (domains.empty() || domains.front() != uri) domains.push_back(uri);
    }
  }
  if (domains.empty()) return Ok();
  if (domains.size() > kMostDomains) return Invalid("too many destinations");
  for (const std::string& domain : domains)
    if (!IsDomainText(domain))
      return Invalid("domain \"" + domain.substr(0, 64) + "\" is no host and path");
  application.domains = std::move(domains);
  return Ok();
}

Status ReadFlag(const Json& json, const char* key, bool& out) {
  const Json* found = Find(json, key);
  if (found == nullptr) return Ok();
  if (!found->is_boolean()) return Invalid(std::string(key) + " must be true or false");
  out = found->get<bool>();
  return Ok();
}

Status ReadName(const Json& json, std::string& name) {
  if (const std::string text = StringAt(json, "name"); !text.empty()) name = text;
  if (name.empty() || name.size() > kMaxNameBytes) return Invalid("name is missing or too long");
  return Ok();
}

}  // namespace

Result<std::int64_t> ReadGoSeconds(std::string_view text) {
  const Error wrong = Invalid("session_duration must be like \"24h\" or \"1h30m\"");
  std::int64_t total = 0;
  if (text.empty()) return wrong;
  while (!text.empty()) {
    const std::size_t digits = text.find_first_not_of("0123456789.");
    if (digits == std::string_view::npos || digits == 0) return wrong;
    const std::size_t unit_end = std::min(text.find_first_of("0123456789", digits), text.size());
    const auto part = ParseDuration(text.substr(0, unit_end));
    if (!part) return wrong;
    total += std::chrono::duration_cast<std::chrono::seconds>(*part).count();
    if (total > kLongestDuration) return wrong;
    text.remove_prefix(unit_end);
  }
  return total;
}

std::string GoDuration(std::int64_t seconds) {
  if (seconds % 3600 == 0 && seconds > 0) return std::to_string(seconds / 3600) + "h";
  if (seconds % 60 == 0 && seconds > 0) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

Result<std::int64_t> ReadIsoTime(std::string_view text) {
  const std::string copy(text);
  std::tm utc{};
  int used = 0;
  const int read = std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &utc.tm_year, &utc.tm_mon,
                               &utc.tm_mday, &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &used);
  if (read != 6 || copy.back() != 'Z' || static_cast<std::size_t>(used) >= copy.size())
    return Invalid("a time is like \"2026-11-25T17:00:00Z\"");
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  return static_cast<std::int64_t>(::timegm(&utc)) * 1000;
}

Status ReadPolicy(const Json& json, AccessPolicy& policy) {
  if (!json.is_object()) return Invalid("a policy is an object");
  MG_RETURN_IF_ERROR(ReadName(json, policy.name));
  const std::string decision = StringAt(json, "decision", kDecisions[0]);
  bool known = false;
  for (std::size_t i = 0; i < std::size(kDecisions); ++i) {
    if (decision != kDecisions[i]) continue;
    policy.decision = static_cast<AccessPolicy::Decision>(i);
    known = true;
  }
  if (!known) return Invalid("decision must be allow, deny, bypass or non_identity");
  policy.precedence = IntAt(json, "precedence", policy.precedence);
  MG_RETURN_IF_ERROR(ReadRules(json, "include", policy.include));
  MG_RETURN_IF_ERROR(ReadRules(json, "require", policy.require));
  MG_RETURN_IF_ERROR(ReadRules(json, "exclude", policy.exclude));
  if (policy.include.empty()) return Invalid("include must hold a rule");
  if (const std::string duration = StringAt(json, "session_duration"); !duration.empty()) {
    MG_TRY(seconds, ReadGoSeconds(duration));
    if (seconds > kLongestSession) return Invalid("session_duration is a month at most");
    policy.session_seconds = seconds;
  }
  return Ok();
}

Status ReadApplication(const Json& json, AccessApplication& application) {
  if (!json.is_object()) return Invalid("an application is an object");
  if (const std::string type = StringAt(json, "type", "self_hosted"); type != "self_hosted")
    return Invalid(std::string(kNotDone) + "applications of type \"" + type.substr(0, 32) + "\"");
  MG_RETURN_IF_ERROR(ReadName(json, application.name));
  MG_RETURN_IF_ERROR(ReadDomains(json, application));
  if (application.domains.empty()) return Invalid("domain is missing");
  if (const std::string duration = StringAt(json, "session_duration"); !duration.empty()) {
    MG_TRY(seconds, ReadGoSeconds(duration));
    if (seconds > kLongestSession) return Invalid("session_duration is a month at most");
    application.session_seconds = seconds;
  }
  MG_RETURN_IF_ERROR(ReadFlag(json, "http_only_cookie_attribute", application.http_only_cookie));
  MG_RETURN_IF_ERROR(ReadFlag(json, "path_cookie_attribute", application.path_cookie));
  MG_RETURN_IF_ERROR(ReadFlag(json, "enable_binding_cookie", application.binding_cookie));
  MG_RETURN_IF_ERROR(
      ReadFlag(json, "options_preflight_bypass", application.options_preflight_bypass));
  MG_RETURN_IF_ERROR(
      ReadFlag(json, "auto_redirect_to_identity", application.auto_redirect_to_identity));
  MG_RETURN_IF_ERROR(ReadFlag(json, "app_launcher_visible", application.app_launcher_visible));
  application.same_site = StringAt(json, "same_site_cookie_attribute", application.same_site);
  application.read_service_tokens_from_header = StringAt(
      json, "read_service_tokens_from_header", application.read_service_tokens_from_header);
  return Ok();
}

Json PolicyToJson(const AccessPolicy& policy) {
  Json json = {{"id", policy.id},
               {"name", policy.name},
               {"decision", kDecisions[static_cast<std::size_t>(policy.decision)]},
               {"precedence", policy.precedence},
               {"include", RulesToJson(policy.include)},
               {"require", RulesToJson(policy.require)},
               {"exclude", RulesToJson(policy.exclude)},
               {"created_at", IsoSeconds(policy.created_ms / 1000)},
               {"updated_at", IsoSeconds(policy.updated_ms / 1000)}};
  if (policy.session_seconds >= 0) json["session_duration"] = GoDuration(policy.session_seconds);
  return json;
}

Json ApplicationToJson(const AccessApplication& application) {
  Json policies = Json::array(), destinations = Json::array();
  for (const AccessPolicy& policy : application.policies) policies.push_back(PolicyToJson(policy));
  for (const std::string& domain : application.domains)
    destinations.push_back({{"type", "public"}, {"uri", domain}});
  Json json = {{"id", application.id},
               {"aud", application.audience},
               {"name", application.name},
               {"domain", application.domains.front()},
               {"self_hosted_domains", application.domains},
               {"destinations", std::move(destinations)},
               {"type", "self_hosted"},
               {"session_duration", GoDuration(application.session_seconds)},
               {"policies", std::move(policies)},
               {"http_only_cookie_attribute", application.http_only_cookie},
               {"path_cookie_attribute", application.path_cookie},
               {"enable_binding_cookie", application.binding_cookie},
               {"options_preflight_bypass", application.options_preflight_bypass},
               {"auto_redirect_to_identity", application.auto_redirect_to_identity},
               {"app_launcher_visible", application.app_launcher_visible},
               {"created_at", IsoSeconds(application.created_ms / 1000)},
               {"updated_at", IsoSeconds(application.updated_ms / 1000)}};
  if (!application.same_site.empty()) json["same_site_cookie_attribute"] = application.same_site;
  if (!application.read_service_tokens_from_header.empty())
    json["read_service_tokens_from_header"] = application.read_service_tokens_from_header;
  return json;
}

}  // namespace mg::fake
