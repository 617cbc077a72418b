// Independent worlds beside each other: a loop over OS threads, each kept on a core of its own.
#pragma once
#include <cstddef>
#include <functional>

namespace mg::sim {

// Calls body(0..count-1), each index once, on `jobs` threads (at least one); returns when all have
// returned. `body` must not throw.
void ParallelFor(int jobs, std::size_t count, const std::function<void(std::size_t)>& body);

double RealMs();  // of a clock that only goes forward: for saying how long a run took

int CoreCount();  // that this process may use; at least 1

}  // namespace mg::sim
