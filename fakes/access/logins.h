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
std::string_view NameOfAuthority(std::string_view normal_authority);

// A path on the application that a browser cannot take for another site's address.
bool IsSafeReturnPath(std::string_view path);

class AccessLogins {
 public:
  AccessLogins(const AccessSite& site, Runtime& runtime, Random& random)
      : site_(site), runtime_(runtime), random_(random) {}

  // Whether the application that is seeded has this name.
  bool IsOurs(std::string_view name) const;

  struct Pending {
    std::string email;
    std::string identity_nonce;  // of the team's session
    std::string audience;        // of the application
    std::string host;            // with port
    std::string path;
    std::string app_session_sha256;  // of the CF_AppSession that must come back; empty: none
    std::string policy_id;
    std::int64_t lifetime_seconds = 0;

    std::string nonce, state;  // made by Begin
    std::int64_t expires_ms = 0;
  };
  // Returns it with what goes into the address of the way back.
  Pending Begin(Pending login);
  // Uses the nonce up, whatever comes of it.
  std::optional<Pending> Redeem(std::string_view nonce, std::string_view state,
                                std::string_view host, std::string_view app_session);
  void Clear();

 private:
  const AccessSite& site_;
  Runtime& runtime_;
  Random& random_;
  Mutex mutex_;
  std::deque<Pending> pending_;  // oldest first
};

}  // namespace mg::fake
