// Tenant API keys (KEY-1, KEY-2): the tenant's set of SHA-256 hashes, cached, compared in constant
// time.
//
// Thread-safety: all members. A wrong key costs no D1 while the tenant's set is warm (60 s; dropped
// on change), a malformed one never. While D1 fails an expired set is served up to an hour.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/clients/d1.h"
#include "core/ports/log.h"
#include "core/ports/runtime.h"

namespace mg {

inline constexpr std::string_view kTenantKeyPrefix = "mk_";
// KEY-2: "mk_" + the base64url of 32 bytes.
bool IsTenantKey(std::string_view text);

struct KeyCheck {
  enum class Outcome { kAccepted, kRefused, kUnavailable };
  Outcome outcome = Outcome::kRefused;
  std::string key_id;                 // when accepted
  std::int64_t limit_per_minute = 0;  // 0: the key has no limit of its own
};

class Keys {
 public:
  Keys(D1Client* db, Runtime& runtime, Log& log);
  ~Keys();
  // `bearer` is what followed "Bearer ".
  KeyCheck Check(std::string_view tenant_id, std::string_view bearer, CancelToken& cancel);
  void Drop(std::string_view tenant_id);  // "": every tenant's

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
