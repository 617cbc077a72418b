#include "core/config/settings.h"

#include <algorithm>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/config/value_checks.h"

namespace mg {
namespace {

// What an operator writes to give a value: a variable, a key of the profile, or either.
struct Knob {
  std::string_view variable;
  std::string_view key;
  std::string_view value;

  std::string Name() const { return std::string(variable.empty() ? key : variable); }
  std::string How() const {
    std::string how = "set ";
    if (!variable.empty()) how += variable;
    if (!variable.empty() && !key.empty()) how += ", or ";
    if (!key.empty()) how += "\"" + std::string(key) + "\" in the profile";
    if (!variable.empty() && !key.empty()) how += ",";
    return how + " to " + std::string(value);
  }
};

constexpr Knob kDevMode{"DEV_MODE", "dev_mode",
                        "false, or ENVIRONMENT to development or test if this is not production"};
constexpr Knob kE2eTestMode{
    "E2E_TEST_MODE", "e2e_test_mode",
    "false, or ENVIRONMENT to development or test if this is not production"};
constexpr Knob kR2AccessKeyId{
    "R2_ACCESS_KEY_ID", "",
    "the access key id of an R2 API token (or the variable that \"access_key_env\" names)"};
constexpr Knob kR2SecretAccessKey{
    "R2_SECRET_ACCESS_KEY", "",
    "the secret access key of an R2 API token (or the variable that \"secret_env\" names)"};
constexpr Knob kApiToken{
    "CLOUDFLARE_API_TOKEN", "",
    "an API token that may edit D1 and Workers KV (or the variable that \"token_env\" names)"};
constexpr Knob kAppDomain{"APP_DOMAIN", "app_domain",
                          "the domain under which the tenants live, as in example.com"};
constexpr Knob kOperatorHost{"OPERATOR_HOST", "operator_host",
                             "a host name, as in admin.example.com"};
constexpr Knob kGatewayToken{"MOLTBOT_GATEWAY_TOKEN", "",
                             "a long random text, as `openssl rand -hex 32` prints it"};
constexpr Knob kTeamDomain{"CF_ACCESS_TEAM_DOMAIN", "access.team_url",
                           "the Access team's address, as in https://team.cloudflareaccess.com"};
constexpr Knob kCertsUrl{"", "access.certs_url",
                         "an http(s) address, or leave it out for the team's own"};
constexpr Knob kAud{"CF_ACCESS_AUD", "access.aud",
                    "the audience tags of the Access applications, separated by commas"};
constexpr Knob kAiAccount{"CF_AI_GATEWAY_ACCOUNT_ID", "ai_gateway.account_id",
                          "the id of the account that owns the AI Gateway"};
constexpr Knob kAiGateway{"CF_AI_GATEWAY_GATEWAY_ID", "ai_gateway.gateway_id",
                          "the name of the AI Gateway"};
constexpr Knob kAiKey{"CLOUDFLARE_AI_GATEWAY_API_KEY", "",
                      "a token that may run the AI Gateway (or the variable that "
                      "\"ai_gateway.token_env\" names)"};
constexpr Knob kWorkersAiToken{"CLOUDFLARE_WORKERS_AI_TOKEN", "",
                               "a token that may run Workers AI"};
constexpr Knob kAiBase{"", "ai_gateway.base",
                       "an http(s) address without a trailing slash, or leave it out"};
constexpr Knob kDynamicRoute{"AIG_DYNAMIC_ROUTE", "ai_gateway.dynamic_route",
                             "the name of a deployed route of the AI Gateway"};
constexpr Knob kReservedLabels{"", "reserved_labels", "labels such as \"www\""};
constexpr Knob kOperators{"OPERATORS", "operators", "e-mail addresses and service-token ids"};
constexpr Knob kDomainMap{"TENANT_DOMAIN_MAP", "tenant_domain_map",
                          "an object of host names and slugs, as in {\"shop.example\": \"acme\"}"};
constexpr Knob kEdgeCidrs{"TRUSTED_EDGE_CIDRS", "trusted_edge_cidrs",
                          "address ranges, as in 173.245.48.0/20"};
constexpr Knob kGatewayListen{"", "listen.gateway", "an address and a port, as in 127.0.0.1:8787"};
constexpr Knob kManagementListen{"", "listen.management",
                                 "an address and a port, as in 127.0.0.1:8790"};
constexpr Knob kModelOverride{"CF_AI_GATEWAY_MODEL", "models.override", "the name of one model"};

constexpr std::string_view kBucketHow =
    "give \"bindings.MOLTBOT_BUCKET\" in the profile a \"bucket\" and an \"account_id\" (or an "
    "\"endpoint\"), or set R2_BUCKET_NAME and CF_ACCOUNT_ID";
constexpr std::string_view kDbHow =
    "give \"bindings.TENANT_DB\" in the profile an \"account_id\" and a \"database_id\", or set "
    "CF_ACCOUNT_ID and D1_DATABASE_ID";
constexpr std::string_view kKvHow =
    "give \"bindings.TENANT_KV\" in the profile an \"account_id\" and a \"namespace_id\", or set "
    "CF_ACCOUNT_ID and KV_NAMESPACE_ID";

constexpr const char* kUnfitForHeader = "holds white space or other bytes that no header carries";

bool FitsHeader(std::string_view secret) {
  return secret.empty() || IsVisibleText(secret);
}

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kKvLeastTtlSeconds = 60;  // KV refuses a shorter expiry (TEN-4)
constexpr std::int64_t kCountMax = 1'000'000'000;
constexpr std::int64_t kWaitMaxMs = 600'000;
constexpr std::int64_t kAttemptsMax = 10;

class Checker {
 public:
  explicit Checker(const Settings& settings)
      // Production refuses dev_mode itself, so there it hides no other problem.
      : s_(settings), relaxed_(settings.dev_mode && !settings.production()) {}

