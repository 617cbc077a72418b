#include "fakes/d1/replica.h"

#include <algorithm>
#include <utility>

namespace mg::fake::d1 {

Replica::Replica(const char* vfs, RandomSource random, Runtime& runtime)
    : engine_("", vfs, random, runtime) {}

void Replica::Follow(std::string bookmark, std::string snapshot, std::int64_t since_ms) {
  if (waiting_.size() == kMaxWaiting) waiting_.pop_front();
  waiting_.push_back({std::move(bookmark), std::move(snapshot), since_ms + kReplicaLagMs});
}

const std::string& Replica::CatchUp(std::int64_t now_ms) {
  const State* latest = nullptr;
  std::size_t passed = 0;
  for (const State& state : waiting_) {
    if (state.due_ms > now_ms) break;
    latest = &state;
    ++passed;
  }
  if (latest != nullptr && engine_.Load(latest->snapshot)) bookmark_ = latest->bookmark;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(passed));
  return bookmark_;
}

std::int64_t Replica::HasAtMs(const std::string& bookmark, std::int64_t now_ms) const {
  if (bookmark_ >= bookmark) return now_ms;
  for (const State& state : waiting_)
    if (state.bookmark >= bookmark) return std::max(now_ms, state.due_ms);
  return now_ms;  // of no state that is known: nothing to wait for
}

}  // namespace mg::fake::d1
