// Tokens as Access mints them (wire/access-edge-sandbox.md 1.4): of applications, of the team's
// session, and those that travel with a login; and what can be read from one that came back.
//
// Thread-safety: all members.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json_fwd.h"
#include "core/base/result.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/access/key_ring.h"
#include "fakes/access/knobs.h"
#include "fakes/access/mint.h"

namespace mg::fake {

// What Access itself asks of a token; the words are those of verdicts.
struct AccessClaims {
  std::string type, audience;  // the first of an array
  std::string email, common_name, nonce, country, subject;
  std::int64_t issued_at = 0, expires_at = 0;
};

// For whom a session's tokens are.
struct SessionToken {
  std::string type = "app";  // or "org", of the team's domain
  std::string audience;
  std::string email;        // one of the two
  std::string common_name;  // "<id>.access"
  std::string nonce;        // what ties a session's tokens together; empty: a new one
  std::string policy_id;    // UUID; empty: none
  std::int64_t lifetime_seconds = 24 * 3600;
};

class AccessTokens {
 public:
  AccessTokens(std::string issuer, std::string audience, Runtime& runtime, Random& random);

  std::string Make(const Mint& mint);  // for the application that is seeded
  std::string Make(const SessionToken& token);
  std::string MakeOf(const Json& claims);  // signed as it is: "meta", "match"

  // Errors: kUnauthenticated with the failed check: "malformed", "unknown_key", "bad_signature",
  // "wrong_issuer", "expired".
  Result<AccessClaims> Read(std::string_view token);
  Result<Json> ReadClaims(std::string_view token);

  std::string CertsJson();
  AccessKeyRing::Listed keys();
  void Rotate();
  void DropPrevious() { ring_.DropPrevious(); }
  void Reset() { ring_.Reset(NowMs()); }

  AccessKnobs knobs() const;
  void SetKnobs(const AccessKnobs& knobs);
  std::int64_t NowMs() const;  // by Access's own clock
  std::int64_t NowSeconds() const { return NowMs() / 1000; }
  std::string NewNonce();

 private:
  AccessKeyRing::Timing Timing() const;
  Json UserClaims(const std::string& email, const std::string& nonce, std::int64_t issued_at);

  const std::string issuer_;
  const std::string audience_;
  Runtime& runtime_;
  Random& random_;
  mutable Mutex mutex_;
  AccessKnobs knobs_;
  AccessKeyRing ring_;
};

}  // namespace mg::fake
