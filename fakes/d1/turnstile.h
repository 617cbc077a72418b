// One database answers one call at a time: the others wait in the order in which they came
// (wire/storage.md 3.5).
//
// Thread-safety: all members. Time: waits pass in the Runtime, under no lock.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>

#include "core/ports/runtime.h"
#include "fakes/d1/knobs.h"

namespace mg::fake::d1 {

class Turnstile {
 public:
  enum class Entry { kIn, kTooManyWait, kWaitedTooLong };

  explicit Turnstile(Runtime& runtime);

  Entry Enter(const D1Knobs& knobs);  // kIn: until Leave
  void Leave();

 private:
  Runtime& runtime_;
  Mutex mutex_;
  std::unique_ptr<CondVar> changed_;
  std::deque<std::uint64_t> waiting_;  // tickets, the oldest first
  std::uint64_t last_ticket_ = 0;
  bool busy_ = false;
};

}  // namespace mg::fake::d1
