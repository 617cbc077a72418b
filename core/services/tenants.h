// Which tenant a host belongs to (TEN-1 to TEN-12): process, KV, D1, map, with every change
// followed.
//
// Thread-safety: all members. No lock is held across I/O; concurrent misses of one host share one
// look-up. Time: entries live at most 60 s (kProcessEntrySeconds), misses 30 s (kMissSeconds);
// memory is bounded (kMaxHeldTenants of each).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/clients/d1.h"
#include "core/clients/kv.h"
#include "core/config/settings.h"
#include "core/http/host.h"
#include "core/ports/log.h"
#include "core/ports/runtime.h"

namespace mg {

inline constexpr std::int64_t kProcessEntrySeconds = 60;
inline constexpr std::int64_t kMissSeconds = 30;
inline constexpr std::size_t kMaxHeldTenants = 50'000;
// TEN-12: how much longer than TENANT_CACHE_TTL_SECONDS a changed key is read from D1 rather than
// KV.
inline constexpr std::int64_t kChangeMarginSeconds = 60;

enum class Tier { kFree, kPremium, kEnterprise };
Tier NormaliseTier(std::string_view text);  // AIG-2: trimmed, any case; unknown or absent is free
std::string_view TierName(Tier tier);       // "free", "premium", "enterprise"

struct Tenant {
  std::string id;  // UUID
  std::string slug;
  std::string platform;  // may be empty
  Tier tier = Tier::kFree;
  std::string sandbox_id;  // verified against the derivation (TEN-7)
};

struct Resolution {
  enum class Outcome {
    kFound,
    kUnknown,           // 404 (TEN-5)
    kUnavailable,       // 503: the registry cannot answer (TEN-8)
    kIdentityMismatch,  // 500 sandbox_identity_mismatch (TEN-7)
    kRegistryMissing,   // 503: DEV_MODE without the binding (BND-2)
  };
  Outcome outcome = Outcome::kUnknown;
  std::shared_ptr<const Tenant> tenant;  // set when found
  std::string_view source;               // "process", "kv", "d1", "map", "stale"
};

// One row of registry_changes (TEN-12). The registry writes, in the transaction of the change:
//   kind     host                                             tenant_id
//   tenant   a key that leads to the tenant: a row for its    the tenant
//            slug, for a new slug, and for each domain
//   domain   the domain's key                                 the tenant that has it, or had it
//   member   (null)                                           the tenant
//   key      (null)                                           the tenant
// where a key is written as KV has it: SlugKey, DomainKey.
struct RegistryChange {
  std::int64_t seq = 0;
  std::string kind;
  std::string tenant_id;
  std::string host;
  std::int64_t at_ms = 0;
  bool tenant_gone = false;  // not a column: when this was read, the tenant was deleted
  std::string model_map{};   // of kModelMapChanged
};

// Not a row: RegistryWatch says it when the database is no longer the one it followed (reset or
// restored). Nothing that is held may be believed; seq, tenant_id and host are empty.
inline constexpr std::string_view kRegistryReset = "reset";

// Not a row either: the operators' model map is another than it was, JSON, or "" when there is
// none.
inline constexpr std::string_view kModelMapChanged = "model_map";

class Tenants {
 public:
  // `kv` and `db` may be null: then that binding is missing (BND-2).
  Tenants(const Settings& settings, KvClient* kv, D1Client* db, Runtime& runtime, Log& log);
  ~Tenants();

  // What ByHost would say without a look-up; nothing when it needs one.
  std::optional<Resolution> HeldByHost(const HostName& host);
  // The tenant of an already parsed host. IP literals, bare "localhost" and hosts that cannot be
  // anyone's are kUnknown without a look-up (TEN-3).
  Resolution ByHost(const HostName& host, CancelToken& cancel);
  Resolution BySlug(std::string_view slug, CancelToken& cancel);     // X-Tenant-Override (TEN-2)
  Resolution ById(std::string_view tenant_id, CancelToken& cancel);  // internal listener

  // Drops what it touches; that key is read from D1 for TENANT_CACHE_TTL_SECONDS + 60 s. Looks at
  // kinds "tenant", "domain" and kRegistryReset.
  void Apply(const RegistryChange& change);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// KV keys of the registry: "tenant:slug:{slug}", "tenant:domain:{host}".
std::string SlugKey(std::string_view slug);
std::string DomainKey(std::string_view host);

}  // namespace mg
