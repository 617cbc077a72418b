#include "core/services/access_verifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <thread>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/access.h"
#include "fakes/access_signing.h"
#include "tests/support/fixed_random.h"
#include "tests/support/local_transport.h"
#include "tests/support/recording_log.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_fixture.h"

namespace mg {
namespace {

constexpr const char* kTeam = "http://team.test";
constexpr std::int64_t kNow = test::kSteppedWallStartMs / 1000;
const std::string kAudience(64, 'a');

AccessSettings Settings() {
  AccessSettings settings;
  settings.team_url = kTeam;
  settings.certs_url = std::string(kTeam) + "/cdn-cgi/access/certs";
  settings.audiences = {std::string(64, 'b'), kAudience};
  return settings;
}

const fake::SigningKey& Current() {
  static const fake::SigningKey key(fake::kCurrentAccessKey);
  return key;
}
const fake::SigningKey& Previous() {
  static const fake::SigningKey key(fake::kPreviousAccessKey);
  return key;
}

Json Jwk(const fake::SigningKey& key) {
  return {{"kid", key.kid()},        {"kty", "RSA"}, {"alg", "RS256"}, {"use", "sig"},
          {"e", key.Exponent()}, {"n", key.Modulus()}};
}
std::string Jwks(const std::vector<Json>& keys) {
  return DumpJson({{"keys", Json(keys)}});
}
KeySet BothKeys() {
  return std::move(KeySet::Parse(Jwks({Jwk(Current()), Jwk(Previous())}), false)).value();
}

Json Header() {
  return {{"alg", "RS256"}, {"kid", Current().kid()}, {"typ", "JWT"}};
}
Json Claims() {
  return {{"iss", kTeam},   {"aud", Json::array({kAudience})}, {"exp", kNow + 3600},
          {"iat", kNow},    {"nbf", kNow},                     {"type", "app"},
          {"sub", "user-1"}, {"email", "Ann@Example.com"}};
}

std::string SignText(const std::string& header, const std::string& claims,
                     const fake::SigningKey& key = Current()) {
  const std::string text = Base64UrlEncode(header) + "." + Base64UrlEncode(claims);
  return text + "." + Base64UrlEncode(key.Sign(text));
}
std::string Sign(const Json& header, const Json& claims, const fake::SigningKey& key = Current()) {
  return SignText(DumpJson(header), DumpJson(claims), key);
}
std::string WithHeader(const char* name, Json value) {
  Json header = Header();
  header[name] = std::move(value);
  return Sign(header, Claims());
}
std::string WithClaim(const char* name, Json value) {
  Json claims = Claims();
  claims[name] = std::move(value);
  return Sign(Header(), claims);
}
std::string WithoutClaim(const char* name) {
  Json claims = Claims();
  claims.erase(name);
  return Sign(Header(), claims);
}
// The claims' text with `member` put in front of its members.
std::string WithClaimText(const std::string& member) {
  return SignText(DumpJson(Header()), "{" + member + "," + DumpJson(Claims()).substr(1));
}

TokenCheck Check(const std::string& token) {
  static const KeySet keys = BothKeys();
  return VerifyToken(token, keys, Settings(), WallTime{kNow * 1000});
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
  const TokenCheck check = Check(Sign(Header(), Claims()));
  EXPECT_EQ(check.outcome, TokenCheck::Outcome::kAccepted);
  EXPECT_EQ(check.identity.subject, "ann@example.com");
  EXPECT_FALSE(check.identity.is_service);
}

TEST(AccessToken, IsAcceptedFromThePreviousKeyAndFromAServiceToken) {
  Json header = Header();
  header["kid"] = Previous().kid();
  EXPECT_EQ(Check(Sign(header, Claims(), Previous())).outcome, TokenCheck::Outcome::kAccepted);
  Json claims = Claims();
  claims.erase("email");
  claims.erase("nbf");
  claims["sub"] = "";
  claims["common_name"] = "0123456789abcdef0123456789abcdef.access";
  const TokenCheck check = Check(Sign(Header(), claims));
  EXPECT_TRUE(check.identity.is_service);
  EXPECT_EQ(check.identity.subject, "0123456789abcdef0123456789abcdef.access");
}

TEST(AccessTokenAttacks, OnTheAlgorithm) {
  std::vector<Attack> attacks;
  for (const char* alg : {"none", "None", "NONE", "nOnE"}) {
    Json header = Header();
    header["alg"] = alg;
    const std::string text =
        Base64UrlEncode(DumpJson(header)) + "." + Base64UrlEncode(DumpJson(Claims()));
    attacks.push_back({1, alg, text + ".", "malformed"});
    attacks.push_back({1, alg, text + ".AAAA", "wrong_algorithm"});
  }
  Json mac = Header();
  mac["alg"] = "HS256";
  const std::string text = Base64UrlEncode(DumpJson(mac)) + "." + Base64UrlEncode(DumpJson(Claims()));
  for (const std::string& secret : {std::string(Current().certificate_pem()), Current().Modulus(),
                                    DumpJson(Jwk(Current()))}) {
    attacks.push_back({2, "HS256 with the public key as its secret",
                       text + "." + Base64UrlEncode(HmacSha256(secret, text)), "wrong_algorithm"});
  }
  for (const char* alg : {"RS384", "RS512", "PS256", "ES256", "rs256", " RS256", "RS256 ", ""}) {
    attacks.push_back({3, alg, WithHeader("alg", alg), "wrong_algorithm"});
  }
  for (const Json& alg : {Json(256), Json(nullptr), Json::array({"RS256"})}) {
    attacks.push_back({4, "alg is no string", WithHeader("alg", alg), "wrong_algorithm"});
  }
  Json no_alg = Header();
  no_alg.erase("alg");
  attacks.push_back({4, "no alg", Sign(no_alg, Claims()), "wrong_algorithm"});
  ExpectAll(attacks);
}

TEST(AccessTokenAttacks, OnTheKeyAndTheHeader) {
  Json no_kid = Header();
  no_kid.erase("kid");
  std::vector<Attack> attacks = {
      {5, "no kid", Sign(no_kid, Claims()), "bad_kid"},
      {6, "unknown kid", WithHeader("kid", "other"), "unknown_kid"},
      {6, "path", WithHeader("kid", "../../x"), "unknown_kid"},
      {6, "SQL", WithHeader("kid", "' OR 1=1 --"), "unknown_kid"},
      {6, "number", WithHeader("kid", 7), "bad_kid"},
      {6, "array", WithHeader("kid", Json::array({Current().kid()})), "bad_kid"},
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
  Json embedded = Header();
  embedded["jwk"] = Jwk(Previous());
  embedded["x5c"] = Json::array({"MIIB"});
  attacks.push_back({8, "signed with the key it brings", Sign(embedded, Claims(), Previous()),
                     "bad_signature"});
  std::string header = DumpJson(Header());
  header.insert(1, R"("alg":"RS256",)");
  attacks.push_back({22, "alg twice", SignText(header, DumpJson(Claims())), "bad_header"});
  attacks.push_back({23, "BOM", SignText("\xef\xbb\xbf" + DumpJson(Header()), DumpJson(Claims())),
                     "bad_header"});
  attacks.push_back({28, "header is an array", SignText("[]", DumpJson(Claims())), "bad_header"});
  Json no_typ = Header();
  no_typ.erase("typ");
  attacks.push_back({21, "no typ", Sign(no_typ, Claims()), ""});
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
  const std::string header = DumpJson(Header());
  const std::string claims = DumpJson(Claims());
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
       SignText(header, [&] {
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
  Json claims_of_service = Claims();
  claims_of_service.erase("email");
  for (const char* name : {"root@example.com", "root@example.access", ".access", "cert"}) {
    claims_of_service["common_name"] = name;
    EXPECT_EQ(Check(Sign(Header(), claims_of_service)).reason, "no_principal") << name;
  }
}

TEST(AccessTokenAttacks, OnTheCompactForm) {
  const std::string token = Sign(Header(), Claims());
  const std::size_t second_dot = token.rfind('.');
  const std::string signed_text = token.substr(0, second_dot);
  const std::string signature = *Base64UrlDecode(token.substr(second_dot + 1));
  const auto with = [&](const std::string& bytes) {
    return signed_text + "." + Base64UrlEncode(bytes);
  };
  std::string flipped = signature;
  flipped[100] = static_cast<char>(flipped[100] ^ 1);
  const std::string modulus = *Base64UrlDecode(Current().Modulus());
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
           Base64UrlEncode(DumpJson(Claims()) + " ") + token.substr(second_dot),
       "bad_signature"},
      {33, "loose bits in the signature", loose_bits, "malformed"},
      {34, "five parts", token + ".x.y", "malformed"},
      {36, "1 MB", std::string(1 << 20, 'a'), "too_long"},
      {36, "one byte too long", token + std::string(16 * 1024 + 1 - token.size(), 'A'), "too_long"},
  });
}

TEST(AccessTokenAttacks, WithTheKidOfAnotherTeamsKey) {
  Json swapped = Jwk(Previous());
  swapped["kid"] = Current().kid();
  const auto keys = KeySet::Parse(Jwks({swapped}), false);
  ASSERT_TRUE(keys);
  const auto check =
      VerifyToken(Sign(Header(), Claims()), *keys, Settings(), WallTime{kNow * 1000});
  EXPECT_EQ(check.reason, "bad_signature");
}

TEST(AccessToken, IsNeverAcceptedWithoutAConfiguredIssuerOrAudience) {
  AccessSettings nobody = Settings();
  nobody.team_url.clear();
  EXPECT_EQ(VerifyToken(WithoutClaim("iss"), BothKeys(), nobody, WallTime{kNow * 1000}).reason,
            "wrong_issuer");
  AccessSettings no_audience = Settings();
  no_audience.audiences.clear();
  EXPECT_EQ(VerifyToken(Sign(Header(), Claims()), BothKeys(), no_audience, WallTime{kNow * 1000})
                .reason,
            "wrong_audience");
}

// The team's site, with a document that a test changes and a count of fetches.
class TeamSite final : public Handler {
 public:
  Response Handle(Request&, const Peer&, CancelToken&) override {
    std::unique_lock lock(mutex_);
    ++fetches_;
    opened_.wait(lock, [this] { return open_; });
    return JsonResponse(status_, document_);
  }
  void Serve(const std::string& document, int status = 200) {
    const std::lock_guard lock(mutex_);
    document_ = document;
    status_ = status;
  }
  void Hold() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  int fetches() {
    const std::lock_guard lock(mutex_);
    return fetches_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = true;
  int fetches_ = 0;
  int status_ = 200;
  std::string document_ = Jwks({Jwk(Current()), Jwk(Previous())});
};

class VerifierTest : public testing::Test {
 protected:
  VerifierTest() { transport.Route(kTeam, site); }

