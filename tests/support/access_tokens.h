// Access tokens made by hand for tests of the verifier: any header and claims, signed with one of
// the fake's keys.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/config/settings.h"
#include "fakes/access/signing.h"
#include "tests/support/stepped_runtime.h"

namespace mg::test {

inline constexpr const char* kTeam = "http://team.test";
inline constexpr std::int64_t kNow = kSteppedWallStartMs / 1000;
inline const std::string kAudience(64, 'a');

inline AccessSettings VerifierSettings() {
  AccessSettings settings;
  settings.team_url = kTeam;
  settings.certs_url = std::string(kTeam) + "/cdn-cgi/access/certs";
  settings.audiences = {std::string(64, 'b'), kAudience};
  return settings;
}

inline const fake::SigningKey& CurrentKey() {
  static const fake::SigningKey key(fake::kCurrentAccessKey);
  return key;
}
inline const fake::SigningKey& PreviousKey() {
  static const fake::SigningKey key(fake::kPreviousAccessKey);
  return key;
}

inline Json Jwk(const fake::SigningKey& key) {
  return {{"kid", key.kid()}, {"kty", "RSA"},        {"alg", "RS256"},
          {"use", "sig"},     {"e", key.Exponent()}, {"n", key.Modulus()}};
}
inline std::string Jwks(const std::vector<Json>& keys) {
  return DumpJson({{"keys", Json(keys)}});
}

inline Json GoodHeader() {
  return {{"alg", "RS256"}, {"kid", CurrentKey().kid()}, {"typ", "JWT"}};
}
inline Json GoodClaims() {
  return {{"iss", kTeam},       {"aud", Json::array({kAudience})},
          {"exp", kNow + 3600}, {"iat", kNow},
          {"nbf", kNow},        {"type", "app"},
          {"sub", "user-1"},    {"email", "Ann@Example.com"}};
}

inline std::string SignText(const std::string& header, const std::string& claims,
                            const fake::SigningKey& key = CurrentKey()) {
  const std::string text = Base64UrlEncode(header) + "." + Base64UrlEncode(claims);
  return text + "." + Base64UrlEncode(key.Sign(text));
}
inline std::string Sign(const Json& header, const Json& claims,
                        const fake::SigningKey& key = CurrentKey()) {
  return SignText(DumpJson(header), DumpJson(claims), key);
}
inline std::string WithHeader(const char* name, Json value) {
  Json header = GoodHeader();
  header[name] = std::move(value);
  return Sign(header, GoodClaims());
}
inline std::string WithClaim(const char* name, Json value) {
  Json claims = GoodClaims();
  claims[name] = std::move(value);
  return Sign(GoodHeader(), claims);
}
inline std::string WithoutClaim(const char* name) {
  Json claims = GoodClaims();
  claims.erase(name);
  return Sign(GoodHeader(), claims);
}
// The claims' text with `member` put in front of its members.
inline std::string WithClaimText(const std::string& member) {
  return SignText(DumpJson(GoodHeader()), "{" + member + "," + DumpJson(GoodClaims()).substr(1));
}

}  // namespace mg::test
