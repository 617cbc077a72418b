#include "core/services/access_verifier.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/base/digest.h"
#include "tests/support/access_tokens.h"

namespace mg {
namespace {

using namespace test;  // NOLINT: the vocabulary of these tests

KeySet BothKeys() {
  return std::move(KeySet::Parse(Jwks({Jwk(CurrentKey()), Jwk(PreviousKey())}), false)).value();
}

TokenCheck Check(const std::string& token) {
  static const KeySet keys = BothKeys();
  return VerifyToken(token, keys, VerifierSettings(), WallTime{kNow * 1000});
}

struct Attack {
  int row;  // of wire/access-edge-sandbox.md 1.15
  std::string what;
  std::string token;
  std::string reason;  // "": accepted
};

void ExpectAll(const std::vector<Attack>& attacks) {
  for (const Attack& attack : attacks) {
    const TokenCheck check = Check(attack.token);
    const bool accepted = check.outcome == TokenCheck::Outcome::kAccepted;
    EXPECT_EQ(accepted, attack.reason.empty()) << "row " << attack.row << ": " << attack.what;
    EXPECT_EQ(check.reason, attack.reason) << "row " << attack.row << ": " << attack.what;
  }
}

TEST(AccessToken, IsAcceptedWithItsEmailInLowerCase) {
  const TokenCheck check = Check(Sign(GoodHeader(), GoodClaims()));
  EXPECT_EQ(check.outcome, TokenCheck::Outcome::kAccepted);
  EXPECT_EQ(check.identity.subject, "ann@example.com");
  EXPECT_FALSE(check.identity.is_service);
}

TEST(AccessToken, IsAcceptedFromThePreviousKeyAndFromAServiceToken) {
  Json header = GoodHeader();
  header["kid"] = PreviousKey().kid();
  EXPECT_EQ(Check(Sign(header, GoodClaims(), PreviousKey())).outcome,
            TokenCheck::Outcome::kAccepted);
  Json claims = GoodClaims();
  claims.erase("email");
  claims.erase("nbf");
  claims["sub"] = "";
  claims["common_name"] = "0123456789abcdef0123456789abcdef.access";
  const TokenCheck check = Check(Sign(GoodHeader(), claims));
  EXPECT_TRUE(check.identity.is_service);
  EXPECT_EQ(check.identity.subject, "0123456789abcdef0123456789abcdef.access");
}

TEST(AccessTokenAttacks, OnTheAlgorithm) {
  std::vector<Attack> attacks;
  for (const char* alg : {"none", "None", "NONE", "nOnE"}) {
    Json header = GoodHeader();
    header["alg"] = alg;
    const std::string text =
        Base64UrlEncode(DumpJson(header)) + "." + Base64UrlEncode(DumpJson(GoodClaims()));
    attacks.push_back({1, alg, text + ".", "malformed"});
    attacks.push_back({1, alg, text + ".AAAA", "wrong_algorithm"});
  }
  Json mac = GoodHeader();
  mac["alg"] = "HS256";
  const std::string text =
      Base64UrlEncode(DumpJson(mac)) + "." + Base64UrlEncode(DumpJson(GoodClaims()));
  for (const std::string& secret : {std::string(CurrentKey().certificate_pem()),
                                    CurrentKey().Modulus(), DumpJson(Jwk(CurrentKey()))}) {
    attacks.push_back({2, "HS256 with the public key as its secret",
                       text + "." + Base64UrlEncode(HmacSha256(secret, text)), "wrong_algorithm"});
  }
  for (const char* alg : {"RS384", "RS512", "PS256", "ES256", "rs256", " RS256", "RS256 ", ""}) {
    attacks.push_back({3, alg, WithHeader("alg", alg), "wrong_algorithm"});
  }
  for (const Json& alg : {Json(256), Json(nullptr), Json::array({"RS256"})}) {
    attacks.push_back({4, "alg is no string", WithHeader("alg", alg), "wrong_algorithm"});
  }
  Json no_alg = GoodHeader();
  no_alg.erase("alg");
  attacks.push_back({4, "no alg", Sign(no_alg, GoodClaims()), "wrong_algorithm"});
  ExpectAll(attacks);
}

TEST(AccessTokenAttacks, OnTheKeyAndTheHeader) {
  Json no_kid = GoodHeader();
  no_kid.erase("kid");
  std::vector<Attack> attacks = {
      {5, "no kid", Sign(no_kid, GoodClaims()), "bad_kid"},
      {6, "unknown kid", WithHeader("kid", "other"), "unknown_kid"},
      {6, "path", WithHeader("kid", "../../x"), "unknown_kid"},
      {6, "SQL", WithHeader("kid", "' OR 1=1 --"), "unknown_kid"},
      {6, "number", WithHeader("kid", 7), "bad_kid"},
      {6, "array", WithHeader("kid", Json::array({CurrentKey().kid()})), "bad_kid"},
      {6, "10 KB", WithHeader("kid", std::string(10'000, 'k')), "bad_kid"},
      {7, "jku", WithHeader("jku", "https://evil.test/jwks"), ""},
      {7, "x5u", WithHeader("x5u", "https://evil.test/x5u"), ""},
      {9, "crit", WithHeader("crit", Json::array({"foo"})), "unsupported_header"},
      {9, "crit exp", WithHeader("crit", Json::array({"exp"})), "unsupported_header"},
      {9, "crit empty", WithHeader("crit", Json::array()), "unsupported_header"},
      {10, "b64 false", WithHeader("b64", false), "unsupported_header"},
      {21, "typ", WithHeader("typ", "at+jwt"), "wrong_typ"},
      {21, "typ number", WithHeader("typ", 1), "wrong_typ"},
      {21, "typ in lower case", WithHeader("typ", "jwt"), ""},
      {21, "cty", WithHeader("cty", "JWT"), "unsupported_header"},
      {34, "zip", WithHeader("zip", "DEF"), "unsupported_header"},
  };
  Json embedded = GoodHeader();
  embedded["jwk"] = Jwk(PreviousKey());
  embedded["x5c"] = Json::array({"MIIB"});
  attacks.push_back({8, "signed with the key it brings",
                     Sign(embedded, GoodClaims(), PreviousKey()), "bad_signature"});
  std::string header = DumpJson(GoodHeader());
  header.insert(1, R"("alg":"RS256",)");
  attacks.push_back({22, "alg twice", SignText(header, DumpJson(GoodClaims())), "bad_header"});
  attacks.push_back({23, "BOM",
                     SignText("\xef\xbb\xbf" + DumpJson(GoodHeader()), DumpJson(GoodClaims())),
                     "bad_header"});
  attacks.push_back(
      {28, "header is an array", SignText("[]", DumpJson(GoodClaims())), "bad_header"});
  Json no_typ = GoodHeader();
  no_typ.erase("typ");
  attacks.push_back({21, "no typ", Sign(no_typ, GoodClaims()), ""});
  ExpectAll(attacks);
}

TEST(AccessTokenAttacks, OnTheTimes) {
  const std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  ExpectAll({
      {11, "expired a minute ago", WithClaim("exp", kNow - 60), "expired"},
      {11, "expired, within the leeway", WithClaim("exp", kNow - 59), ""},
      {11, "exp == now", WithClaim("exp", kNow), ""},
      {12, "no exp", WithoutClaim("exp"), "bad_exp"},
      {13, "exp is a string", WithClaim("exp", std::to_string(kNow + 60)), "bad_exp"},
      {13, "exp is null", WithClaim("exp", nullptr), "bad_exp"},
      {14, "exp is a float", WithClaim("exp", 1767229200.5), "bad_exp"},
      {14, "exp is 1e308", WithClaim("exp", 1e308), "bad_exp"},
      {14, "exp is the largest integer", WithClaim("exp", largest), "bad_exp"},
      {14, "exp is larger than any", WithClaim("exp", std::uint64_t{0} - 1), "bad_exp"},
      {14, "exp is negative", WithClaim("exp", -1), "bad_exp"},
      {15, "nbf in the leeway", WithClaim("nbf", kNow + 60), ""},
      {15, "nbf beyond it", WithClaim("nbf", kNow + 61), "not_yet_valid"},
      {15, "nbf is a string", WithClaim("nbf", "0"), "bad_nbf"},
      {16, "iat in the leeway", WithClaim("iat", kNow + 60), ""},
      {16, "iat beyond it", WithClaim("iat", kNow + 61), "not_yet_valid"},
      {16, "iat is a float", WithClaim("iat", 1.5), "bad_iat"},
      {16, "valid for 31 days", WithClaim("exp", kNow + 31 * 86'400), ""},
      {16, "valid for longer", WithClaim("exp", kNow + 31 * 86'400 + 1), "lifetime_too_long"},
  });
}

TEST(AccessTokenAttacks, OnIssuerAudienceAndType) {
  const std::string team = kTeam;
  ExpectAll({
      {17, "another audience", WithClaim("aud", Json::array({std::string(64, 'c')})),
       "wrong_audience"},
      {17, "none", WithoutClaim("aud"), "wrong_audience"},
      {17, "empty", WithClaim("aud", Json::array()), "wrong_audience"},
      {17, "empty string", WithClaim("aud", ""), "wrong_audience"},
      {17, "nested", WithClaim("aud", Json::array({Json::array({kAudience})})), "wrong_audience"},
      {17, "a number beside it", WithClaim("aud", Json::array({kAudience, 1})), "wrong_audience"},
      {17, "a number", WithClaim("aud", 1), "wrong_audience"},
      {17, "an object", WithClaim("aud", {{kAudience, true}}), "wrong_audience"},
      {17, "a prefix", WithClaim("aud", kAudience.substr(1)), "wrong_audience"},
      {17, "ours among others", WithClaim("aud", Json::array({"x", kAudience})), ""},
      {18, "a plain string", WithClaim("aud", kAudience), ""},
      {19, "another team", WithClaim("iss", "http://other.test"), "wrong_issuer"},
      {19, "trailing slash", WithClaim("iss", team + "/"), "wrong_issuer"},
      {19, "array", WithClaim("iss", Json::array({team})), "wrong_issuer"},
      {19, "none", WithoutClaim("iss"), "wrong_issuer"},
      {20, "org", WithClaim("type", "org"), "wrong_type"},
      {20, "meta", WithClaim("type", "meta"), "wrong_type"},
      {20, "none", WithoutClaim("type"), "wrong_type"},
      {20, "number", WithClaim("type", 1), "wrong_type"},
  });
}

TEST(AccessTokenAttacks, OnTheClaimsText) {
  const std::string header = DumpJson(GoodHeader());
  const std::string claims = DumpJson(GoodClaims());
  ExpectAll({
      {22, "aud twice", WithClaimText("\"aud\":\"" + kAudience + "\""), "bad_claims"},
      {22, "a name twice, once escaped", WithClaimText(R"("\u0061ud":"x")"), "bad_claims"},
      {22, "twice below the top", WithClaimText(R"("custom":{"a":1,"a":2})"), "bad_claims"},
      {23, "byte order mark", SignText(header, "\xef\xbb\xbf" + claims), "bad_claims"},
      {23, "invalid UTF-8", WithClaimText("\"name\":\"\xc3\x28\""), "bad_claims"},
      {28, "array", SignText(header, "[" + claims + "]"), "bad_claims"},
      {28, "number", SignText(header, "1"), "bad_claims"},
      {28, "trailing data", SignText(header, claims + "x"), "bad_claims"},
      {28, "two objects", SignText(header, claims + claims), "bad_claims"},
      {28, "deeply nested", WithClaimText("\"x\":" + std::string(500, '[') + std::string(500, ']')),
       "bad_claims"},
      {29, "empty payload", SignText(header, ""), "malformed"},
      {35, "email spelt with a wide e",
       SignText(header,
                [&] {
                  std::string text = claims;
                  return text.replace(text.find("\"email\""), 7, "\"\xef\xbd\x85mail\"");
                }()),
       "no_principal"},
      {35, "NUL in the email", WithClaim("email", std::string("root@x.test\0.evil", 17)),
       "bad_principal"},
      {35, "line break in the email", WithClaim("email", "a@x.test\nb@x.test"), "bad_principal"},
      {35, "email is an array", WithClaim("email", Json::array({"a@x.test"})), "bad_principal"},
      {35, "email without an @", WithClaim("email", "0123.access"), "bad_principal"},
      {35, "neither email nor common name", WithoutClaim("email"), "no_principal"},
      {35, "an empty email", WithClaim("email", ""), "no_principal"},
  });
  Json claims_of_service = GoodClaims();
  claims_of_service.erase("email");
  for (const char* name : {"root@example.com", "root@example.access", ".access", "cert"}) {
    claims_of_service["common_name"] = name;
    EXPECT_EQ(Check(Sign(GoodHeader(), claims_of_service)).reason, "no_principal") << name;
  }
}

TEST(AccessTokenAttacks, OnTheCompactForm) {
  const std::string token = Sign(GoodHeader(), GoodClaims());
  const std::size_t second_dot = token.rfind('.');
  const std::string signed_text = token.substr(0, second_dot);
  const std::string signature = *Base64UrlDecode(token.substr(second_dot + 1));
  const auto with = [&](const std::string& bytes) {
    return signed_text + "." + Base64UrlEncode(bytes);
  };
  std::string flipped = signature;
  flipped[100] = static_cast<char>(flipped[100] ^ 1);
  const std::string modulus = *Base64UrlDecode(CurrentKey().Modulus());
  std::string loose_bits = token;  // the last digit of 256 bytes carries four unused bits
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  loose_bits.back() = digits[digits.find(loose_bits.back()) + 1];
  ExpectAll({
      {24, "trailing newline", token + "\n", "malformed"},
      {25, "leading space", " " + token, "malformed"},
      {25, "padding", token + "==", "malformed"},
      {25, "junk", token + "!", "malformed"},
      {25, "two parts", signed_text, "malformed"},
      {25, "four parts", token + ".x", "malformed"},
      {25, "empty header", token.substr(token.find('.')), "malformed"},
      {25, "nothing", "", "malformed"},
      {25, "dots", "..", "malformed"},
      {26, "stripped", signed_text + ".", "malformed"},
      {26, "truncated", with(signature.substr(0, 255)), "bad_signature"},
      {26, "a zero more", with('\0' + signature), "bad_signature"},
      {26, "flipped", with(flipped), "bad_signature"},
      {26, "zero", with(std::string(256, '\0')), "bad_signature"},
      {26, "the modulus", with(modulus), "bad_signature"},
      {26, "beyond the modulus", with(std::string(256, '\xff')), "bad_signature"},
      {26, "another payload's",
       signed_text.substr(0, signed_text.find('.')) + "." +
           Base64UrlEncode(DumpJson(GoodClaims()) + " ") + token.substr(second_dot),
       "bad_signature"},
      {33, "loose bits in the signature", loose_bits, "malformed"},
      {34, "five parts", token + ".x.y", "malformed"},
      {36, "1 MB", std::string(1 << 20, 'a'), "too_long"},
      {36, "one byte too long", token + std::string(16 * 1024 + 1 - token.size(), 'A'), "too_long"},
  });
}

TEST(AccessTokenAttacks, WithTheKidOfAnotherTeamsKey) {
  Json swapped = Jwk(PreviousKey());
  swapped["kid"] = CurrentKey().kid();
  const auto keys = KeySet::Parse(Jwks({swapped}), false);
  ASSERT_TRUE(keys);
  const auto check = VerifyToken(Sign(GoodHeader(), GoodClaims()), *keys, VerifierSettings(),
                                 WallTime{kNow * 1000});
  EXPECT_EQ(check.reason, "bad_signature");
}

TEST(AccessToken, IsNeverAcceptedWithoutAConfiguredIssuerOrAudience) {
  AccessSettings nobody = VerifierSettings();
  nobody.team_url.clear();
  EXPECT_EQ(VerifyToken(WithoutClaim("iss"), BothKeys(), nobody, WallTime{kNow * 1000}).reason,
            "wrong_issuer");
  AccessSettings no_audience = VerifierSettings();
  no_audience.audiences.clear();
  EXPECT_EQ(
      VerifyToken(Sign(GoodHeader(), GoodClaims()), BothKeys(), no_audience, WallTime{kNow * 1000})
          .reason,
      "wrong_audience");
}

}  // namespace
}  // namespace mg