  static std::string Token(const fake::SigningKey& key, const std::string& email = "a@x.test") {
    Json header = Header();
    header["kid"] = key.kid();
    Json claims = Claims();
    claims["email"] = email;
    claims["exp"] = kNow + 30 * 86'400;  // the tests below pass days
    return Sign(header, claims, key);
  }
  TokenCheck::Outcome Verify(const std::string& token) {
    return verifier.Verify(token, cancel).outcome;
  }
  // Until what goes on in the background has come to its end.
  template <class Condition>
  static void Eventually(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
    }
  }
  std::size_t Landings() {
    return log.Events("access_keys_fetched").size() + log.Events("access_keys_fetch_failed").size();
  }

  static constexpr auto kAccepted = TokenCheck::Outcome::kAccepted;
  static constexpr auto kRefused = TokenCheck::Outcome::kRefused;
  static constexpr auto kKeysUnavailable = TokenCheck::Outcome::kKeysUnavailable;

  test::SteppedRuntime runtime{false};
  test::LocalTransport transport{runtime};
  TeamSite site;
  test::RecordingLog log;
  CancelToken cancel;
  AccessKeysClient client{transport, runtime, Settings().certs_url};
  AccessVerifier verifier{Settings(), client, runtime, log};
};

TEST_F(VerifierTest, FetchesTheKeysOnceForManyTokens) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Verify(Token(Current(), "u" + std::to_string(i) + "@x.test")), kAccepted);
  }
  EXPECT_EQ(Verify("junk"), kRefused);
  EXPECT_EQ(site.fetches(), 1);
}

