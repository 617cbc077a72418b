#include "scenarios/sim/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "scenarios/sim/sim_runtime.h"

namespace mg::sim {

void ParallelFor(int jobs, std::size_t count, const std::function<void(std::size_t)>& body) {
  const auto wanted = static_cast<std::size_t>(std::max(jobs, 1));
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (std::size_t slot = 0; slot < std::min(wanted, count); ++slot) {
    threads.emplace_back([&, slot] {
      PinToOneCore(static_cast<int>(slot));
      for (std::size_t i = next++; i < count; i = next++) body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

double RealMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

int CoreCount() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace mg::sim