  std::vector<SettingProblem> Run() {
    CheckModes();
    CheckBucket();
    CheckV4Bindings();
    CheckHosts();
    CheckAccess();
    CheckAiGateway();
    CheckLists();
    CheckNumbers();
    CheckMap(s_.models);
    Demand(s_.models.override_primary.empty() || IsVisibleText(s_.models.override_primary),
           kModelOverride, "is not the name of a model");
    return std::move(problems_);
  }

  std::vector<SettingProblem> RunMap(const ModelMap& map) {
    CheckMap(map);
    return std::move(problems_);
  }

 private:
  void Add(std::string name, std::string what, std::string how) {
    problems_.push_back({std::move(name), std::move(what), std::move(how), false});
  }

  void Demand(bool holds, const Knob& knob, std::string what) {
    if (!holds) Add(knob.Name(), std::move(what), knob.How());
  }

  // Without it production, or a binding that is configured, cannot work.
  void Need(bool given, const Knob& knob) {
    if (!relaxed_) Demand(given, knob, "is not set");
  }

  void NeedInProduction(bool given, const Knob& knob) {
    if (s_.production()) Need(given, knob);
  }

  void MissingBinding(std::string_view name, std::string_view how) {
    if (relaxed_) return;
    problems_.push_back({std::string(name), "is not configured", std::string(how), true});
  }

  void Part(bool holds, std::string_view binding, std::string_view what, std::string_view how) {
    if (!holds) Add(std::string(binding), std::string(what), std::string(how));
  }

  void Range(const Knob& where, std::int64_t value, std::int64_t least, std::int64_t most) {
    if (value >= least && value <= most) return;
    const std::string bound =
        value < least ? "at least " + std::to_string(least) : "at most " + std::to_string(most);
    const std::string range =
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
    Add(where.Name(), "must be " + bound + "; it is " + std::to_string(value),
        Knob{where.variable, where.key, range}.How());
  }

  void CheckModes() {
    if (!s_.production()) return;
    Demand(!s_.dev_mode, kDevMode, "is refused in production, because it relaxes Access");
    Demand(!s_.e2e_test_mode, kE2eTestMode, "is refused in production, because it relaxes Access");
  }

  void CheckBucket() {
    if (!s_.bindings.bucket) return MissingBinding("MOLTBOT_BUCKET", kBucketHow);
    const R2Binding& bucket = *s_.bindings.bucket;
    Part(!bucket.bucket.empty(), "MOLTBOT_BUCKET", "has no bucket", kBucketHow);
    Part(IsHttpOrigin(bucket.endpoint), "MOLTBOT_BUCKET",
         "needs an endpoint of the form http(s)://host[:port]", kBucketHow);
    Need(!bucket.access_key_id.empty(), kR2AccessKeyId);
    Need(!bucket.secret_access_key.empty(), kR2SecretAccessKey);
  }

