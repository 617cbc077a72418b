#include "core/services/sandboxes_entry.h"

namespace mg {

std::string_view SandboxStateName(SandboxState state) {
  switch (state) {
    case SandboxState::kNotRunning:
      return "not_running";
    case SandboxState::kStarting:
      return "starting";
    case SandboxState::kRunning:
      return "running";
    case SandboxState::kNotResponding:
      return "not_responding";
    case SandboxState::kError:
      return "error";
  }
  return "error";
}

SandboxView ViewOf(const SandboxEntry& entry) {
  SandboxView view;
  switch (entry.phase) {
    case SandboxEntry::Phase::kNotRunning:
    case SandboxEntry::Phase::kStopping:
      break;
    case SandboxEntry::Phase::kStarting:
      view.state = SandboxState::kStarting;
      break;
    case SandboxEntry::Phase::kRunning:
      view.state = entry.answered_probe ? SandboxState::kRunning : SandboxState::kNotResponding;
      view.process_id = entry.process_id;
      view.origin = entry.origin;
      break;
    case SandboxEntry::Phase::kFailed:
      view.state = SandboxState::kError;
      view.error = entry.error;
      view.last_output = entry.last_output;
      break;
  }
  return view;
}

std::string ReasonWithOutput(const SandboxEntry& entry) {
  if (entry.last_output.empty()) return entry.error;
  return entry.error + "; last output: " + entry.last_output;
}

Error WhyNotRunning(const SandboxEntry& entry, bool caller_gone) {
  if (caller_gone) return {Code::kCancelled, "the caller went away", false};
  if (entry.phase == SandboxEntry::Phase::kFailed)
    return {entry.error_code, ReasonWithOutput(entry), true};
  return {Code::kUnavailable, "the agent was stopped while it started", true};
}

}  // namespace mg
