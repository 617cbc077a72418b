// A set that belongs to a tenant (its keys, its members), read from D1 when first asked for and
// kept for a minute.
//
// Thread-safety: all members; no lock is held while loading, and concurrent askers share one load.
// Errors: when D1 cannot answer, an expired set is served up to an hour; without one the answer is
// null. Memory: the sets of kMaxTenants tenants.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/clients/d1.h"
#include "core/ports/log.h"
#include "core/ports/runtime.h"
#include "core/services/failure_streak.h"
#include "core/services/lru_map.h"
#include "core/services/single_flight.h"

namespace mg {

template <class Set>
class TenantSets {
 public:
  using Ptr = std::shared_ptr<const Set>;
  using Build = std::function<Set(const D1Answer&)>;

  // `sql` has one parameter, the tenant's id. `failure_event` is logged once a streak.
  TenantSets(D1Client* db, Runtime& runtime, Log& log, std::string sql,
             std::string_view failure_event, Build build)
      : db_(db),
        runtime_(runtime),
        log_(log),
        sql_(std::move(sql)),
        failure_event_(failure_event),
        build_(std::move(build)),
        flights_(runtime) {}

  Ptr Get(std::string_view tenant_id, CancelToken& cancel) {
    const std::string id(tenant_id);
    std::uint64_t epoch = 0;
    {
      const Lock lock(mutex_);
      if (Ptr held = Held(id)) return held;
      epoch = epoch_;
    }
    // The epoch in the key: who asks after a change does not get what was read before it.
    const auto loaded = flights_.Do(std::to_string(epoch) + ' ' + id, cancel,
                                    [&] { return Load(id, epoch, cancel); });
    return loaded ? *loaded : nullptr;
  }

  void Drop(std::string_view tenant_id) {
    const Lock lock(mutex_);
    ++epoch_;
    if (tenant_id.empty()) {
      sets_.Clear();
    } else {
      sets_.Take(tenant_id);
    }
  }

 private:
  static constexpr std::size_t kMaxTenants = 10'000;
  static constexpr Nanos kFresh = std::chrono::seconds(60);
  static constexpr Nanos kStale = std::chrono::seconds(3600);
  // While D1 fails, how long a stale set is served before D1 is asked again.
  static constexpr Nanos kRetry = std::chrono::seconds(5);

  struct Copy {
    Ptr set;
    Instant ask_at;
    Instant stale_until;
  };

  Ptr Held(const std::string& id) {  // mutex_ held
    const Copy* copy = sets_.Use(id);
    return copy != nullptr && runtime_.Now() < copy->ask_at ? copy->set : nullptr;
  }

  // Nothing when the caller went away before D1 answered.
  std::optional<Ptr> Load(const std::string& id, std::uint64_t epoch, CancelToken& cancel) {
    {
      const Lock lock(mutex_);
      if (Ptr held = Held(id)) return held;  // another flight has just landed
    }
    if (db_ == nullptr) return Ptr();
    const auto answer = db_->Query({sql_, {id}}, cancel);
    if (!answer) {
      if (cancel.cancelled()) return std::nullopt;
      if (failures_.Begins()) {
        log_.Write(LogLevel::kWarn, failure_event_, {{"cause", answer.error().message}});
      }
      return Stale(id);
    }
    failures_.Ends();
    auto set = std::make_shared<const Set>(build_(*answer));
    const Lock lock(mutex_);
    const Instant now = runtime_.Now();
    if (epoch == epoch_) sets_.Put(id, {set, now + kFresh, now + kStale});
    return Ptr(std::move(set));
  }

  Ptr Stale(const std::string& id) {
    const Lock lock(mutex_);
    Copy* copy = sets_.Use(id);
    if (copy == nullptr) return nullptr;
    const Instant now = runtime_.Now();
    if (now >= copy->stale_until) {
      sets_.Take(id);
      return nullptr;
    }
    copy->ask_at = std::min(now + kRetry, copy->stale_until);
    return copy->set;
  }

  D1Client* db_;
  Runtime& runtime_;
  Log& log_;
  const std::string sql_;
  const std::string_view failure_event_;
  const Build build_;
  SingleFlight<Ptr> flights_;
  FailureStreak failures_;
  Mutex mutex_;
  LruMap<Copy> sets_{kMaxTenants};
  std::uint64_t epoch_ = 0;
};

}  // namespace mg
