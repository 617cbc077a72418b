// Parts of the Access fake that scenarios see only from afar.
#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/base/time_text.h"
#include "fakes/access/application_json.h"
#include "fakes/access/applications.h"
#include "fakes/access/certs_damage.h"
#include "fakes/access/cookies.h"
#include "fakes/access/forge.h"
#include "fakes/access/key_ring.h"
#include "fakes/access/knobs.h"
#include "fakes/access/mint.h"
#include "fakes/access/policies.h"
#include "fakes/access/verdicts.h"

namespace mg::fake {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr AccessKeyRing::Timing At(std::int64_t now_ms) {
  return {now_ms, 7 * kDayMs, 42 * kDayMs};
}

TEST(AccessKeyRing, ListsTheFormerKeyUntilItsGraceIsOver) {
  AccessKeyRing ring(0);
  const auto seeded = ring.Now(At(0));
  EXPECT_EQ(seeded.current->kid(), kCurrentAccessKey.kid);
  ASSERT_NE(seeded.previous, nullptr);
  EXPECT_EQ(ring.Now(At(41 * kDayMs)).previous, seeded.previous) << "as seeded it has no end";
  ring.Rotate(At(kDayMs));
  const auto rotated = ring.Now(At(kDayMs));
  EXPECT_EQ(rotated.current->kid(), kNextAccessKeys[0].kid);
  EXPECT_EQ(rotated.previous, seeded.current);
  EXPECT_EQ(ring.Now(At(8 * kDayMs - 1)).previous, seeded.current);
  EXPECT_EQ(ring.Now(At(8 * kDayMs)).previous, nullptr);
  EXPECT_EQ(&ring.Former(), seeded.current) << "it can still sign";
}

TEST(AccessKeyRing, RotatesByItselfAndLosesNoRotationToSleep) {
  AccessKeyRing ring(0);
  const auto first = ring.Now(At(0));
  const auto second = ring.Now(At(42 * kDayMs));
  EXPECT_EQ(second.previous, first.current);
  const auto later = ring.Now(At(10'000 * kDayMs));
  EXPECT_EQ(later.rotated_ms, 10'000 * kDayMs / (42 * kDayMs) * (42 * kDayMs));
  EXPECT_NE(later.current, second.current);
  EXPECT_NE(later.previous, nullptr) << "four days after a rotation";
  EXPECT_EQ(ring.Now(At(10'003 * kDayMs)).previous, nullptr);
}

TEST(AccessKeyRing, DropsThePreviousKeyAndStartsOver) {
  AccessKeyRing ring(0);
  ring.DropPrevious();
  EXPECT_EQ(ring.Now(At(0)).previous, nullptr);
  ring.Rotate({0, 0, 42 * kDayMs});
  EXPECT_EQ(ring.Now(At(0)).previous, nullptr) << "no grace";
  ring.Reset(0);
  EXPECT_NE(ring.Now(At(0)).previous, nullptr);
  EXPECT_EQ(ring.Now(At(0)).current->kid(), kCurrentAccessKey.kid);
}

TEST(AccessApplications, MatchTheMostSpecificHostAndPath) {
  const auto match = [](const char* domain, const char* host, const char* path) {
    return MatchOfDomain(domain, host, path);
  };
  EXPECT_GE(match("*.localhost", "acme.localhost", "/x"), 0);
  EXPECT_LT(match("*.localhost", "localhost", "/"), 0);
  EXPECT_LT(match("*.localhost", "a.b.localhost", "/"), 0) << "one label";
  EXPECT_GE(match("test-*.localhost", "test-1.localhost", "/"), 0);
  EXPECT_GE(match("a.test/v1", "a.test", "/v1"), 0);
  EXPECT_GE(match("a.test/v1", "a.test", "/v1/chat/completions"), 0) << "what is below it";
  EXPECT_LT(match("a.test/v1", "a.test", "/v1x"), 0);
  EXPECT_LT(match("a.test/v1", "a.test", "/"), 0);
  EXPECT_GE(match("a.test/*/admin", "a.test", "/x/admin"), 0);
  EXPECT_LT(match("a.test/*/admin", "a.test", "/x/y/admin"), 0);
  EXPECT_GT(match("a.test", "a.test", "/v1"), match("*.test/v1", "a.test", "/v1"))
      << "a host outweighs a path";
  EXPECT_GT(match("a.test/v1", "a.test", "/v1"), match("a.test/*", "a.test", "/v1"));
  EXPECT_LT(match("", "a.test", "/"), 0);
  EXPECT_LT(match("a.test", "", ""), 0);
}

TEST(AccessPolicies, KnowAddressesAndRanges) {
  AccessPolicy policy;
  AccessPrincipal who;
  const auto in = [&](const char* address, const char* range) {
    policy.include = {{AccessRule::Kind::kIp, range}};
    who.address = address;
    return Matches(policy, who);
  };
  EXPECT_TRUE(in("198.51.100.7", "198.51.100.7"));
  EXPECT_TRUE(in("198.51.100.7", "198.51.100.0/24"));
  EXPECT_FALSE(in("198.51.101.7", "198.51.100.0/24"));
  EXPECT_TRUE(in("198.51.100.7", "0.0.0.0/0"));
  EXPECT_FALSE(in("2001:db8::1", "0.0.0.0/0"));
  EXPECT_TRUE(in("2001:db8::1", "2001:db8::/32"));
  EXPECT_FALSE(in("2001:db9::1", "2001:db8::/32"));
  for (const char* range : {"", "x", "198.51.100.0/33", "198.51.100.0/-1", "198.51.100.0/"})
    EXPECT_FALSE(in("198.51.100.7", range)) << range;
}

TEST(AccessPolicies, TakeTheFirstByPrecedenceAmongThoseAsked) {
  using Decision = AccessPolicy::Decision;
  AccessPolicy late, early, blocked;
  late.precedence = 3;
  early.precedence = 1;
  blocked.precedence = 0;
  blocked.decision = Decision::kDeny;
  for (AccessPolicy* policy : {&late, &early, &blocked})
    policy->include = {{AccessRule::Kind::kEveryone, ""}};
  const std::vector<AccessPolicy> policies = {late, early, blocked};
  EXPECT_EQ(FirstMatch(policies, {}, {Decision::kAllow}), &policies[1]);
  EXPECT_EQ(FirstMatch(policies, {}, {Decision::kAllow, Decision::kDeny}), &policies[2]);
  EXPECT_EQ(FirstMatch(policies, {}, {Decision::kBypass}), nullptr);
  EXPECT_FALSE(Matches(AccessPolicy{}, {})) << "nobody is included";
}

TEST(AccessCookies, SayWhatABrowserNeedsAndTakeOthersAlone) {
  CookieFlags flags;
  EXPECT_EQ(SetCookieText("a", "1", flags), "a=1; Path=/; HttpOnly; SameSite=Lax");
  flags.secure = true;
  flags.expires_at_s = 784'111'777;
  EXPECT_EQ(SetCookieText("a", "1", flags),
            "a=1; Path=/; HttpOnly; SameSite=None; Secure; Expires=Sun, 06 Nov 1994 08:49:37 GMT");
  Headers headers{{"cookie", "a=1; CF_Binding=2;b=3; CF_BindingX=4"}, {"cookie", "CF_Binding=5"}};
  RemoveCookies(headers, {kBindingCookie});
  ASSERT_EQ(headers.Count("cookie"), 1u);
  EXPECT_EQ(headers.Get("cookie"), "a=1; b=3; CF_BindingX=4");
}

TEST(AccessMint, ReadsWhatItKnowsAndNamesWhatItDoesNot) {
  const auto mint = MintFromJson(Json::parse(
      R"({"email":"a@b.test","lifetime":"90s","clock_offset":"-2m","claims":{"x":1},
          "header":{"kid":null},"signed_by":"weak","damage":"padded"})"));
  ASSERT_TRUE(mint);
  EXPECT_EQ(mint->lifetime_seconds, 90);
  EXPECT_EQ(mint->clock_offset_seconds, -120);
  EXPECT_FALSE(IsPlain(*mint));
  EXPECT_TRUE(IsPlain(*MintFromJson(Json{{"email", "a@b.test"}})));
  for (const char* text :
       {"[]", "{}", R"({"email":"a@b.test","common_name":"x.access"})",
        R"({"email":"a@b.test","mail":1})", R"({"email":"a@b.test","damage":"all"})",
        R"({"email":"a@b.test","lifetime":"-1s"})", R"({"email":"a@b.test","claims":[]})",
        R"({"email":"a@b.test","signed_by":"me"})", R"({"email":1})"}) {
    EXPECT_FALSE(MintFromJson(Json::parse(text))) << text;
  }
}

TEST(AccessMint, EveryDamageChangesTheToken) {
  AccessKeyRing ring(0);
  const SigningKey& key = *ring.Now(At(0)).current;
  const TokenParts parts{R"({"alg":"RS256"})", R"({"aud":["x"],"exp":1})"};
  const std::string honest = SignedToken(parts, key, "");
  for (const ForgeWord& word : ForgeWords()) {
    EXPECT_NE(SignedToken(parts, key, word.name), honest) << word.name;
    EXPECT_FALSE(word.about.empty()) << word.name;
  }
}

TEST(AccessKnobs, ReadBackWhatTheyWriteAndChangeAllOrNothing) {
  AccessKnobs knobs;
  knobs.enforce = true;
  knobs.clock_offset = -std::chrono::minutes(2);
  AccessKnobs read;
  ASSERT_TRUE(SetAccessKnobs(AccessKnobsToJson(knobs), read));
  EXPECT_TRUE(read.enforce);
  EXPECT_EQ(read.clock_offset, knobs.clock_offset);
  EXPECT_FALSE(SetAccessKnobs(Json{{"enforce", false}, {"enforced", true}}, read));
  EXPECT_TRUE(read.enforce);
  EXPECT_FALSE(SetAccessKnobs(Json{{"session_duration", "-1h"}}, read));
  EXPECT_FALSE(SetAccessKnobs(Json{{"enforce", "yes"}}, read));
  EXPECT_FALSE(SetAccessKnobs(Json::array(), read));
}

TEST(AccessCerts, EveryDamageIsFelt) {
  AccessKeyRing ring(0);
  const std::string honest = CertsDocument(ring.Now(At(0)));
  const std::string all = CertsDamages();
  for (const std::string_view word : Split(all, ' ')) {
    Response response = JsonResponse(200, honest);
    DamageCerts(word, response);
    EXPECT_TRUE(response.status != 200 || response.body.bytes() != honest) << word;
    EXPECT_TRUE(IsCertsDamage(word));
  }
  EXPECT_FALSE(IsCertsDamage("none"));
}

TEST(AccessVerdicts, KeepTheLastThousand) {
  AccessVerdicts verdicts;
  for (std::size_t i = 0; i < AccessVerdicts::kMost + 5; ++i) verdicts.Add({});
  const auto kept = verdicts.Since(0);
  ASSERT_EQ(kept.size(), AccessVerdicts::kMost);
  EXPECT_EQ(kept.front().seq, 6u);
  EXPECT_TRUE(verdicts.Since(kept.back().seq).empty());
}

TEST(AccessApplicationJson, ReadsDurationsAndTimesOfTheService) {
  EXPECT_EQ(*ReadGoSeconds("24h"), 86'400);
  EXPECT_EQ(*ReadGoSeconds("1h30m"), 5'400);
  EXPECT_EQ(*ReadGoSeconds("0s"), 0);
  for (const char* text : {"", "h", "24", "-1h", "1h ", "99999999999h"})
    EXPECT_FALSE(ReadGoSeconds(text)) << text;
  EXPECT_EQ(*ReadIsoTime("1970-01-01T00:00:10Z"), 10'000);
  EXPECT_EQ(*ReadIsoTime("1970-01-01T00:00:10.5Z"), 10'000);
  for (const char* text : {"", "x", "1970-01-01", "1970-01-01T00:00:10"})
    EXPECT_FALSE(ReadIsoTime(text)) << text;
  EXPECT_EQ(IsoSeconds(10), "1970-01-01T00:00:10Z");
}

TEST(AccessApplicationJson, RefusesWhatItCannotDo) {
  AccessApplication application;
  for (const char* text :
       {"{}", R"({"name":"a"})", R"({"name":"a","domain":"a.test:8443"})",
        R"({"name":"a","domain":"a.test?x"})", R"({"name":"a","domain":"a.test","type":"saas"})",
        R"({"name":"a","domain":"a.test","session_duration":"800h"})"}) {
    AccessApplication fresh;
    EXPECT_FALSE(ReadApplication(Json::parse(text), fresh)) << text;
  }
  ASSERT_TRUE(ReadApplication(Json::parse(R"({"name":"a","domain":"A.test/Path"})"), application));
  AccessPolicy policy;
  const Status saml = ReadPolicy(
      Json::parse(R"({"name":"x","decision":"allow","include":[{"saml":{"a":1}}]})"), policy);
  ASSERT_FALSE(saml);
  EXPECT_EQ(saml.error().message.rfind(std::string(kNotDone), 0), 0u);
}

}  // namespace
}  // namespace mg::fake
