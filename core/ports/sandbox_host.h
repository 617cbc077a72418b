// SandboxHost: where a tenant's agent process runs (a child process, or a simulated one).
//
// Thread-safety: any task. Calls for one sandbox id are made one at a time (services/sandboxes sees
// to it).
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace mg {

struct SandboxSpec {
  std::string sandbox_id;
  std::map<std::string, std::string> environment;  // the whole of it (SBX-3): nothing is inherited
};

struct SandboxEndpoint {
  std::string origin;  // "http://127.0.0.1:40123"
  std::int64_t process_id = 0;
};

class SandboxHost {
 public:
  virtual ~SandboxHost() = default;
  // Starts the process and returns at once; readiness is the caller's to probe. `PORT` is added
  // here.
  virtual Result<SandboxEndpoint> Start(const SandboxSpec& spec) = 0;
  virtual bool Running(const std::string& sandbox_id) = 0;
  // Asks it to stop, then kills it; returns when it is gone. Not running is fine.
  virtual Status Stop(const std::string& sandbox_id) = 0;
  virtual std::vector<std::string> RecentOutput(
      const std::string& sandbox_id) = 0;  // last lines, bounded
};

}  // namespace mg
