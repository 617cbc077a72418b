// What is known of one sandbox that ever ran here, and how that reads from outside.
//
// Thread-safety: none; the mutex of Sandboxes guards every entry.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "core/ports/cancel.h"
#include "core/services/sandboxes.h"

namespace mg {

struct SandboxEntry {
  enum class Phase { kNotRunning, kStarting, kRunning, kStopping, kFailed };

  SandboxEntry(std::string id, std::unique_ptr<CondVar> cv)
      : sandbox_id(std::move(id)), changed(std::move(cv)) {}

  const std::string sandbox_id;
  const std::unique_ptr<CondVar> changed;  // any member did
  Phase phase = Phase::kNotRunning;
  std::uint64_t generation = 0;        // of starts
  std::shared_ptr<CancelToken> start;  // breaks off the one under way
  std::deque<Instant> starts;          // within the last window (SBX-4)
  std::string origin;
  std::int64_t process_id = 0;
  std::string token_hash;
  std::string error;
  std::string last_output;
  Code error_code = Code::kUnavailable;
  bool host_busy = false;  // a call to SandboxHost is under way
  bool answered_probe = true;
  Instant probe_fresh_until;
};

SandboxView ViewOf(const SandboxEntry& entry);

// The reason with the agent's last lines: for its members.
std::string ReasonWithOutput(const SandboxEntry& entry);

// What a caller is told who waited for an agent that does not run.
Error WhyNotRunning(const SandboxEntry& entry, bool caller_gone);

}  // namespace mg
