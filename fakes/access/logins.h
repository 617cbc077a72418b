// Logins between the team site and the application host: who may be sent where, and the nonces of
// the way back.
//
// Thread-safety: all members.
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/access/access.h"

namespace mg::fake {

// "Acme.Localhost:8787" -> "acme.localhost:8787"; http's own port is dropped. nullopt: not a host
// name with at most a port.
std::optional<std::string> NormalAuthority(std::string_view authority);

// A path on the application that a browser cannot take for another site's address.
bool IsSafeReturnPath(std::string_view path);

class AccessLogins {
 public:
  AccessLogins(const AccessSite& site, Runtime& runtime, Random& random)
      : site_(site), runtime_(runtime), random_(random) {}

  // The normal form, when that host may log in.
  std::optional<std::string> AllowedHost(std::string_view authority) const;

  struct Pending {
    std::string nonce;
    std::string state;
    std::string email;
    std::string host;
    std::string path;
    std::int64_t expires_ms = 0;
  };
  // Returns what goes into the address of the way back.
  Pending Begin(std::string email, std::string host, std::string path);
  // Uses the nonce up, whatever comes of it.
  std::optional<Pending> Redeem(std::string_view nonce, std::string_view state,
                                std::string_view host);
  void Clear();

 private:
  const AccessSite& site_;
  Runtime& runtime_;
  Random& random_;
  Mutex mutex_;
  std::deque<Pending> pending_;  // oldest first
};

}  // namespace mg::fake
