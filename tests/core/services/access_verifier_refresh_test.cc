#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/services/access_verifier.h"
#include "fakes/access/access.h"
#include "tests/support/access_tokens.h"
#include "tests/support/fixed_random.h"
#include "tests/support/local_transport.h"
#include "tests/support/recording_log.h"
#include "tests/support/wire_fixture.h"

namespace mg {
namespace {

using namespace test;  // NOLINT: the vocabulary of these tests

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
  std::string document_ = Jwks({Jwk(CurrentKey()), Jwk(PreviousKey())});
};

class VerifierTest : public testing::Test {
 protected:
  VerifierTest() { transport.Route(kTeam, site); }

  static std::string Token(const fake::SigningKey& key, const std::string& email = "a@x.test") {
    Json header = GoodHeader();
    header["kid"] = key.kid();
    Json claims = GoodClaims();
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
  AccessKeysClient client{transport, runtime, VerifierSettings().certs_url};
  AccessVerifier verifier{VerifierSettings(), client, runtime, log};
};

TEST_F(VerifierTest, FetchesTheKeysOnceForManyTokens) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Verify(Token(CurrentKey(), "u" + std::to_string(i) + "@x.test")), kAccepted);
  }
  EXPECT_EQ(Verify("junk"), kRefused);
  EXPECT_EQ(site.fetches(), 1);
}

TEST_F(VerifierTest, SharesTheFirstFetchAmongConcurrentCallers) {
  site.Hold();
  std::atomic<int> accepted{0};
  std::vector<std::thread> callers;
  const std::string token = Token(CurrentKey());
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
  ASSERT_EQ(Verify(Token(CurrentKey())), kAccepted);
  runtime.Advance(std::chrono::minutes(10));
  ASSERT_EQ(Verify(Token(CurrentKey())), kAccepted);
  EXPECT_EQ(site.fetches(), 1);
  site.Hold();
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Verify(Token(CurrentKey())), kAccepted) << "a refresh makes nobody wait";
  EXPECT_EQ(Verify(Token(PreviousKey())), kAccepted);
  Eventually([&] { return site.fetches() == 2; });
  site.Release();
  Eventually([&] { return Landings() == 2; });
  EXPECT_EQ(site.fetches(), 2);
}

TEST_F(VerifierTest, TakesANewKeyAtOnceAndRefusesTheOldOneOnceItIsGone) {
  site.Serve(Jwks({Jwk(PreviousKey())}));
  ASSERT_EQ(Verify(Token(PreviousKey())), kAccepted);
  site.Serve(Jwks({Jwk(CurrentKey()), Jwk(PreviousKey())}));
  EXPECT_EQ(Verify(Token(CurrentKey())), kAccepted) << "an unknown kid fetches";
  EXPECT_EQ(Verify(Token(PreviousKey())), kAccepted) << "rotation loses no session";
  EXPECT_EQ(site.fetches(), 2);
  site.Serve(Jwks({Jwk(CurrentKey())}));
  runtime.Advance(std::chrono::minutes(11));
  EXPECT_EQ(Verify(Token(CurrentKey())), kAccepted);
  Eventually([&] { return Landings() == 3; });
  Eventually([&] { return Verify(Token(PreviousKey())) == kRefused; });
  EXPECT_EQ(Verify(Token(CurrentKey())), kAccepted);
}

TEST_F(VerifierTest, RefetchesForUnknownKidsOnceInThirtySeconds) {
  ASSERT_EQ(Verify(Token(CurrentKey())), kAccepted);
  Json header = GoodHeader();
  for (int i = 0; i < 50; ++i) {
    header["kid"] = "unknown-" + std::to_string(i);
    EXPECT_EQ(Verify(Sign(header, GoodClaims())), kRefused);
  }
  EXPECT_EQ(site.fetches(), 2);
  runtime.Advance(std::chrono::seconds(29));
  EXPECT_EQ(Verify(Sign(header, GoodClaims())), kRefused);
  EXPECT_EQ(site.fetches(), 2);
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Verify(Sign(header, GoodClaims())), kRefused);
  EXPECT_EQ(site.fetches(), 3);
}

TEST_F(VerifierTest, DoesNotRefetchForAKidThatTheFirstFetchDidNotBring) {
  Json header = GoodHeader();
  header["kid"] = "unknown";
  EXPECT_EQ(Verify(Sign(header, GoodClaims())), kRefused);
  EXPECT_EQ(site.fetches(), 1);
}

TEST_F(VerifierTest, ServesCachedKeysForADayWithoutTheTeamsSite) {
  ASSERT_EQ(Verify(Token(CurrentKey())), kAccepted);
  site.Serve("oops", 500);
  runtime.Advance(std::chrono::hours(2));
  EXPECT_EQ(Verify(Token(CurrentKey())), kAccepted);
  EXPECT_EQ(Verify(Token(PreviousKey())), kAccepted);
  EXPECT_EQ(site.fetches(), 2) << "the second failure would have come within a second";
  runtime.Advance(std::chrono::hours(22));
  EXPECT_EQ(Verify(Token(CurrentKey())), kAccepted);
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Verify(Token(CurrentKey())), kKeysUnavailable);
  site.Serve(Jwks({Jwk(CurrentKey())}));
  runtime.Advance(std::chrono::seconds(30));
  EXPECT_EQ(Verify(Token(CurrentKey())), kAccepted);
}

