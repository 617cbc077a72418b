// Access: the team site (certs, login with an identity picker, sessions, logout), the gate in front
// of applications (policies, service tokens, redirects) and the minting of tokens
// (wire/access-edge-sandbox.md 1). The RSA keys are fixed and ship with the fake.
//
// Thread-safety: all members. Nothing here outlives the process but the seeded ids and keys.
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
#include "fakes/access/knobs.h"
#include "fakes/access/mint.h"
#include "fakes/access/verdicts.h"
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

// What the edge adds to the application's answer.
struct AccessPassage {
  std::vector<std::string> cookies;  // for Set-Cookie, a line each
};

class Access final : public Service {
 public:
  Access(const Credentials& credentials, AccessSite site, Runtime& runtime, Random& random);
  ~Access() override;

  // /cdn-cgi/access/{certs,login/...,logout,get-identity} of the team site.
  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone) override;
  // .../client/v4/accounts/{account}/access/...: `path` is what stands after "access".
  Response Manage(Request& request, CallNote& note, const std::vector<std::string>& path);
  void Reset() override;  // applications, service tokens, keys, sessions and verdicts

  // Of the edge, for a request to an application's host: what Access answers itself (the reserved
  // paths, and who may not pass), or nullopt with the request as the application is to see it.
  // `https`: how the client came; the way back from a login is the same from then on.
  std::optional<Response> Enter(Request& request, const std::string& address, CallNote& note,
                                AccessPassage& passage, bool https = false);

  std::string MintToken(const Mint& mint);
  std::string CertsJson() const;
  std::string IdentityJson(std::string_view token) const;  // "" when the token is not one of ours

  AccessKnobs knobs() const;
  void SetKnobs(const AccessKnobs& knobs);
  void Rotate();                                                       // as the API's keys/rotate
  void DropPrevious();                                                 // before its grace is over
  std::vector<AccessVerdict> Verdicts(std::uint64_t since = 0) const;  // those of a greater seq

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg::fake
