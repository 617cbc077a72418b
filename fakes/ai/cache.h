// AI Gateway's exact cache: whole answers under a key of gateway, provider, endpoint and body, or
// under a key of the caller's own (wire/ai-gateway.md 4.1). Neither metadata nor, by default, the
// caller's token enters a key, so one user's answer may serve another.
//
// Thread-safety: all members. Bounded: kCacheEntries and kCacheBytes; the oldest go first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/ports/runtime.h"
#include "fakes/ai/control_knobs.h"

namespace mg::fake {

// What a call's headers ask for, the step's over the request's.
struct AiCacheWish {
  std::optional<std::int64_t> ttl_seconds;  // 0: not cached
  bool skip = false;                        // neither read nor written
  std::string key;                          // the caller's own; empty: derived
};

// What that means on a gateway.
struct AiCacheUse {
  std::int64_t ttl_seconds = 0;
  bool skips = false;  // neither reads nor writes
  std::string key;
  bool own_key = false;  // of the caller
  bool unasked = false;  // AiQuirks::cache_300s
};

struct AiCacheSubject {
  std::string_view gateway, provider, endpoint, authorization, body;
};
// 0: the cache has no part in this call.
std::int64_t CacheTtlSeconds(const AiCacheWish& wish, std::int64_t gateway_ttl_seconds,
                             const AiQuirks& quirks);
// Its ttl_seconds may be 0: then it has no key either.
AiCacheUse CacheUseOf(const AiCacheWish& wish, std::int64_t gateway_ttl_seconds,
                      const AiCacheSubject& subject, const AiQuirks& quirks);

class AiCache {
 public:
  struct Answer {
    int status = 200;
    Headers headers;
    std::string body;
  };
  std::optional<Answer> Find(const AiCacheUse& use, std::int64_t now_ms);
  // Of a 2xx answer that is no stream; others the caller keeps away.
  void Store(const AiCacheUse& use, Answer answer, std::int64_t now_ms, const AiQuirks& quirks);
  void Forget(std::string_view gateway_id);
  void Invalidate(std::string_view gateway_id);  // what was asked for alone
  void Reset();

 private:
  struct Entry {
    std::string key;
    std::int64_t until_ms = 0;
    bool unasked = false;
    std::optional<Answer> answer;  // none: a key that has missed once
    std::size_t bytes() const;
  };
  using Entries = std::list<Entry>;  // oldest first

  void Drop(Entries::iterator entry);
  void DropOf(std::string_view gateway_id, bool unasked_too);

  Mutex mutex_;
  Entries entries_;
  std::map<std::string, Entries::iterator, std::less<>> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace mg::fake
