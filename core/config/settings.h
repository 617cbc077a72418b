// Everything the gateway is told at start, as one checked struct. Profile and environment become
// this and nothing else reads either.
//
// Durations and sizes carry their unit in the name. Secrets are plain strings here and are never
// printed.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mg {

enum class Environment { kProduction, kDevelopment, kTest };

struct R2Binding {
  std::string endpoint;  // origin: "http://127.0.0.1:8789"
  std::string bucket;
  std::string access_key_id;
  std::string secret_access_key;
};

struct D1Binding {
  std::string api_base;  // ends in /client/v4
  std::string account_id;
  std::string database_id;
  std::string api_token;
};

struct KvBinding {
  std::string api_base;
  std::string account_id;
  std::string namespace_id;
  std::string api_token;
};

// A binding is absent when it is not configured (BND-1).
struct Bindings {
  std::optional<R2Binding> bucket;  // MOLTBOT_BUCKET
  std::optional<D1Binding> db;      // TENANT_DB
  std::optional<KvBinding> kv;      // TENANT_KV
};

struct AccessSettings {
  std::string team_url;   // issuer: scheme and host, no trailing slash
  std::string certs_url;  // default {team_url}/cdn-cgi/access/certs
  std::vector<std::string> audiences;
  bool refuse_fake_keys = false;  // ACC-4: in production
};

enum class AiStrategy { kUniversal, kDirect, kDynamic };
const char* AiStrategyName(AiStrategy strategy);  // "universal", "direct", "dynamic"

struct AiGatewaySettings {
  std::string
      base;  // "https://gateway.ai.cloudflare.com/v1/{account}/{gateway}", no trailing slash
  std::string account_id;
  std::string gateway_id;
  std::string api_key;  // CLOUDFLARE_AI_GATEWAY_API_KEY: cf-aig-authorization
  std::string
      workers_ai_token;  // CLOUDFLARE_WORKERS_AI_TOKEN, else api_key: Authorization of a step
  AiStrategy strategy = AiStrategy::kUniversal;
  std::string dynamic_route;  // AIG_DYNAMIC_ROUTE: the deployed route of kDynamic
};

struct ModelRoute {  // AIG-3, AIG-4
  std::string primary;
  std::string fallback;                     // empty: none
  std::int64_t first_byte_ms = 0;           // of each attempt on the primary
  std::int64_t fallback_first_byte_ms = 0;  // of the fallback step
  int attempts = 0;  // sends to the primary; the last one carries the fallback too
};

struct ModelMap {
  ModelRoute free{"@cf/meta/llama-3.1-8b-instruct-fp8-fast", "", 8000, 0, 3};
  ModelRoute premium{"@cf/meta/llama-3.3-70b-instruct-fp8-fast",
                     "@cf/meta/llama-3.1-8b-instruct-fp8-fast", 20000, 8000, 2};
};

struct ModelSettings : ModelMap {         // until operators put another map (PUT /api/admin/models)
  std::string override_primary;           // CF_AI_GATEWAY_MODEL
  std::int64_t stream_max_seconds = 600;  // of a stream, from its first byte on (AIG-10)
};

struct LimitSettings {
  std::int64_t public_max = 60;
  std::int64_t public_window_seconds = 60;
  std::int64_t free_per_minute = 60;
  std::int64_t premium_per_minute = 600;
  std::int64_t enterprise_per_minute = 6000;
  std::int64_t failure_budget_max = 120;  // 0: off
  std::int64_t failure_budget_window_seconds = 60;
};

struct SandboxSettings {
  std::vector<std::string> agent_command;  // empty: our own `moltgate agent`
  std::int64_t start_limit_ms = 180'000;
};

struct Settings {
  Environment environment = Environment::kProduction;
  bool dev_mode = false;       // DEV_MODE
  bool e2e_test_mode = false;  // E2E_TEST_MODE
  bool debug_routes = false;
  bool startup_gate_responds = false;  // startup_gate=respond

  std::string app_domain;     // "localhost"
  std::string operator_host;  // default "admin." + app_domain
  std::vector<std::string> reserved_labels{"www", "api", "admin"};
  std::vector<std::string> operators;                    // lower-case emails and service-token ids
  std::map<std::string, std::string> tenant_domain_map;  // host -> slug, TENANT_DOMAIN_MAP
  std::vector<std::string> trusted_edge_cidrs;
  std::string gateway_token;  // MOLTBOT_GATEWAY_TOKEN

  std::int64_t tenant_cache_ttl_seconds = 300;  // at least 60 (KV's floor)
  std::int64_t tenant_stale_seconds = 3600;

  Bindings bindings;
  AccessSettings access;
  AiGatewaySettings ai_gateway;
  ModelSettings models;
  LimitSettings limits;
  SandboxSettings sandbox;
  std::string outbox_path;  // empty: rows wait in memory alone

  std::string gateway_listen = "127.0.0.1:8787";
  std::string management_listen = "127.0.0.1:8790";

  bool production() const { return environment == Environment::kProduction; }
};

// One thing that is wrong with a configuration. `name` is the binding or variable.
struct SettingProblem {
  std::string name;
  std::string what;  // "is not set" or "must be at least 60; it is 30"
  std::string how;   // how to set it
  bool missing_binding = false;
};

std::string ProblemText(const SettingProblem& problem);                 // "X is not set; set X"
std::string ProblemsText(const std::vector<SettingProblem>& problems);  // a line each

// BND-1, BND-3, TEN-4, TEN-11, AIG-3, ACC-5: everything at once, in a fixed order; empty when all
// is well. With dev_mode, missing bindings and credentials are not problems (BND-2); production
// refuses dev_mode, so there they still are.
std::vector<SettingProblem> CheckSettings(const Settings& settings);

// Of those, what is about this map; names begin with "models.".
std::vector<SettingProblem> CheckModelMap(const ModelMap& map);

// The bindings that are not configured, by name (BND-1, BND-2).
std::vector<std::string> MissingBindings(const Settings& settings);

}  // namespace mg
