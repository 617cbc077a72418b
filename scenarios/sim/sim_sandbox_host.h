// The place where agents run, without processes: an agent listens after its boot time, may crash on
// its first request, or never listen. Fault points: "sandbox.start", "agent.http", "agent.health".
//
// Thread-safety: for tasks of the runtime.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/ports/sandbox_host.h"
#include "fakes/agent/agent.h"
#include "fakes/fault_gate.h"
#include "fakes/faults.h"
#include "fakes/journal.h"
#include "scenarios/sim/sim_transport.h"

namespace mg::sim {

enum class AgentBehaviour { kNormal, kCrashes, kNeverListens };

struct AgentPlan {
  Nanos boot = std::chrono::milliseconds(200);
  AgentBehaviour behaviour = AgentBehaviour::kNormal;
};

class SimSandboxHost final : public SandboxHost {
 public:
  SimSandboxHost(SimTransport& transport, fake::Journal& journal, fake::Faults& faults,
                 SimRuntime& runtime);
  ~SimSandboxHost() override;

  void Plan(const std::string& sandbox_id, AgentPlan plan) { plans_[sandbox_id] = plan; }
  void PlanAll(AgentPlan plan) { every_ = plan; }
  int starts(const std::string& sandbox_id) const;  // so far

  Result<SandboxEndpoint> Start(const SandboxSpec& spec) override;
  bool Running(const std::string& sandbox_id) override;
  Status Stop(const std::string& sandbox_id) override;
  void StopAll();
  std::vector<std::string> RecentOutput(const std::string& sandbox_id) override;

 private:
  class Process;

  AgentPlan PlanOf(const std::string& sandbox_id) const;

  SimTransport& transport_;
  fake::Journal& journal_;
  fake::Faults& faults_;
  fake::FaultGate gate_;
  SimRuntime& runtime_;
  AgentPlan every_;
  std::map<std::string, AgentPlan> plans_;
  // Ended ones stay: a request may still be in them.
  std::map<std::string, std::vector<std::unique_ptr<Process>>> processes_;
  int last_port_ = 40000;
};

}  // namespace mg::sim
