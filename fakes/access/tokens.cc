#include "fakes/access/tokens.h"

#include <chrono>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "fakes/access/forge.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kExpiredAgoSeconds = 3600;  // beyond any leeway
constexpr std::size_t kNonceBytes = 12;            // 16 characters of base64url
constexpr std::size_t kUuidBytes = 16;
constexpr std::size_t kMaxTokenBytes = 16 * 1024;
constexpr std::string_view kCountry = "XX";  // the service's word for "unknown"

std::string UserId(std::string_view email) {
  return UuidFromBytes(Sha256(email).substr(0, kUuidBytes));
}

std::int64_t Milliseconds(Nanos duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

// Members of `over` replace those of `usual`; null removes.
void Merge(const std::string& over, Json& usual) {
  if (over.empty()) return;
  const auto changes = ParseJson(over);
  if (changes && changes->is_object()) usual.merge_patch(*changes);
}

Error Refused(const char* check) {
  return {Code::kUnauthenticated, check, false};
}

Json HeaderOf(const SigningKey& key) {
  return {{"alg", "RS256"}, {"kid", key.kid()}, {"typ", "JWT"}};
}

std::string FirstAudience(const Json& claims) {
  const Json* audience = Find(claims, "aud");
  if (audience != nullptr && audience->is_array() && !audience->empty()) {
    return audience->front().is_string() ? audience->front().get<std::string>() : "";
  }
  return StringAt(claims, "aud");
}

}  // namespace

AccessTokens::AccessTokens(std::string issuer, std::string audience, Runtime& runtime,
                           Random& random)
    : issuer_(std::move(issuer)),
      audience_(std::move(audience)),
      runtime_(runtime),
      random_(random),
      ring_(runtime.Wall().ms) {}

AccessKnobs AccessTokens::knobs() const {
  const Lock lock(mutex_);
  return knobs_;
}

void AccessTokens::SetKnobs(const AccessKnobs& knobs) {
  const Lock lock(mutex_);
  knobs_ = knobs;
}

std::int64_t AccessTokens::NowMs() const {
  return runtime_.Wall().ms + Milliseconds(knobs().clock_offset);
}

AccessKeyRing::Timing AccessTokens::Timing() const {
  const AccessKnobs now = knobs();
  return {runtime_.Wall().ms, Milliseconds(now.rotation_grace),
          Milliseconds(now.rotation_interval)};
}

AccessKeyRing::Listed AccessTokens::keys() {
  return ring_.Now(Timing());
}

std::string AccessTokens::CertsJson() {
  return CertsDocument(keys());
}

void AccessTokens::Rotate() {
  keys();  // what is due by itself comes first
  ring_.Rotate(Timing());
}

std::string AccessTokens::NewNonce() {
  return Base64UrlEncode(random_.Bytes(kNonceBytes));
}

Json AccessTokens::UserClaims(const std::string& email, const std::string& nonce,
                              std::int64_t issued_at) {
  Json claims = {
      {"email", email}, {"identity_nonce", nonce}, {"sub", UserId(email)}, {"country", kCountry}};
  if (!knobs().omit_nbf) claims["nbf"] = issued_at;
  return claims;
}

