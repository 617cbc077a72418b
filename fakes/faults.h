// Scripted faults: which call is disturbed, how, and how often that happened. One that never fires
// proves nothing, so everything is counted.
//
// Thread-safety: all members. Time: windows and delays are the Runtime's. Chance: drawn from `seed`
// alone, in the order of the calls. An idle one costs a lock and no more.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/runtime.h"

namespace mg::fake {

// Empty or negative: any. All that are set must hold.
struct FaultScope {
  std::string tenant;  // its sandbox id
  std::string model;
  std::string key;             // the call's subject; '*' stands for any run of characters
  int step = -1;               // of a universal request, from 0
  int attempt = -1;            // of a model's step, from 1
  Nanos from = Nanos::zero();  // since the rule was added
  Nanos until = Nanos::max();
};

struct FaultRule {
  std::string id;         // unique; what reports call it
  std::string operation;  // "kv.get"; "kv.*" for a family
  FaultScope where;
  int nth = 1;               // the first matching call that is disturbed, from 1
  int times = 1;             // how many from there on; -1: for ever
  double probability = 1.0;  // of each of them: it fires `times` times, with gaps between

  // What happens. A delay comes with any of the others; of the others one is set.
  Nanos delay = Nanos::zero();  // fixed, or the median of a lognormal one
  double delay_sigma = 0;       // 0: fixed
  bool hang = false;            // no answer, however long one waits
  int status = 0;               // refuses with this, in the service's own shape
  std::int64_t code = 0;        // the service's error code; 0: what it says with that status
  std::string body;             // instead of the service's shape
  std::int64_t retry_after_seconds = 0;
  enum class Reset { kNone, kBefore, kAfter } reset = Reset::kNone;  // of the effect
  std::int64_t truncate_after_bytes = -1;  // the answer's body ends there, and so the connection
  std::int64_t stall_after_bytes = -1;     // the answer's body stops there, for ever
  bool malformed = false;                  // the answer's body is not what its type says
  std::string content_type;                // the answer says that it is this
  // A model's stream, after this many chunks; a rule with it meets streams alone. The last two are
  // Cloudflare's two forms of an error within a stream (wire/ai-gateway.md 5.5), with `code`.
  std::int64_t after_chunks = -1;
  enum class Then { kNone, kStall, kCut, kEnd, kDone, kError, kErrors } then = Then::kNone;
  Nanos stale = Nanos::zero();  // kv.get: an earlier answer for this key, at most this old
  std::string certs;  // access.certs: a word of CertsDamages (fakes/access/certs_damage.h)
};

// How long a hang or a stalled body lasts when nobody gives up on it; the connection is dropped
// then. A bound, so that a test without deadlines ends.
inline constexpr Nanos kHang = std::chrono::minutes(10);

struct FaultCount {
  std::string id;
  int planned = 0;  // -1: no bound
  int fired = 0;
  int bypassed = 0;  // calls of that operation that it did not disturb
};

struct FaultedCall {
  std::string operation, tenant, model, key;
  int step = -1;
  std::optional<Instant> answered;  // when the answer was given that a stale one would repeat
  int attempt = -1;
  bool streams = false;
};

class Faults {
 public:
  Faults(Runtime& runtime, std::uint64_t seed);

  // Its id: made up when the rule has none. A broken promise (MG_CHECK) when another rule has it.
  std::string Add(FaultRule rule);
  void Remove(const std::string& id);  // its counts stay; unknown is fine
  void Clear();                        // rules and counts; chance starts again from the seed
  bool Has(const std::string& id) const;
  bool Any() const;         // one may still fire
  bool WantsStale() const;  // one of those repeats earlier answers: they are worth remembering

  // The rule that disturbs this call, counted as fired; the first added wins, and the others wait
  // for their next call. Its `delay` is drawn already.
  std::optional<FaultRule> Next(const FaultedCall& call);
  std::vector<FaultCount> Counts() const;  // in the order of adding; removed ones included

 private:
  struct Entry {
    FaultRule rule;
    Instant added;
    int matched = 0, fired = 0, bypassed = 0;
    bool removed = false;
  };
  static bool MayFire(const Entry& entry);
  bool Fires(Entry& entry, const FaultedCall& call, Instant now);
  double Chance();
  Nanos DrawDelay(const FaultRule& rule);

  Runtime& runtime_;
  const std::uint64_t seed_;
  mutable Mutex mutex_;
  std::uint64_t random_state_;
  std::uint64_t made_ids_ = 0;
  std::vector<Entry> entries_;
};

// '*' stands for any run of characters, none included.
bool MatchesPattern(std::string_view pattern, std::string_view text);

}  // namespace mg::fake
