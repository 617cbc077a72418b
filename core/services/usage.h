// Usage rows (USG-1 to USG-4): recorded without waiting, kept in an outbox, written to D1 in
// batches.
//
// Thread-safety: all members. Record never blocks on I/O. A row has its id from the start, so a
// repeated write adds none (USG-3).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/clients/d1.h"
#include "core/ports/disk.h"
#include "core/ports/log.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"

namespace mg {

struct UsageRow {
  std::string tenant_id;
  std::string model;
  std::int64_t tokens_in = 0;
  std::int64_t tokens_out = 0;
  std::int64_t latency_ms = 0;
};

struct UsageOptions {
  std::string outbox_path;  // empty: memory alone
  std::int64_t disk_interval_ms = 50;
  std::int64_t batch_interval_ms = 1000;  // 250 against fakes
  // Beyond these, rows wait in the outbox's file alone; without an outbox, or with a disk that
  // fails, they are lost and counted.
  std::size_t max_rows_in_memory = 100'000;
};

class Usage {
 public:
  Usage(UsageOptions options, D1Client* db, Disk& disk, Runtime& runtime, Random& random, Log& log);
  ~Usage();

  void Record(const UsageRow& row);
  void Start();  // first sends what an earlier process left in the outbox
  // Writes what waits, or gives up at the deadline (rows stay in the outbox). Ends the tasks.
  void Stop(Instant deadline);
  std::size_t Waiting() const;
  std::size_t Lost() const;          // since the start, for want of room or after Stop
  std::size_t Delivered() const;     // rows that D1 took, since the start
  std::size_t Retries() const;       // batches sent again, since the start
  std::int64_t OldestAgeMs() const;  // of the row that waits longest; 0 when none does

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
