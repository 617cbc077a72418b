#include <algorithm>

#include "core/gateway/gates/gates.h"
#include "core/gateway/refusal.h"

namespace mg {
namespace {

struct NamedBinding {
  Binding bit;
  std::string_view name;
};

constexpr NamedBinding kBindings[] = {
    {kBucket, "MOLTBOT_BUCKET"}, {kDb, "TENANT_DB"}, {kKv, "TENANT_KV"}};

}  // namespace

std::optional<Response> StartGate(Exchange& exchange, Services& services) {
  if (services.start_problems.empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const SettingProblem& problem : services.start_problems) names.push_back(problem.name);
  return RefuseMissing(exchange, names);
}

std::optional<Response> BindingsGate(Exchange& exchange, Services& services) {
  if (services.missing_bindings.empty() || exchange.route->bindings == kNoBinding)
    return std::nullopt;
  std::vector<std::string> needed;
  for (const NamedBinding& binding : kBindings) {
    const auto& missing = services.missing_bindings;
    if ((exchange.route->bindings & binding.bit) != 0 &&
        std::find(missing.begin(), missing.end(), binding.name) != missing.end()) {
      needed.emplace_back(binding.name);
    }
  }
  if (needed.empty()) return std::nullopt;
  return RefuseMissing(exchange, needed);
}

}  // namespace mg
