// SandboxHost on child processes of this machine: explicit environment, own process group, output
// kept in a ring. A child is killed with its parent, however that ends; for this it is forked by a
// task of the host's own, which lives as long as the host (child_process.h).
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
