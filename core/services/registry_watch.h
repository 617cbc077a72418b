// Follows registry_changes (TEN-12): every 4 s asks D1 for rows after the last seen one and hands
// each to the caches. At start it loads the changes of the last TENANT_CACHE_TTL_SECONDS + 60 s.
//
// The operators' model map is asked for in the same call, and handed on whenever it is another one.
//
// A database that was reset or restored (its newest change is behind, or the last seen row is not
// the one it was) is followed from the start again, after one change of kind kRegistryReset.
//
// Thread-safety: PollOnce from one task at a time. Start spawns the polling task, once; Stop ends
// and joins it, and comes before the destructor. The listener must not block.
// Errors: PollOnce keeps what it has handed on and goes on from there next time; the task logs the
// first failure of a streak.
#pragma once
#include <functional>
#include <memory>

#include "core/clients/d1.h"
#include "core/config/settings.h"
#include "core/ports/log.h"
#include "core/ports/runtime.h"
#include "core/services/tenants.h"

namespace mg {

class RegistryWatch {
 public:
  using Listener = std::function<void(const RegistryChange&)>;
  RegistryWatch(const Settings& settings, D1Client& db, Runtime& runtime, Log& log,
                Listener listener);
  ~RegistryWatch();

  Status PollOnce(CancelToken& cancel);
  void Start();
  void Stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // the task holds one too
};

}  // namespace mg
