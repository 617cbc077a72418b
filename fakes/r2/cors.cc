#include "fakes/r2/cors.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/r2/xml.h"
#include "fakes/r2/xml_reader.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMaxRules = 100;
constexpr std::int64_t kMaxAge = 86'400;
constexpr std::string_view kMethods[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};

bool IsOrigin(std::string_view origin) {
  if (origin == "*") return true;
  const std::size_t scheme = origin.find("://");
  if (scheme == 0 || scheme == std::string_view::npos) return false;
  const std::string_view host = origin.substr(scheme + 3);
  return !host.empty() && host.find_first_of("/?# ") == std::string_view::npos;
}

bool IsWhole(const CorsRules& rules) {
  if (rules.size() > kMaxRules) return false;
  return std::all_of(rules.begin(), rules.end(), [](const CorsRule& rule) {
    const bool methods = std::all_of(rule.methods.begin(), rule.methods.end(), [](auto& method) {
      return std::find(std::begin(kMethods), std::end(kMethods), method) != std::end(kMethods);
    });
    const std::int64_t age = rule.max_age_seconds.value_or(0);
    return methods && !rule.methods.empty() && !rule.origins.empty() && age <= kMaxAge &&
           std::all_of(rule.origins.begin(), rule.origins.end(), IsOrigin);
  });
}

std::optional<CorsRule> RuleFromXml(const XmlNode& node) {
  CorsRule rule;
  for (const XmlNode& child : node.children) {
    const std::string text(TrimSpace(child.text));
    if (child.name == "ID") {
      rule.id = text;
    } else if (child.name == "AllowedOrigin") {
      rule.origins.push_back(text);
    } else if (child.name == "AllowedMethod") {
      rule.methods.push_back(text);
    } else if (child.name == "AllowedHeader") {
      rule.headers.push_back(text);
    } else if (child.name == "ExposeHeader") {
      rule.exposed.push_back(text);
    } else if (child.name == "MaxAgeSeconds") {
      rule.max_age_seconds = ParseInt(text);
      if (!rule.max_age_seconds) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return rule;
}

bool TakeTexts(const Json* list, std::vector<std::string>& out) {
  if (list == nullptr) return true;
  if (!list->is_array()) return false;
  for (const Json& one : *list) {
    if (!one.is_string()) return false;
    out.push_back(one.get<std::string>());
  }
  return true;
}

std::optional<CorsRule> RuleFromJson(const Json& json) {
  CorsRule rule;
  const Json* allowed = Find(json, "allowed");
  if (allowed == nullptr || !allowed->is_object()) return std::nullopt;
  rule.id = StringAt(json, "id");
  if (!TakeTexts(Find(*allowed, "origins"), rule.origins) ||
      !TakeTexts(Find(*allowed, "methods"), rule.methods) ||
      !TakeTexts(Find(*allowed, "headers"), rule.headers) ||
      !TakeTexts(Find(json, "exposeHeaders"), rule.exposed)) {
    return std::nullopt;
  }
  if (const Json* age = Find(json, "maxAgeSeconds")) {
    if (!age->is_number_integer()) return std::nullopt;
    rule.max_age_seconds = age->get<std::int64_t>();
  }
  return rule;
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out.append(out.empty() ? "" : ", ").append(text);
  return out;
}

bool Has(const std::vector<std::string>& list, std::string_view one, bool exactly) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& text) {
    return text == "*" || (exactly ? text == one : EqualsIgnoreCase(text, one));
  });
}

const CorsRule* RuleFor(const CorsRules& rules, std::string_view origin, std::string_view method,
                        std::string_view headers) {
  for (const CorsRule& rule : rules) {
    if (!Has(rule.origins, origin, true) || !Has(rule.methods, method, true)) continue;
    bool all = true;
    for (const std::string_view header : Split(headers, ','))
      all = all && (TrimSpace(header).empty() || Has(rule.headers, TrimSpace(header), false));
    if (all) return &rule;
  }
  return nullptr;
}

