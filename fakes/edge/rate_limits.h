// What the WAF's rate-limiting rules say of each request, and Workers' rate-limiting bindings
// (wire/access-edge-sandbox.md 2.5, 2.6). Windows are exact, where Cloudflare's are approximate.
//
// Thread-safety: all members. Bounded (counters.h).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/ports/runtime.h"
#include "fakes/edge/counters.h"
#include "fakes/edge/settings.h"

namespace mg::fake {

class RateLimits {
 public:
  // `settings` and `runtime` outlive it.
  RateLimits(const EdgeSettings& settings, const Runtime& runtime)
      : settings_(settings), runtime_(runtime) {}

  struct Verdict {
    const RateRule* rule = nullptr;
    std::int64_t retry_after_seconds = 1;
  };
  // Counts this request; the first rule that stops it. The one that goes over is stopped itself.
  std::optional<Verdict> AtRequest(const Traffic& traffic);
  // Counts what can be known only now; it stops the next request.
  void AtResponse(const Traffic& traffic);

  // As env.X.limit({key}). Errors: kNotFound.
  Result<bool> Limit(std::string_view binding, std::string_view key);

  std::size_t counter_count() const { return counters_.size(); }

 private:
  EdgeCounters::State Count(std::size_t index, const Traffic& traffic, std::int64_t amount);

  const EdgeSettings& settings_;
  const Runtime& runtime_;
  EdgeCounters counters_;
};

}  // namespace mg::fake