TEST_F(VerifierTest, SharesTheFirstFetchAmongConcurrentCallers) {
  site.Hold();
  std::atomic<int> accepted{0};
  std::vector<std::thread> callers;
  const std::string token = Token(Current());
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      CancelToken own;
      if (verifier.Verify(token, own).outcome == kAccepted) ++accepted;
    });
  }
  Eventually([&] { return site.fetches() == 1; });
  site.Release();
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(accepted, 8);
  EXPECT_EQ(site.fetches(), 1);
}

TEST_F(VerifierTest, RefreshesInTheBackgroundAfterTenMinutes) {
  ASSERT_EQ(Verify(Token(Current())), kAccepted);
  runtime.Advance(std::chrono::minutes(10));
  ASSERT_EQ(Verify(Token(Current())), kAccepted);
  EXPECT_EQ(site.fetches(), 1);
  site.Hold();
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Verify(Token(Current())), kAccepted) << "a refresh makes nobody wait";
  EXPECT_EQ(Verify(Token(Previous())), kAccepted);
  Eventually([&] { return site.fetches() == 2; });
  site.Release();
  Eventually([&] { return Landings() == 2; });
  EXPECT_EQ(site.fetches(), 2);
}

TEST_F(VerifierTest, TakesANewKeyAtOnceAndRefusesTheOldOneOnceItIsGone) {
  site.Serve(Jwks({Jwk(Previous())}));
  ASSERT_EQ(Verify(Token(Previous())), kAccepted);
  site.Serve(Jwks({Jwk(Current()), Jwk(Previous())}));
  EXPECT_EQ(Verify(Token(Current())), kAccepted) << "an unknown kid fetches";
  EXPECT_EQ(Verify(Token(Previous())), kAccepted) << "rotation loses no session";
  EXPECT_EQ(site.fetches(), 2);
  site.Serve(Jwks({Jwk(Current())}));
  runtime.Advance(std::chrono::minutes(11));
  EXPECT_EQ(Verify(Token(Current())), kAccepted);
  Eventually([&] { return Landings() == 3; });
  Eventually([&] { return Verify(Token(Previous())) == kRefused; });
  EXPECT_EQ(Verify(Token(Current())), kAccepted);
}

