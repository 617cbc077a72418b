// Who waits for what, for the message of a failed run.
#pragma once
#include <list>
#include <memory>
#include <string>

#include "scenarios/sim/sim_task.h"

namespace mg::sim {

std::string WaitText(const SimTask& task);  // "sleep until t=1.5s", "condvar", "join of agent"

// "deadlock at t=1.5s: [worker-3 waits for condvar] [root waits for join of agent]"
std::string Report(const std::string& what, Instant now,
                   const std::list<std::shared_ptr<SimTask>>& tasks);

}  // namespace mg::sim