  void CheckV4Bindings() {
    bool has_tokens = true;
    if (const auto& db = s_.bindings.db) {
      Part(!db->database_id.empty(), "TENANT_DB", "has no database_id", kDbHow);
      CheckV4("TENANT_DB", db->api_base, db->account_id, kDbHow);
      has_tokens = has_tokens && !db->api_token.empty();
    } else {
      MissingBinding("TENANT_DB", kDbHow);
    }
    if (const auto& kv = s_.bindings.kv) {
      Part(!kv->namespace_id.empty(), "TENANT_KV", "has no namespace_id", kKvHow);
      CheckV4("TENANT_KV", kv->api_base, kv->account_id, kKvHow);
      has_tokens = has_tokens && !kv->api_token.empty();
    } else {
      MissingBinding("TENANT_KV", kKvHow);
    }
    Need(has_tokens, kApiToken);
  }

  void CheckV4(std::string_view name, std::string_view api_base, std::string_view account_id,
               std::string_view how) {
    constexpr std::string_view kSuffix = "/client/v4";
    const bool ends_well = api_base.size() > kSuffix.size() &&
                           api_base.substr(api_base.size() - kSuffix.size()) == kSuffix;
    Part(!account_id.empty(), name, "has no account_id", how);
    Part(IsHttpUrl(api_base) && ends_well, name,
         "needs an api_base of the form http(s)://host/client/v4",
         "leave \"api_base\" and CLOUDFLARE_API_BASE_URL out, or end them in /client/v4");
  }

  void CheckHosts() {
    NeedInProduction(!s_.app_domain.empty(), kAppDomain);
    Demand(s_.app_domain.empty() || IsHost(s_.app_domain), kAppDomain, "is not a host name");
    Demand(s_.operator_host.empty() || IsHost(s_.operator_host), kOperatorHost,
           "is not a host name");
    NeedInProduction(!s_.gateway_token.empty(), kGatewayToken);
    Demand(FitsHeader(s_.gateway_token), kGatewayToken, kUnfitForHeader);
  }

  void CheckAccess() {
    const AccessSettings& access = s_.access;
    NeedInProduction(!access.team_url.empty(), kTeamDomain);
    Demand(access.team_url.empty() || IsHttpOrigin(access.team_url), kTeamDomain,
           "is not of the form https://host");
    Demand(access.certs_url.empty() || IsHttpUrl(access.certs_url), kCertsUrl,
           "is not an http(s) address");
    NeedInProduction(!access.audiences.empty(), kAud);
    Demand(std::all_of(access.audiences.begin(), access.audiences.end(), IsVisibleText), kAud,
           "holds an empty tag or one with white space");
  }

  void CheckAiGateway() {
    const AiGatewaySettings& ai = s_.ai_gateway;
    NeedInProduction(!ai.account_id.empty(), kAiAccount);
    NeedInProduction(!ai.gateway_id.empty(), kAiGateway);
    NeedInProduction(!ai.api_key.empty(), kAiKey);
    Demand(FitsHeader(ai.api_key), kAiKey, kUnfitForHeader);
    Demand(ai.workers_ai_token == ai.api_key || FitsHeader(ai.workers_ai_token), kWorkersAiToken,
           kUnfitForHeader);
    Demand(ai.base.empty() || IsHttpUrl(ai.base), kAiBase, "is not an http(s) address");
    if (ai.strategy == AiStrategy::kDynamic) {
      Demand(IsVisibleText(ai.dynamic_route), kDynamicRoute,
             ai.dynamic_route.empty() ? "is not set, and the dynamic strategy needs it"
                                      : "is not the name of a route");
    }
  }

  void CheckLists() {
    for (const std::string& label : s_.reserved_labels) {
      Demand(IsSlug(label), kReservedLabels, "holds \"" + label + "\", which is not a label");
    }
    for (const std::string& operator_name : s_.operators) {
      Demand(IsVisibleText(operator_name) && AsciiLower(operator_name) == operator_name, kOperators,
             "holds \"" + operator_name + "\", which is not in lower case and free of spaces");
    }
    for (const auto& entry : s_.tenant_domain_map) {
      Demand(IsHost(entry.first), kDomainMap,
             "holds \"" + entry.first + "\", which is not a host name");
      Demand(IsSlug(entry.second), kDomainMap,
             "maps \"" + entry.first + "\" to \"" + entry.second + "\", which is not a slug");
    }
    for (const std::string& cidr : s_.trusted_edge_cidrs) {
      Demand(IsCidr(cidr), kEdgeCidrs, "holds \"" + cidr + "\", which is not an address range");
    }
    Demand(IsListenAddress(s_.gateway_listen), kGatewayListen, "is not an address and a port");
    Demand(IsListenAddress(s_.management_listen), kManagementListen,
           "is not an address and a port");
  }

