// Access: the team site (certs, login with an identity picker, logout) and the minting of tokens
// (wire/access-edge-sandbox.md 1). The RSA keys are fixed and ship with the fake.
//
// Thread-safety: all members.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/credentials.h"
#include "fakes/service.h"

namespace mg::fake {

struct AccessSite {
  std::string team_url;    // issuer; "http://127.0.0.1:8788"
  std::string app_domain;  // hosts that may log in: this, and one label under it
  std::string operator_host;
  std::function<bool(std::string_view host)> is_registered_domain;  // custom domains; may be empty
  std::vector<std::string> identities;  // emails that the picker offers; more can be typed in
};

struct Mint {
  std::string email;        // one of the two
  std::string common_name;  // "<id>.access"
  bool expired = false;
  bool wrong_audience = false;
  bool previous_key = false;  // signed with the key of before the rotation
  std::int64_t lifetime_seconds = 24 * 3600;
};

class Access final : public Service {
 public:
  Access(const Credentials& credentials, AccessSite site, Runtime& runtime, Random& random);
  ~Access() override;

  // /cdn-cgi/access/{certs,login/...,logout,get-identity} of the team site.
  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) override;
  void Reset() override;  // nonces

  std::string MintToken(const Mint& mint);
  // The token of the one service token there is; nullopt when id or secret is wrong.
  std::optional<std::string> MintForServiceToken(std::string_view client_id,
                                                 std::string_view client_secret);
  std::string CertsJson() const;

  // The application host's half of the login, used by Edge. `nonce`: single use, 5 minutes.
  struct Login {
    std::string token;
    std::string host;  // with port
    std::string path;
  };
  std::optional<Login> Redeem(std::string_view nonce, std::string_view state,
                              std::string_view host);
  std::string IdentityJson(std::string_view token) const;  // "" when the token is not one of ours

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg::fake