void AddOrigin(const CorsRule& rule, std::string_view origin, Response& response) {
  const bool any = Has(rule.origins, "*", true);
  response.headers.Set("access-control-allow-origin", any ? "*" : origin);
  response.headers.Set("vary", "Origin");
  if (!rule.exposed.empty())
    response.headers.Set("access-control-expose-headers", Joined(rule.exposed));
}

}  // namespace

std::optional<CorsRules> CorsFromXml(std::string_view text) {
  const auto document = ParseXml(text);
  if (!document || document->name != "CORSConfiguration") return std::nullopt;
  CorsRules rules;
  for (const XmlNode& child : document->children) {
    const auto rule = child.name == "CORSRule" ? RuleFromXml(child) : std::nullopt;
    if (!rule) return std::nullopt;
    rules.push_back(*rule);
  }
  if (rules.empty() || !IsWhole(rules)) return std::nullopt;
  return rules;
}

std::optional<CorsRules> CorsFromJson(std::string_view text) {
  const auto json = ParseJson(text);
  const Json* list = json ? Find(*json, "rules") : nullptr;
  if (list == nullptr || !list->is_array()) return std::nullopt;
  CorsRules rules;
  for (const Json& one : *list) {
    const auto rule = RuleFromJson(one);
    if (!rule) return std::nullopt;
    rules.push_back(*rule);
  }
  if (!IsWhole(rules)) return std::nullopt;
  return rules;
}

std::string CorsToJson(const CorsRules& rules) {
  Json list = Json::array();
  for (const CorsRule& rule : rules) {
    Json json = {
        {"allowed",
         {{"methods", rule.methods}, {"origins", rule.origins}, {"headers", rule.headers}}},
        {"exposeHeaders", rule.exposed}};
    if (!rule.id.empty()) json["id"] = rule.id;
    if (rule.max_age_seconds) json["maxAgeSeconds"] = *rule.max_age_seconds;
    list.push_back(std::move(json));
  }
  return DumpJson(Json{{"rules", std::move(list)}});
}

Response CorsAsXml(const CorsRules& rules) {
  XmlWriter xml("CORSConfiguration");
  for (const CorsRule& rule : rules) {
    xml.Open("CORSRule");
    if (!rule.id.empty()) xml.Text("ID", rule.id);
    for (const std::string& text : rule.headers) xml.Text("AllowedHeader", text);
    for (const std::string& text : rule.methods) xml.Text("AllowedMethod", text);
    for (const std::string& text : rule.origins) xml.Text("AllowedOrigin", text);
    for (const std::string& text : rule.exposed) xml.Text("ExposeHeader", text);
    if (rule.max_age_seconds) xml.Number("MaxAgeSeconds", *rule.max_age_seconds);
    xml.Close();
  }
  return xml.Answer();
}

void AddCorsHeaders(const CorsRules& rules, const Request& request, Response& response) {
  const std::string_view origin = request.headers.Get("origin");
  const CorsRule* rule = RuleFor(rules, origin, request.method, "");
  if (rule != nullptr) AddOrigin(*rule, origin, response);
}

Response Preflight(const CorsRules& rules, const Request& request) {
  const Headers& sent = request.headers;
  const std::string_view headers = sent.Get("access-control-request-headers");
  const CorsRule* rule =
      RuleFor(rules, sent.Get("origin"), sent.Get("access-control-request-method"), headers);
  if (rule == nullptr) {
    return S3Error(403, "AccessForbidden", "CORSResponse: This CORS request is not allowed.");
  }
  Response response;
  response.status = 204;
  AddOrigin(*rule, sent.Get("origin"), response);
  response.headers.Set("access-control-allow-methods", Joined(rule->methods));
  if (!headers.empty()) response.headers.Set("access-control-allow-headers", headers);
  if (rule->max_age_seconds)
    response.headers.Set("access-control-max-age", std::to_string(*rule->max_age_seconds));
  return response;
}

}  // namespace mg::fake