std::string AccessTokens::Make(const Mint& mint) {
  MG_CHECK(mint.email.empty() != mint.common_name.empty(), "a token is a user's or a service's");
  const std::int64_t now = NowSeconds() + mint.clock_offset_seconds;
  const std::int64_t expires =
      mint.expired ? now - kExpiredAgoSeconds : now + mint.lifetime_seconds;
  const std::int64_t issued = mint.expired ? expires - mint.lifetime_seconds : now;
  const std::string audience = mint.wrong_audience ? Sha256Hex(audience_) : audience_;
  Json claims = mint.email.empty() ? Json{{"common_name", mint.common_name}, {"sub", ""}}
                                   : UserClaims(mint.email, NewNonce(), issued);
  claims["aud"] = knobs().aud_as_string ? Json(audience) : Json::array({audience});
  claims["exp"] = expires;
  claims["iat"] = issued;
  claims["iss"] = issuer_;
  claims["type"] = "app";
  Merge(mint.claims_json, claims);
  const AccessKeyRing::Listed listed = keys();
  const SigningKey* key = mint.previous_key ? &ring_.Former() : listed.current;
  if (mint.signed_by == Mint::SignedBy::kWeak) key = &AccessKeyRing::Weak();
  if (mint.signed_by == Mint::SignedBy::kUnlisted) key = &AccessKeyRing::Unlisted();
  Json header = HeaderOf(*key);
  Merge(mint.header_json, header);
  return SignedToken({DumpJson(header), DumpJson(claims)}, *key, mint.damage);
}

std::string AccessTokens::Make(const SessionToken& token) {
  const std::int64_t now = NowSeconds();
  Json claims = token.email.empty()
                    ? Json{{"common_name", token.common_name}, {"sub", ""}}
                    : UserClaims(token.email, token.nonce.empty() ? NewNonce() : token.nonce, now);
  const AccessKnobs knobs_now = knobs();
  claims["aud"] = knobs_now.aud_as_string ? Json(token.audience) : Json::array({token.audience});
  claims["exp"] = now + token.lifetime_seconds;
  claims["iat"] = now;
  claims["iss"] = issuer_;
  claims["type"] = token.type;
  if (knobs_now.policy_id_claim && !token.policy_id.empty()) claims["policy_id"] = token.policy_id;
  return MakeOf(claims);
}

std::string AccessTokens::MakeOf(const Json& claims) {
  const SigningKey& key = *keys().current;
  return SignedToken({DumpJson(HeaderOf(key)), DumpJson(claims)}, key, "");
}

Result<Json> AccessTokens::ReadClaims(std::string_view token) {
  const auto segments = Split(token, '.');
  if (token.size() > kMaxTokenBytes || segments.size() != 3) return Refused("malformed");
  const auto header_text = Base64UrlDecode(segments[0]);
  const auto claims_text = Base64UrlDecode(segments[1]);
  const auto signature = Base64UrlDecode(segments[2]);
  if (!header_text || !claims_text || !signature) return Refused("malformed");
  const auto header = ParseJson(*header_text);
  if (!header || StringAt(*header, "alg") != "RS256") return Refused("malformed");
  const AccessKeyRing::Listed listed = keys();
  const std::string kid = StringAt(*header, "kid");
  const SigningKey* key = kid == listed.current->kid() ? listed.current : listed.previous;
  if (key == nullptr || kid != key->kid()) return Refused("unknown_key");
  const std::string_view signed_text = token.substr(0, segments[0].size() + 1 + segments[1].size());
  if (!key->Verify(signed_text, *signature)) return Refused("bad_signature");
  auto claims = ParseJson(*claims_text, {.refuse_duplicate_keys = true});
  if (!claims || !claims->is_object()) return Refused("malformed");
  if (IntAt(*claims, "exp", 0) <= NowSeconds()) return Refused("expired");
  return std::move(claims).value();
}

Result<AccessClaims> AccessTokens::Read(std::string_view token) {
  MG_TRY(claims, ReadClaims(token));
  if (StringAt(claims, "iss") != issuer_) return Refused("wrong_issuer");
  AccessClaims read;
  read.type = StringAt(claims, "type");
  read.audience = FirstAudience(claims);
  read.email = AsciiLower(StringAt(claims, "email"));
  read.common_name = StringAt(claims, "common_name");
  read.nonce = StringAt(claims, "identity_nonce");
  read.country = StringAt(claims, "country");
  read.subject = StringAt(claims, "sub");
  read.issued_at = IntAt(claims, "iat", 0);
  read.expires_at = IntAt(claims, "exp", 0);
  return read;
}

}  // namespace mg::fake