TEST_F(VerifierTest, RefetchesForUnknownKidsOnceInThirtySeconds) {
  ASSERT_EQ(Verify(Token(Current())), kAccepted);
  Json header = Header();
  for (int i = 0; i < 50; ++i) {
    header["kid"] = "unknown-" + std::to_string(i);
    EXPECT_EQ(Verify(Sign(header, Claims())), kRefused);
  }
  EXPECT_EQ(site.fetches(), 2);
  runtime.Advance(std::chrono::seconds(29));
  EXPECT_EQ(Verify(Sign(header, Claims())), kRefused);
  EXPECT_EQ(site.fetches(), 2);
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Verify(Sign(header, Claims())), kRefused);
  EXPECT_EQ(site.fetches(), 3);
}

TEST_F(VerifierTest, DoesNotRefetchForAKidThatTheFirstFetchDidNotBring) {
  Json header = Header();
  header["kid"] = "unknown";
  EXPECT_EQ(Verify(Sign(header, Claims())), kRefused);
  EXPECT_EQ(site.fetches(), 1);
}

TEST_F(VerifierTest, ServesCachedKeysForADayWithoutTheTeamsSite) {
  ASSERT_EQ(Verify(Token(Current())), kAccepted);
  site.Serve("oops", 500);
  runtime.Advance(std::chrono::hours(2));
  EXPECT_EQ(Verify(Token(Current())), kAccepted);
  EXPECT_EQ(Verify(Token(Previous())), kAccepted);
  EXPECT_EQ(site.fetches(), 2) << "the second failure would have come within a second";
  runtime.Advance(std::chrono::hours(22));
  EXPECT_EQ(Verify(Token(Current())), kAccepted);
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Verify(Token(Current())), kKeysUnavailable);
  site.Serve(Jwks({Jwk(Current())}));
  runtime.Advance(std::chrono::seconds(30));
  EXPECT_EQ(Verify(Token(Current())), kAccepted);
}

TEST_F(VerifierTest, AnswersThatThereAreNoKeysAndTriesAgainEverLessOften) {
  site.Serve("<html>", 200);
  EXPECT_EQ(Verify(Token(Current())), kKeysUnavailable);
  EXPECT_EQ(Verify(Token(Current())), kKeysUnavailable);
  EXPECT_EQ(site.fetches(), 1);
  int seconds = 0;
  for (const int wait : {1, 2, 4, 8, 16, 30, 30}) {
    const int before = site.fetches();
    runtime.Advance(std::chrono::seconds(wait) - std::chrono::milliseconds(1));
    EXPECT_EQ(Verify(Token(Current())), kKeysUnavailable);
    EXPECT_EQ(site.fetches(), before) << wait;
    runtime.Advance(std::chrono::milliseconds(1));
    EXPECT_EQ(Verify(Token(Current())), kKeysUnavailable);
    EXPECT_EQ(site.fetches(), before + 1) << wait;
    seconds += wait;
  }
  EXPECT_EQ(seconds, 91);
  EXPECT_FALSE(log.Events("access_keys_fetch_failed").empty());
}

