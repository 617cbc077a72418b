// The replica of a database whose read replication is on: it has each state of the primary
// kReplicaLagMs after that state came to be. Only reads of a session meet it (wire/storage.md 3.2).
//
// In memory, and bounded: of more than kMaxWaiting states that wait, the oldest are skipped.
// Thread-safety: none; the database guards it. Time: the Runtime's calendar.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "fakes/d1/engine.h"

namespace mg::fake::d1 {

inline constexpr std::int64_t kReplicaLagMs = 1000;

class Replica {
 public:
  // Throws std::runtime_error.
  Replica(const char* vfs, RandomSource random, Runtime& runtime);

  // A state of the primary since `since_ms`, as the bytes of a file.
  void Follow(std::string bookmark, std::string snapshot, std::int64_t since_ms);
  // The bookmark of what it has at that time; "" while it has nothing.
  const std::string& CatchUp(std::int64_t now_ms);
  // When it has this state or a later one: `now_ms` when that is so already.
  std::int64_t HasAtMs(const std::string& bookmark, std::int64_t now_ms) const;
  Engine& engine() { return engine_; }

 private:
  struct State {
    std::string bookmark, snapshot;
    std::int64_t due_ms = 0;
  };
  static constexpr std::size_t kMaxWaiting = 16;

  Engine engine_;
  std::string bookmark_;
  std::deque<State> waiting_;
};

}  // namespace mg::fake::d1
