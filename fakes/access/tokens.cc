#include "fakes/access/tokens.h"

#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/base/json.h"

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

Json Jwk(const SigningKey& key) {
  return {{"kid", key.kid()}, {"kty", "RSA"},        {"alg", "RS256"},
          {"use", "sig"},     {"e", key.Exponent()}, {"n", key.Modulus()}};
}

Json Certificate(const SigningKey& key) {
  return {{"kid", key.kid()}, {"cert", key.certificate_pem()}};
}

// Read once in a process: a third of a millisecond each, and every world has them.
const SigningKey& CurrentKey() {
  static const SigningKey key(kCurrentAccessKey);
  return key;
}
const SigningKey& PreviousKey() {
  static const SigningKey key(kPreviousAccessKey);
  return key;
}

std::string CertsDocument(const SigningKey& current, const SigningKey& previous) {
  Json document;
  document["keys"] = Json::array({Jwk(current), Jwk(previous)});
  document["public_cert"] = Certificate(current);
  document["public_certs"] = Json::array({Certificate(current), Certificate(previous)});
  return DumpJson(document);
}

}  // namespace

AccessTokens::AccessTokens(std::string issuer, std::string audience, std::string account_id,
                           Runtime& runtime, Random& random)
    : issuer_(std::move(issuer)),
      audience_(std::move(audience)),
      account_id_(std::move(account_id)),
      runtime_(runtime),
      random_(random),
      current_(CurrentKey()),
      previous_(PreviousKey()),
      certs_json_(CertsDocument(current_, previous_)) {}

std::string AccessTokens::Make(const Mint& mint) const {
  MG_CHECK(mint.email.empty() != mint.common_name.empty(), "a token is a user's or a service's");
  const std::int64_t now = runtime_.Wall().seconds();
  const std::int64_t expires =
      mint.expired ? now - kExpiredAgoSeconds : now + mint.lifetime_seconds;
  const std::int64_t issued = mint.expired ? expires - mint.lifetime_seconds : now;
  Json claims = {{"aud", Json::array({mint.wrong_audience ? Sha256Hex(audience_) : audience_})},
                 {"exp", expires},
                 {"iat", issued},
                 {"iss", issuer_},
                 {"type", "app"}};
  if (mint.email.empty()) {
    claims["common_name"] = mint.common_name;
    claims["sub"] = "";
  } else {
    claims["email"] = mint.email;
    claims["nbf"] = issued;
    claims["identity_nonce"] = Base64UrlEncode(random_.Bytes(kNonceBytes));
    claims["sub"] = UserId(mint.email);
    claims["country"] = kCountry;
  }
  const SigningKey& key = mint.previous_key ? previous_ : current_;
  const Json header = {{"alg", "RS256"}, {"kid", key.kid()}, {"typ", "JWT"}};
  std::string token = Base64UrlEncode(DumpJson(header)) + "." + Base64UrlEncode(DumpJson(claims));
  const std::string signature = key.Sign(token);
  return token.append(".").append(Base64UrlEncode(signature));
}

const SigningKey* AccessTokens::KeyOf(std::string_view kid) const {
  if (kid == current_.kid()) return &current_;
  if (kid == previous_.kid()) return &previous_;
  return nullptr;
}

std::string AccessTokens::IdentityJson(std::string_view token) const {
  const auto segments = Split(token, '.');
  if (token.size() > kMaxTokenBytes || segments.size() != 3) return "";
  const auto header_text = Base64UrlDecode(segments[0]);
  const auto claims_text = Base64UrlDecode(segments[1]);
  const auto signature = Base64UrlDecode(segments[2]);
  if (!header_text || !claims_text || !signature) return "";
  const auto header = ParseJson(*header_text);
  const SigningKey* key = header ? KeyOf(StringAt(*header, "kid")) : nullptr;
  const std::string_view signed_text = token.substr(0, segments[0].size() + 1 + segments[1].size());
  if (key == nullptr || !key->Verify(signed_text, *signature)) return "";
  const auto claims = ParseJson(*claims_text);
  if (!claims || IntAt(*claims, "exp", 0) <= runtime_.Wall().seconds()) return "";

  const std::string common_name = StringAt(*claims, "common_name");
  const std::string email = StringAt(*claims, "email");
  Json identity = {{"account_id", account_id_},
                   {"auth_status", "NONE"},
                   {"iat", IntAt(*claims, "iat", 0)},
                   {"is_warp", false},
                   {"is_gateway", false},
                   {"service_token_status", !common_name.empty()},
                   {"version", 2}};
  if (common_name.empty()) {
    identity["id"] = StringAt(*claims, "sub");
    identity["user_uuid"] = StringAt(*claims, "sub");
    identity["email"] = email;
    identity["name"] = email.substr(0, email.find('@'));
    identity["idp"] = {{"id", ""}, {"type", "onetimepin"}};
    identity["geo"] = {{"country", StringAt(*claims, "country")}};
  } else {
    identity["common_name"] = common_name;
  }
  return DumpJson(identity);
}

}  // namespace mg::fake
