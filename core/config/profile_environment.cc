// The environment variables that override a profile.
#include <functional>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/config/profile_draft.h"

namespace mg {
namespace {

// What is wrong with the value, or nothing. Never the value itself: some are secrets.
using Problem = std::optional<std::string>;
using TakeValue = std::function<Problem(std::string_view)>;

struct Variable {
  const char* name;
  TakeValue take;
};

TakeValue Text(std::string* target) {
  return [target](std::string_view value) -> Problem {
    *target = std::string(value);
    return std::nullopt;
  };
}

TakeValue Flag(bool* target) {
  return [target](std::string_view value) -> Problem {
    if (value != "true" && value != "false" && value != "1" && value != "0") {
      return "must be true or false";
    }
    *target = value == "true" || value == "1";
    return std::nullopt;
  };
}

TakeValue Count(std::int64_t* target) {
  return [target](std::string_view value) -> Problem {
    const auto count = ParseInt(value);
    if (!count) return "must be a whole number, as in 60";
    *target = *count;
    return std::nullopt;
  };
}

TakeValue List(std::vector<std::string>* target) {
  return [target](std::string_view value) -> Problem {
    target->clear();
    for (const std::string_view part : Split(value, ',')) {
      const std::string_view entry = TrimSpace(part);
      if (!entry.empty()) target->emplace_back(entry);
    }
    return std::nullopt;
  };
}

Problem TakeDomainMap(std::string_view value, std::map<std::string, std::string>& target) {
  const auto parsed = ParseJson(value, {2, true});
  if (!parsed) return parsed.error().message;
  if (!parsed->is_object()) return "must be a JSON object of host names and slugs";
  std::map<std::string, std::string> entries;
  for (auto entry = parsed->begin(); entry != parsed->end(); ++entry) {
    if (!entry->is_string()) return "the slug of \"" + entry.key() + "\" must be a text";
    entries[entry.key()] = entry->get<std::string>();
  }
  target = std::move(entries);
  return std::nullopt;
}

Problem TakeStrategy(std::string_view value, AiStrategy& target) {
  if (value == "universal") {
    target = AiStrategy::kUniversal;
  } else if (value == "direct") {
    target = AiStrategy::kDirect;
  } else if (value == "dynamic") {
    target = AiStrategy::kDynamic;
  } else {
    return "must be universal, direct or dynamic";
  }
  return std::nullopt;
}

Problem TakeStartupGate(std::string_view value, bool& responds) {
  if (value != "refuse" && value != "respond") return "must be refuse or respond";
  responds = value == "respond";
  return std::nullopt;
}

std::vector<Variable> Variables(Settings& s) {
  return {
      {"ENVIRONMENT",
       [&s](std::string_view value) -> Problem {
         s.environment = EnvironmentNamed(value);
         return std::nullopt;
       }},
      {"DEV_MODE", Flag(&s.dev_mode)},
      {"E2E_TEST_MODE", Flag(&s.e2e_test_mode)},
      {"DEBUG_ROUTES", Flag(&s.debug_routes)},
      {"STARTUP_GATE",
       [&s](std::string_view value) { return TakeStartupGate(value, s.startup_gate_responds); }},
      {"APP_DOMAIN", Text(&s.app_domain)},
      {"OPERATOR_HOST", Text(&s.operator_host)},
      {"OPERATORS", List(&s.operators)},
      {"MOLTBOT_GATEWAY_TOKEN", Text(&s.gateway_token)},
      {"CF_ACCESS_TEAM_DOMAIN",
       [&s](std::string_view value) -> Problem {
         const bool has_scheme = value.find("://") != std::string_view::npos;
         s.access.team_url = (has_scheme ? "" : "https://") + std::string(value);
         return std::nullopt;
       }},
      {"CF_ACCESS_AUD", List(&s.access.audiences)},
      {"CF_AI_GATEWAY_ACCOUNT_ID", Text(&s.ai_gateway.account_id)},
      {"CF_AI_GATEWAY_GATEWAY_ID", Text(&s.ai_gateway.gateway_id)},
      {"CLOUDFLARE_WORKERS_AI_TOKEN", Text(&s.ai_gateway.workers_ai_token)},
      {"CF_AI_GATEWAY_MODEL", Text(&s.models.override_primary)},
      {"AIG_STRATEGY",
       [&s](std::string_view value) { return TakeStrategy(value, s.ai_gateway.strategy); }},
      {"AIG_DYNAMIC_ROUTE", Text(&s.ai_gateway.dynamic_route)},
      {"STREAM_MAX_SECONDS", Count(&s.models.stream_max_seconds)},
      {"TENANT_DOMAIN_MAP",
       [&s](std::string_view value) { return TakeDomainMap(value, s.tenant_domain_map); }},
      {"TENANT_CACHE_TTL_SECONDS", Count(&s.tenant_cache_ttl_seconds)},
      {"TENANT_STALE_SECONDS", Count(&s.tenant_stale_seconds)},
      {"PUBLIC_RATE_LIMIT_MAX", Count(&s.limits.public_max)},
      {"PUBLIC_RATE_LIMIT_WINDOW_SECONDS", Count(&s.limits.public_window_seconds)},
      {"FAILURE_BUDGET_MAX", Count(&s.limits.failure_budget_max)},
      {"FAILURE_BUDGET_WINDOW_SECONDS", Count(&s.limits.failure_budget_window_seconds)},
      {"TRUSTED_EDGE_CIDRS", List(&s.trusted_edge_cidrs)},
  };
}

// The bindings of a process that has no profile: each is real as soon as its own id is given.
std::vector<Variable> BindingVariables(ProfileDraft& draft, std::string& account_id) {
  const auto id_of = [](std::string* id, BindingKind* kind) -> TakeValue {
    return [id, kind](std::string_view value) -> Problem {
      *id = std::string(value);
      *kind = BindingKind::kCloudflare;
      return std::nullopt;
    };
  };
  return {
      {"CLOUDFLARE_ACCOUNT_ID", Text(&account_id)},
      {"CF_ACCOUNT_ID", Text(&account_id)},  // the gateway's own name wins over wrangler's
      {"R2_BUCKET_NAME", id_of(&draft.bucket.bucket, &draft.bucket.kind)},
      {"D1_DATABASE_ID", id_of(&draft.db.id, &draft.db.kind)},
      {"KV_NAMESPACE_ID", id_of(&draft.kv.id, &draft.kv.kind)},
      {"CLOUDFLARE_API_BASE_URL",
       [&draft](std::string_view value) -> Problem {
         draft.db.api_base = draft.kv.api_base = std::string(value);
         return std::nullopt;
       }},
  };
}

// An empty variable counts as absent, as shells and container files leave them behind.
Status Apply(const std::vector<Variable>& variables, const EnvironmentVariables& environment) {
  for (const Variable& variable : variables) {
    const auto given = environment.find(variable.name);
    if (given == environment.end()) continue;
    const std::string_view value = TrimSpace(given->second);
    if (value.empty()) continue;
    if (const Problem problem = variable.take(value)) {
      return Error{Code::kInvalid, "environment: " + std::string(variable.name) + ": " + *problem,
                   false};
    }
  }
  return Ok();
}

}  // namespace

Status ApplyEnvironment(const EnvironmentVariables& environment, bool alone, ProfileDraft& draft) {
  if (alone) {
    std::string account_id;
    MG_RETURN_IF_ERROR(Apply(BindingVariables(draft, account_id), environment));
    draft.bucket.account_id = draft.db.account_id = draft.kv.account_id = account_id;
  }
  return Apply(Variables(draft.settings), environment);
}

}  // namespace mg
