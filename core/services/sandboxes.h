// A tenant's agent (SBX-1 to SBX-4): started once however many ask, found again while it runs.
//
// Thread-safety: all members. Time: a start is given start_limit_ms; waiting ends with `cancel`.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/settings.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "core/ports/sandbox_host.h"
#include "core/ports/transport.h"
#include "core/services/models.h"
#include "core/services/tenants.h"

namespace mg {

enum class SandboxState { kNotRunning, kStarting, kRunning, kNotResponding, kError };
std::string_view SandboxStateName(SandboxState state);  // "not_running", ... (SBX-2)

struct SandboxView {
  SandboxState state = SandboxState::kNotRunning;
  std::int64_t process_id = 0;
  std::string origin;       // "http://127.0.0.1:40123" when running
  std::string error;        // when kError: why, without a word of the agent's; anyone may read it
  std::string last_output;  // when kError: what the agent printed; for its members and operators
};

class Sandboxes {
 public:
  // `model_base_url` is the internal endpoint as agents see it:
  // "http://127.0.0.1:40001/internal/model/v1". `models` says what is in use when an agent starts.
  Sandboxes(const Settings& settings, const Models& models, std::string model_base_url,
            SandboxHost& host, Transport& transport, Runtime& runtime, Random& random, Log& log);
  ~Sandboxes();

  // Starts the agent if need be and waits until it answers /health. Concurrent callers share one
  // start. Errors: kTimeout, kExhausted (SBX-4: 5 starts in 10 minutes), kUnavailable. The message
  // holds the agent's last lines: it is for the tenant's members, never for a log.
  Result<SandboxView> EnsureRunning(const Tenant& tenant, CancelToken& cancel);
  // The same without waiting: a browser gets the loading page. Errors: as EnsureRunning's, when
  // nothing was begun.
  Status BeginStart(const Tenant& tenant);
  SandboxView View(std::string_view sandbox_id);  // starts nothing
  Status Stop(std::string_view sandbox_id);
  // The tenant was deleted: its agent never starts again, and one that runs or starts is stopped in
  // the background. Whoever still asks is told kUnavailable.
  void Retire(const std::string& sandbox_id);
  void StopAll();
  std::vector<std::string> Logs(std::string_view sandbox_id);

  // Who a sandbox token speaks for (AIG-7): the tenant's id, or nullopt.
  std::optional<std::string> TenantOfToken(std::string_view token) const;
  // SBX-3: hex HMAC-SHA256 of MOLTBOT_GATEWAY_TOKEN over the sandbox id.
  std::string AgentToken(std::string_view sandbox_id) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
