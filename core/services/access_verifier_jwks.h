// The team's keys as they were last fetched: refreshed in the background, one fetch at a time.
//
// Thread-safety: all members. Nothing waits or fetches under the lock.
// Time: fresh for 10 minutes, then refreshed behind the callers' backs; older than an hour (an idle
// night), callers wait for the refresh; older than 24 h, the keys are not used. After a failure the
// next attempt comes 1 s later, then 2 s, ... up to 30 s.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/clients/access_keys.h"
#include "core/ports/cancel.h"
#include "core/ports/log.h"
#include "core/ports/runtime.h"
#include "core/services/access_verifier.h"

namespace mg {

class KeyCache {
 public:
  struct Snapshot {
    std::shared_ptr<const KeySet> keys;  // null: none that may be used now
    std::uint64_t generation = 0;        // another one: other keys
    bool just_fetched = false;           // asked for by this call: a refetch would tell no more
  };

  KeyCache(AccessKeysClient& client, bool refuse_fake_keys, Runtime& runtime, Log& log);

  Snapshot Current(CancelToken& cancel);
  // For a kid that the keys of generation `known` lack: newer keys, fetched at most once in 30 s.
  Snapshot Refetch(std::uint64_t known, CancelToken& cancel);
  void Stop();

 private:
  Snapshot UsableLocked(Instant now) const;
  bool BeginFetchLocked(Instant not_before, Instant now);  // true: the caller calls StartFetch
  void StartFetch();
  void Land(Result<std::string> document);
  void TakeLocked(const std::string& document_hash, KeySet keys, Instant now);
  void WaitForLanding(std::uint64_t seen, CancelToken& cancel);

  AccessKeysClient& client_;
  const bool refuse_fake_keys_;
  Runtime& runtime_;
  Log& log_;
  CancelToken stopping_;
  const std::unique_ptr<CondVar> landed_;

  Mutex mutex_;
  std::shared_ptr<const KeySet> keys_;  // null: never fetched, or the last answer had none
  std::string document_hash_;
  std::uint64_t generation_ = 0;
  Instant fetched_at_;
  bool fetching_ = false;
  std::uint64_t landings_ = 0;
  bool stopped_ = false;
  Nanos failure_wait_{0};
  Instant next_attempt_;
  Instant next_refetch_;
  std::unique_ptr<Task> task_;
};

}  // namespace mg
