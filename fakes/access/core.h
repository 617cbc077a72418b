// What the parts of the Access fake share: the team site, the gate in front of applications and the
// control plane. Internal to fakes/access.
//
// Thread-safety: of each member.
#pragma once
#include <atomic>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "core/http/message.h"
#include "core/ports/random.h"
#include "core/ports/runtime.h"
#include "fakes/access/access.h"
#include "fakes/access/applications.h"
#include "fakes/access/cookies.h"
#include "fakes/access/logins.h"
#include "fakes/access/policies.h"
#include "fakes/access/service_tokens.h"
#include "fakes/access/tokens.h"
#include "fakes/access/verdicts.h"
#include "fakes/credentials.h"

namespace mg::fake {

inline constexpr std::string_view kAccessPrefix = "/cdn-cgi/access/";
inline constexpr int kNoIdentityStatus = 401;  // of get-identity; UNCONFIRMED

// Sessions that were signed out, and people whose tokens were revoked. The oldest are forgotten
// first: their tokens have run out by then.
class Revocations {
 public:
  void Session(std::string nonce, std::int64_t at_ms);
  void Person(std::string email, std::int64_t at_ms);
  // Whether a token is no good any more. The edges hear of it some time later.
  bool Has(const AccessClaims& claims, std::int64_t now_ms) const;
  void Clear();

 private:
  static constexpr std::size_t kMost = 4096;

  mutable Mutex mutex_;
  std::deque<std::pair<std::string, std::int64_t>> sessions_, people_;
};

struct AccessCore {
  AccessCore(const Credentials& credentials, AccessSite site, Runtime& runtime, Random& random);

  const Credentials& credentials;
  const AccessSite site;
  Runtime& runtime;
  Random& random;
  AccessTokens tokens;
  AccessApplications applications;
  ServiceTokens services;
  AccessLogins logins;
  AccessVerdicts verdicts;
  Revocations revocations;
  std::atomic<bool> https{false};  // applications are reached so

  void Seed();  // as on a first start
  CookieFlags TeamCookie(std::int64_t expires_at_s = 0) const;
  CookieFlags AppCookie(const AccessApplication& application, std::int64_t expires_at_s = 0) const;
  std::string Scheme() const { return https ? "https://" : "http://"; }
  // "" when the token is not one of ours or has expired.
  std::string IdentityJson(std::string_view token);
  AccessPrincipal PrincipalOf(const AccessClaims& claims, const std::string& address) const;
};

// What the policies of an application say to somebody who is known.
struct Admission {
  bool admitted = false;
  const AccessPolicy* policy = nullptr;  // null: none matches
};
Admission Admit(const AccessApplication& application, const AccessPrincipal& principal);

// How long a token of this application lasts, given the policy that admits.
std::int64_t LifetimeOf(const AccessApplication& application, const AccessPolicy* policy);

Response DenyPage();  // 403, with Cf-Access-Error
bool IsRead(const Request& request);
Response WrongMethod(std::string_view allowed);

// core.cc, team_site.cc, gate.cc
Response AnswerTeamSite(AccessCore& core, Request& request, CallNote& note);
Response AnswerReserved(AccessCore& core, const Request& request, CallNote& note);
std::optional<Response> EnforceAccess(AccessCore& core, Request& request,
                                      const std::string& address, CallNote& note,
                                      AccessPassage& passage);
void TranslateCredentials(AccessCore& core, Request& request, AccessPassage& passage);
void RemoveIdentityHeaders(Headers& headers);  // what a client claims to be

}  // namespace mg::fake
