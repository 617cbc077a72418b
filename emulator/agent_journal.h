// Writes what the gateway sends to its agents to the journal: "agent.http", "agent.websocket".
//
// It stands in front of both ports: the host tells it which origin is whose. Thread-safety: all
// members.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/ports/runtime.h"
#include "core/ports/sandbox_host.h"
#include "core/ports/transport.h"
#include "fakes/journal.h"

namespace mg {

class AgentJournal final : public SandboxHost, public Transport {
 public:
  AgentJournal(SandboxHost& host, Transport& transport, Runtime& runtime, fake::Journal& journal)
      : host_(host), transport_(transport), runtime_(runtime), journal_(journal) {}

  Result<SandboxEndpoint> Start(const SandboxSpec& spec) override;
  bool Running(const std::string& sandbox_id) override { return host_.Running(sandbox_id); }
  Status Stop(const std::string& sandbox_id) override { return host_.Stop(sandbox_id); }
  std::vector<std::string> RecentOutput(const std::string& sandbox_id) override {
    return host_.RecentOutput(sandbox_id);
  }

  Result<Response> Send(const Request& request, const Deadlines& deadlines,
                        CancelToken& cancel) override;
  Result<Upgraded> Upgrade(const Request& request, const Deadlines& deadlines,
                           CancelToken& cancel) override;

 private:
  std::string AgentAt(const std::string& origin);  // sandbox id; "" when no agent is there

  SandboxHost& host_;
  Transport& transport_;
  Runtime& runtime_;
  fake::Journal& journal_;
  Mutex mutex_;
  std::map<std::string, std::string> sandbox_ids_;  // by origin
};

}  // namespace mg
