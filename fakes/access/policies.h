// Access policies and who they let in (wire/access-edge-sandbox.md 1.9): Bypass and Service Auth
// first, then Allow and Block, each by precedence; the first that matches decides, none is no.
//
// Thread-safety: pure functions over values.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mg::fake {

struct AccessRule {
  enum class Kind {
    kEveryone,
    kEmail,
    kEmailDomain,
    kServiceToken,  // by the token's id, a UUID
    kAnyServiceToken,
    kIp,  // one address or a CIDR range
    kCountry,
  };
  Kind kind = Kind::kEveryone;
  std::string value;
};

struct AccessPolicy {
  enum class Decision { kAllow, kDeny, kBypass, kNonIdentity };
  std::string id;  // UUID
  std::string name;
  Decision decision = Decision::kAllow;
  std::int64_t precedence = 1;
  std::vector<AccessRule> include, require, exclude;  // any of, all of, none of
  std::int64_t session_seconds = -1;                  // -1: the application's
  std::int64_t created_ms = 0, updated_ms = 0;
};

// Who asks. All empty but the address: nobody known.
struct AccessPrincipal {
  std::string email;
  std::string service_token_id;  // UUID
  std::string common_name;       // of a service token: its client id
  std::string country;
  std::string address;

  bool is_service() const { return !common_name.empty(); }
  bool is_known() const { return !email.empty() || is_service(); }
  const std::string& name() const { return email.empty() ? common_name : email; }
};

bool Matches(const AccessPolicy& policy, const AccessPrincipal& principal);

// The first policy of these decisions that matches, by precedence; null for none.
const AccessPolicy* FirstMatch(const std::vector<AccessPolicy>& policies,
                               const AccessPrincipal& principal,
                               const std::vector<AccessPolicy::Decision>& decisions);

}  // namespace mg::fake
