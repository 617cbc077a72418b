// Everything a gate or a route may use. Made by Assembly; references outlive the gateway.
#pragma once
#include "core/config/settings.h"
#include "core/gateway/metrics.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "core/ports/transport.h"
#include "core/services/access_verifier.h"
#include "core/services/in_flight.h"
#include "core/services/keys.h"
#include "core/services/limiter.h"
#include "core/services/members.h"
#include "core/services/models.h"
#include "core/services/registry.h"
#include "core/services/sandboxes.h"
#include "core/services/tenants.h"
#include "core/services/usage.h"

namespace mg {

struct Services {
  const Settings& settings;
  Runtime& runtime;
  Random& random;
  Log& log;
  Transport& transport;
  Tenants& tenants;
  Keys& keys;
  Members& members;
  Limiter& limiter;          // of tenants and keys
  Limiter& address_limiter;  // of client addresses
  InFlight& public_in_flight;
  InFlight& internal_in_flight;
  Models& models;
  Usage& usage;
  Sandboxes& sandboxes;
  AccessVerifier& access;
  Registry* registry;  // null when TENANT_DB is not configured
  Metrics& metrics;
  const std::vector<std::string>& missing_bindings;   // BND-1
  const std::vector<SettingProblem>& start_problems;  // not empty only under startup_gate=respond
};

}  // namespace mg
