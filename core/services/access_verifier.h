// Verifies Access tokens (ACC-1 to ACC-4, ACC-7; wire/access-edge-sandbox.md 1.13, 1.15).
//
// Thread-safety: all members. JWKS: cached, refreshed in the background, one fetch at a time; an
// unknown kid refetches at most once in 30 s; cached keys serve up to 24 h without the endpoint.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/clients/access_keys.h"
#include "core/config/settings.h"
#include "core/ports/log.h"
#include "core/ports/runtime.h"

namespace mg {

struct Identity {
  std::string subject;  // lower-case email, or "<id>.access" for a service token
  bool is_service = false;
};

struct TokenCheck {
  enum class Outcome { kAccepted, kRefused, kKeysUnavailable };
  Outcome outcome = Outcome::kRefused;
  Identity identity;   // when accepted
  std::string reason;  // for the log alone: "expired", "wrong_audience", ...
};

// The keys of a JWKS document that may verify a token; bad keys are dropped, a document with
// duplicate kids or an "oct" key is refused as a whole (1.13 rule 5).
class KeySet {
 public:
  static Result<KeySet> Parse(std::string_view jwks_json, bool refuse_fake_keys);
  KeySet();
  ~KeySet();
  KeySet(KeySet&&) noexcept;
  KeySet& operator=(KeySet&&) noexcept;
  bool Has(std::string_view kid) const;
  std::size_t size() const;
  std::size_t dropped() const;  // keys of the document that may not verify

  struct Impl;  // access_verifier_keys.h
  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Pure: the whole of 1.13 but key fetching.
TokenCheck VerifyToken(std::string_view token, const KeySet& keys, const AccessSettings& settings,
                       WallTime now);

// Stop it before what it was given goes away; the destructor stops it otherwise.
class AccessVerifier {
 public:
  AccessVerifier(AccessSettings settings, AccessKeysClient& client, Runtime& runtime, Log& log);
  ~AccessVerifier();

  TokenCheck Verify(std::string_view token, CancelToken& cancel);
  void Stop();  // ends a refresh in the background and starts no further one

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mg
