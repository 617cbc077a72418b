// The whole system in one process and in virtual time: the real gateway, clients and fakes, an
// agent for each tenant, no socket. What the emulator is to real time.
//
// Ownership: made and destroyed outside SimRuntime::Run; StartGateway and all calls happen inside.
// Thread-safety: for tasks of its runtime.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/config/profile.h"
#include "core/gateway/assembly.h"
#include "fakes/access/access.h"
#include "fakes/ai/gateway.h"
#include "fakes/ai/reply.h"
#include "fakes/cloud.h"
#include "fakes/credentials.h"
#include "fakes/d1/d1.h"
#include "fakes/edge/edge.h"
#include "fakes/edge/zone.h"
#include "fakes/faults.h"
#include "fakes/journal.h"
#include "fakes/journaled.h"
#include "fakes/kv/kv.h"
#include "fakes/r2/r2.h"
#include "scenarios/sim/sim_disk.h"
#include "scenarios/sim/sim_log.h"
#include "scenarios/sim/sim_random.h"
#include "scenarios/sim/sim_runtime.h"
#include "scenarios/sim/sim_sandbox_host.h"
#include "scenarios/sim/sim_transport.h"

namespace mg::sim {

struct WorldOptions {
  SimOptions sim;
  Nanos network_one_way = Nanos::zero();
  EnvironmentVariables environment;  // settings of the gateway; ENVIRONMENT is "test" if unset
  std::set<std::string> missing;     // bindings that are not configured
  fake::AiKnobs ai;
  fake::EdgeSettings edge;
  fake::AccessKnobs access;
  fake::CloudKnobs cloud;
  std::shared_ptr<fake::ReplySource> replies;  // null: the built-in model's
};

inline constexpr const char* kGatewayOrigin = "http://gateway.test";
inline constexpr const char* kInternalOrigin = "http://internal.test";
inline constexpr const char* kApiOrigin = "http://cloud.test";
inline constexpr const char* kS3Origin = "http://s3.test";

class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  // As `moltgate serve` starts: settings checked, migrations applied, listeners opened.
  // Errors: kInvalid with every problem of the settings, a line each.
  Status StartGateway();
  Status CheckStart() const;  // of that, the settings alone
  void DrainGateway();        // OPS-5
  void KillGateway();         // at once: what was not synced is lost, what was under way is cut off
  bool gateway_runs() const { return assembly_ != nullptr; }
  std::string MetricsText() const;  // of the gateway that runs; empty without one

  // Requests of these hosts are this tenant's (its sandbox id): for the journal.
  void KnowTenant(std::string host, std::string sandbox_id);

  SimRuntime& runtime() { return runtime_; }
  SimTransport& transport() { return transport_; }
  SimLog& log() { return log_; }
  SimSandboxHost& sandboxes() { return sandboxes_; }
  fake::Journal& journal() { return journal_; }
  fake::Faults& faults() { return faults_; }
  fake::Access& access() { return access_; }
  fake::AiGateway& ai() { return ai_; }
  const fake::Credentials& credentials() const { return credentials_; }
  const Settings& settings() const { return profile_.settings; }
  std::uint64_t trace_hash() const { return runtime_.TraceHash(); }

 private:
  class Trail;

  Profile MadeProfile();
  fake::AccessSite Site();
  void ListenForFakes();
  bool IsCustomDomain(std::string_view host);
  void StopGateway(Instant cut_at, Nanos flush_time);

  const WorldOptions options_;
  SimRuntime runtime_;
  SimRandom random_;
  SimLog log_;
  SimDisk disk_;
  SimTransport transport_;
  fake::Journal journal_;
  fake::Faults faults_;
  std::unique_ptr<Trail> trail_;
  const fake::Credentials credentials_;
  Status profile_status_ = Ok();
  Profile profile_;
  fake::Kv kv_;
  fake::D1 d1_;
  fake::R2 r2_;
  fake::Access access_;
  fake::AiGateway ai_;
  fake::CloudApi cloud_;
  fake::CloudS3 s3_;
  SimSandboxHost sandboxes_;
  fake::Zone zone_;
  std::map<std::string, std::string, std::less<>> sandbox_of_host_;
  std::unique_ptr<Assembly> assembly_;
  std::optional<fake::Edge> edge_;
  std::optional<fake::Journaled> model_endpoint_;
};

}  // namespace mg::sim
