// The gateway with its clients and services, built from settings and ports: the one place that
// joins them, for production, the emulator and tests alike.
//
// Ownership: the ports outlive the assembly. Construction does no I/O; Start begins the background
// tasks.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/clients/d1.h"
#include "core/config/settings.h"
#include "core/gateway/gateway.h"
#include "core/ports/disk.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "core/ports/sandbox_host.h"
#include "core/ports/transport.h"

namespace mg {

struct Ports {
  Runtime& runtime;
  Random& random;
  Log& log;
  Transport& transport;
  Disk& disk;
  SandboxHost& sandbox_host;
};

struct AssemblyOptions {
  std::string model_base_url;                   // the internal listener as agents see it
  std::int64_t usage_batch_interval_ms = 1000;  // USG-4: 250 against fakes
  std::size_t max_in_flight = kMaxInFlight;     // of each listener (LIM-8)
};

class Assembly {
 public:
  Assembly(const Settings& settings, const Ports& ports, AssemblyOptions options);
  ~Assembly();

  Gateway& gateway();
  Services& services();
  D1Client* db();  // null when TENANT_DB is not configured
  KvClient* kv();

  // TEN-12: loads the recent registry changes before the first request, then begins the background
  // tasks. When D1 cannot tell, KV is not believed for as long as it may be stale.
  void Start();
  // One poll of registry_changes.
  Status FollowRegistryOnce(CancelToken& cancel);
  // The registry is another one, as after a reset of its database: everything that is held of it is
  // looked up again.
  void ForgetRegistry();
  // After the listeners have drained: agents stop, then usage rows are flushed for at most this
  // long.
  void Stop(Nanos flush_time);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
