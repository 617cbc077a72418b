// What the control plane of the AI Gateway fake takes for granted, in one place: caching, limits,
// logs, guards, routes, management (wire/ai-gateway.md 3.5, 4, 6, 10).
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/ports/runtime.h"

namespace mg::fake {

// What was observed and may differ from one account to the next, so it can be set. The defaults are
// what a caller over HTTPS saw, with a budget that holds.
struct AiQuirks {
  bool cache_300s = false;            // answers are cached for 300 s unasked (seen by the binding)
  bool cache_key_double_miss = true;  // a key of the caller's own misses twice before it hits
  bool cache_key_includes_auth = false;       // UNCONFIRMED
  std::int64_t spend_code = 2041;             // 2045 through the binding
  Nanos spend_lag = std::chrono::seconds(2);  // until what was spent counts
  double spend_miss_rate = 0;     // of windows in which a limit never holds; seen: 1 of 9
  Nanos log_lag = Nanos::zero();  // until a row can be read
  Nanos stream_log_lag = std::chrono::seconds(1);
};

// --- UNCONFIRMED -------------------------------------------------------------------------------
inline constexpr std::int64_t kUnaskedCacheSeconds = 300;
inline constexpr std::int64_t kKeyedCacheSeconds = 300;  // a key on a gateway without caching
inline constexpr int kGatewayExistsStatus = 409;
inline constexpr std::int64_t kMaxRatePerWindow = 1'000'000'000;
inline constexpr std::int64_t kMaxWindowSeconds = 366LL * 24 * 3600;
inline constexpr std::int64_t kMaxLogsPerPage = 50;
inline constexpr std::int64_t kMaxItemsPerPage = 100;
inline constexpr std::size_t kMaxRoutes = 100;  // of a gateway
inline constexpr std::size_t kMaxRouteVersions = 100;
inline constexpr std::size_t kMaxRouteElements = 100;
inline constexpr std::size_t kMaxProviderConfigs = 100;
inline constexpr std::size_t kMaxCustomProviders = 100;
inline constexpr std::int64_t kGuardMs = 500;  // what an evaluation by Llama Guard takes, about
// A sliding window counts what is left of the previous bucket in it (seen for spend limits).

// --- Documented --------------------------------------------------------------------------------
inline constexpr std::size_t kMaxGateways = 20;  // paid plan; 10 on the free one
inline constexpr std::size_t kMaxSpendRules = 20;
inline constexpr std::int64_t kLeastCacheSeconds = 60;  // less counts as that
inline constexpr std::int64_t kMostCacheSeconds = 31LL * 24 * 3600;
inline constexpr std::int64_t kPageItems = 20;
inline constexpr std::size_t kMaxLogRowBytes = std::size_t{10} << 20;  // a larger one is not kept
inline constexpr std::int64_t kMaxLogRows = 100'000;                   // of a gateway
inline constexpr std::size_t kMaxNamedShares = 5;                      // of a percentage, and else

// --- Of this fake ------------------------------------------------------------------------------
inline constexpr std::size_t kManagementBodyBytes = std::size_t{1} << 20;
inline constexpr std::int64_t kManagementBodySeconds = 60;
inline constexpr std::size_t kCacheBytes = std::size_t{64} << 20;
inline constexpr std::size_t kCacheEntries = 10'000;
inline constexpr std::size_t kPayloadBytes = std::size_t{32} << 20;  // of all log rows; oldest go
inline constexpr std::size_t kPayloadHeadBytes = 4096;               // shown in a row's details
inline constexpr std::size_t kStreamPayloadBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxLogFilters = 32;
inline constexpr std::size_t kMaxFilterValues = 100;
inline constexpr std::size_t kMaxWindowCounters = 20'000;
inline constexpr std::size_t kMaxPendingSpend = 1000;  // of a counter
// Text that holds one of these is what the guards find in it: "moltgate-violates-S1",
// "moltgate-leaks-<profile>".
inline constexpr const char* kViolationMarker = "moltgate-violates-";
inline constexpr const char* kLeakMarker = "moltgate-leaks-";

}  // namespace mg::fake