TEST_F(VerifierTest, AnswersThatThereAreNoKeysAndTriesAgainEverLessOften) {
  site.Serve("<html>", 200);
  EXPECT_EQ(Verify(Token(CurrentKey())), kKeysUnavailable);
  EXPECT_EQ(Verify(Token(CurrentKey())), kKeysUnavailable);
  EXPECT_EQ(site.fetches(), 1);
  int seconds = 0;
  for (const int wait : {1, 2, 4, 8, 16, 30, 30}) {
    const int before = site.fetches();
    runtime.Advance(std::chrono::seconds(wait) - std::chrono::milliseconds(1));
    EXPECT_EQ(Verify(Token(CurrentKey())), kKeysUnavailable);
    EXPECT_EQ(site.fetches(), before) << wait;
    runtime.Advance(std::chrono::milliseconds(1));
    EXPECT_EQ(Verify(Token(CurrentKey())), kKeysUnavailable);
    EXPECT_EQ(site.fetches(), before + 1) << wait;
    seconds += wait;
  }
  EXPECT_EQ(seconds, 91);
  EXPECT_FALSE(log.Events("access_keys_fetch_failed").empty());
}

TEST_F(VerifierTest, TakesADocumentWithoutUsableKeysAsNoKeys) {
  ASSERT_EQ(Verify(Token(CurrentKey())), kAccepted);
  site.Serve(R"({"keys":[]})");
  runtime.Advance(std::chrono::hours(2));
  EXPECT_EQ(Verify(Token(CurrentKey())), kKeysUnavailable) << "the keys were withdrawn";
  site.Serve(Jwks({Jwk(CurrentKey())}));
  runtime.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Verify(Token(CurrentKey())), kAccepted);
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
  std::thread caller([&] { EXPECT_EQ(Verify(Token(CurrentKey())), kKeysUnavailable); });
  Eventually([&] { return site.fetches() == 1; });
  cancel.Cancel();
  caller.join();
  site.Release();
}

TEST_F(VerifierTest, IsNotHeldUpByACallerWhoHadGoneBeforeItAsked) {
  ASSERT_EQ(Verify(Token(CurrentKey())), kAccepted);
  CancelToken gone;
  gone.Cancel();
  Json header = GoodHeader();
  header["kid"] = "unknown";
  EXPECT_EQ(verifier.Verify(Sign(header, GoodClaims()), gone).outcome, kRefused);
  EXPECT_EQ(site.fetches(), 1);
  EXPECT_EQ(Verify(Sign(header, GoodClaims())), kRefused);
  EXPECT_EQ(site.fetches(), 2) << "the next caller's refetch is not taken from it";
}

TEST_F(VerifierTest, FetchesNothingOnceItIsStopped) {
  ASSERT_EQ(Verify(Token(CurrentKey())), kAccepted);
  verifier.Stop();
  runtime.Advance(std::chrono::minutes(30));
  EXPECT_EQ(Verify(Token(CurrentKey())), kAccepted);
  runtime.Advance(std::chrono::hours(25));
  EXPECT_EQ(Verify(Token(CurrentKey())), kKeysUnavailable);
  EXPECT_EQ(site.fetches(), 1);
}

TEST_F(VerifierTest, RefusesInProductionTheKeysThatShipWithTheFake) {
  AccessSettings production = VerifierSettings();
  production.refuse_fake_keys = true;
  AccessVerifier strict(production, client, runtime, log);
  EXPECT_EQ(strict.Verify(Token(CurrentKey()), cancel).outcome, kKeysUnavailable);
  Json renamed = Jwk(CurrentKey());
  renamed["kid"] = "another-name";
  site.Serve(Jwks({renamed}));
  runtime.Advance(std::chrono::seconds(1));
  Json header = GoodHeader();
  header["kid"] = "another-name";
  EXPECT_NE(strict.Verify(Sign(header, GoodClaims()), cancel).outcome, kAccepted);
  EXPECT_FALSE(log.Events("access_keys_fetched").empty());
  EXPECT_EQ(log.Events("access_keys_fetched").back().level, LogLevel::kWarn);
}

TEST_F(VerifierTest, WritesNoTokenToTheLog) {
  const std::string token = Token(CurrentKey());
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
    return VerifyToken(token, *keys, VerifierSettings(), runtime.Wall());
  };
  fake::Mint mint;
  mint.email = "ann@example.com";
  EXPECT_EQ(check(access.MintToken(mint)).identity.subject, "ann@example.com");
  mint.expired = true;
  EXPECT_EQ(check(access.MintToken(mint)).reason, "expired");
  mint.expired = false;
  mint.wrong_audience = true;
  EXPECT_EQ(check(access.MintToken(mint)).reason, "wrong_audience");
  fake::Mint of_service;
  of_service.common_name = credentials.access_client_id;
  const TokenCheck service = check(access.MintToken(of_service));
  EXPECT_TRUE(service.identity.is_service);
  EXPECT_EQ(service.identity.subject, credentials.access_client_id);
}

}  // namespace
}  // namespace mg
