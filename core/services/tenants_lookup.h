// One look-up of a tenant where it is stored: KV's value, D1's row, and the check of the sandbox id
// that either must pass (TEN-4, TEN-7).
//
// Thread-safety: all members.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/ports/log.h"
#include "core/services/failure_streak.h"
#include "core/services/tenants.h"

namespace mg {

// What is looked up: `key` is its registry key, also the process's own key for an id.
struct TenantName {
  enum class Kind { kSlug, kDomain, kId };
  Kind kind = Kind::kSlug;
  std::string text;
  std::string key;
};

class TenantsLookup {
 public:
  enum class Outcome {
    kFound,
    kAbsent,
    kUnusable,  // KV holds something that is not ours: as absent, already logged
    kMismatch,  // TEN-7, already logged
    kFailed,    // already logged
  };
  struct Answer {
    Outcome outcome = Outcome::kFailed;
    std::shared_ptr<const Tenant> tenant;  // when found
  };

  TenantsLookup(KvClient* kv, D1Client* db, std::int64_t kv_ttl_seconds, Log& log);

  bool has_kv() const { return kv_ != nullptr; }
  bool has_db() const { return db_ != nullptr; }
  Answer FromKv(const TenantName& name, CancelToken& cancel);
  Answer FromDb(const TenantName& name, CancelToken& cancel);
  // Best effort: a failure is logged.
  void WriteKv(const TenantName& name, const Tenant& tenant, CancelToken& cancel);

 private:
  Answer Check(const TenantName& name, Tenant tenant, std::string_view source);
  void Failed(FailureStreak& streak, std::string_view event, const Error& error);

  KvClient* kv_;
  D1Client* db_;
  std::int64_t kv_ttl_seconds_;
  Log& log_;
  FailureStreak kv_reads_;
  FailureStreak kv_writes_;
  FailureStreak db_reads_;
};

}  // namespace mg