  void CheckNumbers() {
    const LimitSettings& l = s_.limits;
    Range({"TENANT_CACHE_TTL_SECONDS", "tenant_cache_ttl_seconds", ""}, s_.tenant_cache_ttl_seconds,
          kKvLeastTtlSeconds, kDaySeconds);
    Range({"TENANT_STALE_SECONDS", "tenant_stale_seconds", ""}, s_.tenant_stale_seconds, 0,
          7 * kDaySeconds);
    Range({"PUBLIC_RATE_LIMIT_MAX", "limits.public_max", ""}, l.public_max, 1, kCountMax);
    Range({"PUBLIC_RATE_LIMIT_WINDOW_SECONDS", "limits.public_window_seconds", ""},
          l.public_window_seconds, 1, kDaySeconds);
    Range({"", "limits.free_per_minute", ""}, l.free_per_minute, 1, kCountMax);
    Range({"", "limits.premium_per_minute", ""}, l.premium_per_minute, 1, kCountMax);
    Range({"", "limits.enterprise_per_minute", ""}, l.enterprise_per_minute, 1, kCountMax);
    Range({"STREAM_MAX_SECONDS", "models.stream_max_seconds", ""}, s_.models.stream_max_seconds, 1,
          kDaySeconds);
    Range({"FAILURE_BUDGET_MAX", "limits.failure_budget_max", ""}, l.failure_budget_max, 0,
          kCountMax);
    Range({"FAILURE_BUDGET_WINDOW_SECONDS", "limits.failure_budget_window_seconds", ""},
          l.failure_budget_window_seconds, 1, kDaySeconds);
  }

  void CheckMap(const ModelMap& map) {
    CheckRoute("models.free", map.free);
    CheckRoute("models.premium", map.premium);
  }

  void CheckRoute(const std::string& route_key, const ModelRoute& route) {
    const bool has_fallback = !route.fallback.empty();
    const auto key = [&](std::string_view field) { return route_key + "." + std::string(field); };
    const std::string primary = key("primary");
    Demand(IsVisibleText(route.primary), {"", primary, "the name of a model"},
           route.primary.empty() ? "is not set" : "is not the name of a model");
    const std::string fallback = key("fallback");
    Demand(!has_fallback || IsVisibleText(route.fallback), {"", fallback, "the name of a model"},
           "is not the name of a model");
    const std::string first_byte = key("first_byte_ms");
    Range({"", first_byte, ""}, route.first_byte_ms, 1, kWaitMaxMs);
    const std::string fallback_first_byte = key("fallback_first_byte_ms");
    Range({"", fallback_first_byte, ""}, route.fallback_first_byte_ms, has_fallback ? 1 : 0,
          kWaitMaxMs);
    // The last send carries the fallback, and every earlier one the primary alone (AIG-6).
    const std::string attempts = key("attempts");
    Range({"", attempts, ""}, route.attempts, has_fallback ? 2 : 1, kAttemptsMax);
  }

  const Settings& s_;
  const bool relaxed_;
  std::vector<SettingProblem> problems_;
};

}  // namespace

const char* AiStrategyName(AiStrategy strategy) {
  switch (strategy) {
    case AiStrategy::kUniversal:
      return "universal";
    case AiStrategy::kDirect:
      return "direct";
    case AiStrategy::kDynamic:
      return "dynamic";
  }
  return "";
}

std::vector<SettingProblem> CheckSettings(const Settings& settings) {
  return Checker(settings).Run();
}

std::vector<SettingProblem> CheckModelMap(const ModelMap& map) {
  const Settings settings;
  return Checker(settings).RunMap(map);
}

std::string ProblemText(const SettingProblem& problem) {
  return problem.name + " " + problem.what + "; " + problem.how;
}

std::string ProblemsText(const std::vector<SettingProblem>& problems) {
  std::string text;
  for (const SettingProblem& problem : problems)
    text += (text.empty() ? "" : "\n") + ProblemText(problem);
  return text;
}

std::vector<std::string> MissingBindings(const Settings& settings) {
  std::vector<std::string> missing;
  if (!settings.bindings.bucket) missing.push_back("MOLTBOT_BUCKET");
  if (!settings.bindings.db) missing.push_back("TENANT_DB");
  if (!settings.bindings.kv) missing.push_back("TENANT_KV");
  return missing;
}

}  // namespace mg
