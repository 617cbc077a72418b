// `moltgate agent`: the agent stand-in as a process of its own.
#pragma once
#include <map>
#include <string>

namespace mg {

// Runs until a stop signal. Environment: PORT and what fake::AgentSettingsFrom wants. Exit code 1
// names the variable that is missing.
int RunAgent(const std::map<std::string, std::string>& environment);

}  // namespace mg
