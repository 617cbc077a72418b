// Service tokens: client id, secret, expiry and rotation (wire/access-edge-sandbox.md 1.8).
//
// Thread-safety: all members. Bounded: 500 tokens. Secrets are kept as digests.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/random.h"
#include "core/ports/runtime.h"

namespace mg::fake {

struct ServiceToken {
  std::string id;         // UUID: what policies name
  std::string client_id;  // "<32 hex>.access": what clients send
  std::string name;
  std::string secret_sha256, previous_sha256;
  std::int64_t previous_until_ms = 0;
  std::int64_t duration_seconds = 0;
  std::int64_t expires_ms = 0;
  std::int64_t created_ms = 0, updated_ms = 0, last_seen_ms = 0;
};

class ServiceTokens {
 public:
  explicit ServiceTokens(Random& random) : random_(random) {}

  static constexpr std::size_t kMost = 500;

  struct Made {
    ServiceToken token;
    std::string secret;  // shown once
  };
  std::optional<Made> Create(std::string name, std::int64_t duration_seconds,
                             std::int64_t now_ms);  // nullopt: there are too many
  std::optional<Made> Rotate(std::string_view id, std::int64_t previous_until_ms,
                             std::int64_t now_ms);
  std::optional<ServiceToken> Refresh(std::string_view id, std::int64_t now_ms);
  std::optional<ServiceToken> Rename(std::string_view id, const std::string& name,
                                     std::int64_t duration_seconds, std::int64_t now_ms);
  std::optional<ServiceToken> Get(std::string_view id) const;
  std::optional<ServiceToken> OfClient(std::string_view client_id) const;
  std::vector<ServiceToken> List() const;
  bool Remove(std::string_view id);
  // A token that clients know already.
  void Reset(std::string_view client_id, std::string_view secret, std::int64_t now_ms);

  struct Check {
    std::optional<ServiceToken> token;  // when it is good
    const char* why = "";               // else: "service_token_unknown", "service_token_expired"
  };
  Check Verify(std::string_view client_id, std::string_view secret, std::int64_t now_ms);

 private:
  ServiceToken* FindLocked(std::string_view id);
  std::string NewSecret();

  Random& random_;
  mutable Mutex mutex_;
  std::vector<ServiceToken> tokens_;
};

}  // namespace mg::fake