TEST_F(VerifierTest, TakesADocumentWithoutUsableKeysAsNoKeys) {
  ASSERT_EQ(Verify(Token(Current())), kAccepted);
  site.Serve(R"({"keys":[]})");
  runtime.Advance(std::chrono::hours(2));
  EXPECT_EQ(Verify(Token(Current())), kKeysUnavailable) << "the keys were withdrawn";
  site.Serve(Jwks({Jwk(Current())}));
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Verify(Token(Current())), kAccepted);
}

TEST_F(VerifierTest, RemembersAVerifiedTokenButNotBeyondItsTimes) {
  const std::string token = WithClaim("exp", kNow + 300);
  ASSERT_EQ(Verify(token), kAccepted);
  ASSERT_EQ(Verify(token), kAccepted);
  runtime.Advance(std::chrono::seconds(359));
  EXPECT_EQ(Verify(token), kAccepted);
  runtime.Advance(std::chrono::seconds(1));
  const TokenCheck late = verifier.Verify(token, cancel);
  EXPECT_EQ(late.outcome, kRefused);
  EXPECT_EQ(late.reason, "expired");
  runtime.ShiftWall(-3'600'000);
  EXPECT_EQ(verifier.Verify(token, cancel).reason, "not_yet_valid");
}

TEST_F(VerifierTest, EndsACallersWaitWhenTheCallerGoes) {
  site.Hold();
  std::thread caller([&] { EXPECT_EQ(Verify(Token(Current())), kKeysUnavailable); });
  Eventually([&] { return site.fetches() == 1; });
  cancel.Cancel();
  caller.join();
  site.Release();
}

TEST_F(VerifierTest, FetchesNothingOnceItIsStopped) {
  ASSERT_EQ(Verify(Token(Current())), kAccepted);
  verifier.Stop();
  runtime.Advance(std::chrono::minutes(30));
  EXPECT_EQ(Verify(Token(Current())), kAccepted);
  runtime.Advance(std::chrono::hours(25));
  EXPECT_EQ(Verify(Token(Current())), kKeysUnavailable);
  EXPECT_EQ(site.fetches(), 1);
}

TEST_F(VerifierTest, RefusesInProductionTheKeysThatShipWithTheFake) {
  AccessSettings production = Settings();
  production.refuse_fake_keys = true;
  AccessVerifier strict(production, client, runtime, log);
  EXPECT_EQ(strict.Verify(Token(Current()), cancel).outcome, kKeysUnavailable);
  Json renamed = Jwk(Current());
  renamed["kid"] = "another-name";
  site.Serve(Jwks({renamed}));
  runtime.Advance(std::chrono::seconds(1));
  Json header = Header();
  header["kid"] = "another-name";
  EXPECT_NE(strict.Verify(Sign(header, Claims()), cancel).outcome, kAccepted);
  EXPECT_FALSE(log.Events("access_keys_fetched").empty());
  EXPECT_EQ(log.Events("access_keys_fetched").back().level, LogLevel::kWarn);
}

TEST_F(VerifierTest, WritesNoTokenToTheLog) {
  const std::string token = Token(Current());
  Verify(token);
  Verify(token + "x");
  EXPECT_EQ(log.AllText().find(token.substr(0, 40)), std::string::npos);
}

TEST(AccessRoundTrip, TheFakesTokensAndCertsPassTheVerifier) {
  test::SteppedRuntime runtime;
  test::FixedRandom random;
  fake::Credentials credentials = test::FixtureCredentials();
  credentials.access_aud = kAudience;
  credentials.access_client_id = "0123456789abcdef0123456789abcdef.access";
  credentials.access_client_secret = std::string(64, 's');
  fake::AccessSite site;
  site.team_url = kTeam;
  fake::Access access(credentials, site, runtime, random);
  const auto keys = KeySet::Parse(access.CertsJson(), false);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->size(), 2u);
  const auto check = [&](const std::string& token) {
    return VerifyToken(token, *keys, Settings(), runtime.Wall());
  };
  fake::Mint mint;
  mint.email = "ann@example.com";
  EXPECT_EQ(check(access.MintToken(mint)).identity.subject, "ann@example.com");
  mint.expired = true;
  EXPECT_EQ(check(access.MintToken(mint)).reason, "expired");
  mint.expired = false;
  mint.wrong_audience = true;
  EXPECT_EQ(check(access.MintToken(mint)).reason, "wrong_audience");
  const auto service = access.MintForServiceToken(credentials.access_client_id,
                                                  credentials.access_client_secret);
  ASSERT_TRUE(service);
  EXPECT_TRUE(check(*service).identity.is_service);
  EXPECT_EQ(check(*service).identity.subject, credentials.access_client_id);
}

}  // namespace
}  // namespace mg
