// SandboxHost on child processes of this machine: posix_spawn with an explicit environment, own
// process group, killed with their parent (prctl through the child's own parent-death check),
// output kept in a ring.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/ports/log.h"
#include "core/ports/runtime.h"
#include "core/ports/sandbox_host.h"

namespace mg {

class ProcessSandboxHost final : public SandboxHost {
 public:
  // `command`: program and arguments; the port comes as $PORT, chosen free on loopback.
  ProcessSandboxHost(std::vector<std::string> command, Runtime& runtime, Log& log);
  ~ProcessSandboxHost() override;  // stops every child
  Result<SandboxEndpoint> Start(const SandboxSpec& spec) override;
  bool Running(const std::string& sandbox_id) override;
  Status Stop(const std::string& sandbox_id) override;
  std::vector<std::string> RecentOutput(const std::string& sandbox_id) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
