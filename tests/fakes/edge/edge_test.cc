#include "fakes/edge/edge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/bytes.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_fixture.h"

namespace mg::fake {
namespace {

constexpr const char* kHost = "acme.localhost:8787";

class SeeingGateway final : public Handler {
 public:
  Response Handle(Request& request, const Peer& peer, CancelToken&) override {
    seen = request;
    seen_peer = peer;
    ++calls;
    return answer;
  }
  Request seen;
  Peer seen_peer;
  Response answer = TextResponse(200, "from the gateway");
  int calls = 0;
};

class EdgeFake : public testing::Test {
 protected:
  static Credentials MakeEdgeCredentials() {
    Credentials credentials = test::FixtureCredentials();
    credentials.access_aud = std::string(64, 'a');
    credentials.access_client_id = "0123456789abcdef0123456789abcdef.access";
    credentials.access_client_secret = std::string(64, '5');
    return credentials;
  }
  static AccessSite Site() {
    AccessSite site;
    site.team_url = "http://127.0.0.1:8788";
    site.app_domain = "localhost";
    site.operator_host = "admin.localhost";
    return site;
  }

  Response Send(const std::string& target, Headers headers = {}) {
    return Via(edge, target, headers);
  }
  Response Via(Edge& through, const std::string& target, Headers headers) {
    Request request;
    request.target = target;
    request.headers = std::move(headers);
    request.headers.Set("host", kHost);
    return through.Handle(request, Peer{"198.51.100.7", false}, cancel);
  }
  std::string Assertion() const {
    return std::string(gateway.seen.headers.Get("cf-access-jwt-assertion"));
  }

  const Credentials credentials = MakeEdgeCredentials();
  test::SteppedRuntime runtime;
  test::FixedRandom random;
  CancelToken cancel;
  Journal journal;
  SeeingGateway gateway;
  Access access{credentials, Site(), runtime, random};
  Faults faults{runtime, 1};
  Zone zone{{}, runtime};
  Edge edge{gateway, &access, zone, faults, runtime, random, journal};
};

TEST_F(EdgeFake, SaysWhoTheClientIsAndBelievesNothingOfWhatItSays) {
  const Response response = Send("/x", {{"CF-Connecting-IP", "10.0.0.1"},
                                        {"cf-connecting-ip", "10.0.0.2"},
                                        {"CF-Ray", "mine"},
                                        {"X-Forwarded-For", "1.1.1.1"},
                                        {"X-Forwarded-Proto", "https"},
                                        {"True-Client-IP", "10.0.0.3"},
                                        {"Cf-Access-Authenticated-User-Email", "root@x.test"},
                                        {"cf-access-authenticated-user-id", "1"},
                                        {"accept", "*/*"}});
  const Headers& seen = gateway.seen.headers;
  EXPECT_EQ(seen.Count("cf-connecting-ip"), 1u);
  EXPECT_EQ(seen.Get("cf-connecting-ip"), "198.51.100.7");
  EXPECT_EQ(seen.Get("x-forwarded-for"), "1.1.1.1, 198.51.100.7");
  EXPECT_EQ(seen.Get("x-forwarded-proto"), "http");
  for (const char* name : {"true-client-ip", "cf-access-authenticated-user-email",
                           "cf-access-authenticated-user-id"}) {
    EXPECT_FALSE(seen.Has(name)) << name;
  }
  EXPECT_EQ(seen.Get("accept"), "*/*");
  EXPECT_TRUE(gateway.seen_peer.via_trusted_edge);
  EXPECT_EQ(gateway.seen_peer.address, "198.51.100.7");
  const std::string ray(seen.Get("cf-ray"));
  ASSERT_EQ(ray.size(), 20u);
  EXPECT_EQ(ray.substr(16), "-LOC");
  EXPECT_TRUE(HexDecode(ray.substr(0, 16)));
  EXPECT_EQ(response.headers.Get("cf-ray"), ray);
  Send("/x");
  EXPECT_NE(gateway.seen.headers.Get("cf-ray"), ray);
}

TEST_F(EdgeFake, TurnsACookieOrAHeaderIntoTheAssertion) {
  Send("/", {{"cookie", "a=b; CF_Authorization=from.the.cookie"},
             {"cf-access-token", "from.a.header"},
             {"cf-access-jwt-assertion", "own"}});
  EXPECT_EQ(Assertion(), "from.the.cookie");
  Send("/", {{"cf-access-token", "from.a.header"}, {"Cf-Access-Jwt-Assertion", "own"}});
  EXPECT_EQ(Assertion(), "from.a.header");
  EXPECT_FALSE(gateway.seen.headers.Has("cf-access-token"));
  Send("/", {{"Cf-Access-Jwt-Assertion", "own"}, {"cf-access-jwt-assertion", "second"}});
  EXPECT_EQ(gateway.seen.headers.Count("cf-access-jwt-assertion"), 1u);
  EXPECT_EQ(Assertion(), "own");
  Send("/", {{"cookie", "CF_Authorization="}, {"cf-access-token", ""}});
  EXPECT_FALSE(gateway.seen.headers.Has("cf-access-jwt-assertion"));
}

TEST_F(EdgeFake, MintsForTheRightServiceTokenAndLetsItsSecretNoFurther) {
  const Response response =
      Send("/", {{"CF-Access-Client-Id", credentials.access_client_id},
                 {"CF-Access-Client-Secret", credentials.access_client_secret}});
  EXPECT_NE(access.IdentityJson(Assertion()), "");
  EXPECT_EQ(response.headers.Get("set-cookie").rfind("CF_Authorization=" + Assertion(), 0), 0u);
  for (const char* name : {"cf-access-client-id", "cf-access-client-secret"}) {
    EXPECT_FALSE(gateway.seen.headers.Has(name)) << name;
  }
  Send("/", {{"CF-Access-Client-Id", credentials.access_client_id},
             {"CF-Access-Client-Secret", "wrong"}});
  EXPECT_EQ(Assertion(), "");
  EXPECT_FALSE(gateway.seen.headers.Has("cf-access-client-secret"));
}

TEST_F(EdgeFake, LeavesTokensAloneInFrontOfTheRealAccess) {
  Edge bare(gateway, nullptr, zone, faults, runtime, random, journal);
  Via(bare, "/cdn-cgi/access/certs",
      {{"cf-access-jwt-assertion", "own"}, {"cookie", "CF_Authorization=c"}});
  EXPECT_EQ(gateway.calls, 1);
  EXPECT_EQ(Assertion(), "own");
}

TEST_F(EdgeFake, CompletesALoginWithACookieForTheApplication) {
  Request choose;
  choose.method = "POST";
  choose.target = std::string("/cdn-cgi/access/login/") + kHost + "?kid=" + credentials.access_aud +
                  "&redirect_url=%2Fchat%3Fx%3D1";
  choose.body = "email=ann%40example.com";
  CallNote note;
  const std::string location(access.Handle(choose, note, cancel).headers.Get("location"));
  const std::string target = location.substr(location.find("/cdn-cgi"));

  const Response done = Send(target);
  EXPECT_EQ(done.status, 302);
  EXPECT_EQ(done.headers.Get("location"), "/chat?x=1");
  const std::string cookie(done.headers.Get("set-cookie"));
  EXPECT_NE(cookie.find("; Path=/; HttpOnly; SameSite=Lax"), std::string::npos);
  EXPECT_EQ(cookie.find("Secure"), std::string::npos);
  const std::string pair = cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(Send("/cdn-cgi/access/get-identity", {{"cookie", pair}}).status, 200);
  EXPECT_EQ(gateway.calls, 0);
  Send("/chat", {{"cookie", pair}});
  EXPECT_EQ("CF_Authorization=" + Assertion(), pair);

  const Response again = Send(target);
  EXPECT_EQ(again.status, 400);
  EXPECT_NE(again.body.bytes().find("Invalid login session"), std::string::npos);
  EXPECT_EQ(Send("/cdn-cgi/access/authorized").status, 400);
}

TEST_F(EdgeFake, AnswersTheReservedPathsItself) {
  EXPECT_EQ(Send("/cdn-cgi/access/certs").body.bytes(), access.CertsJson());
  EXPECT_NE(Send("/cdn-cgi/access/logout").headers.Get("set-cookie").find("Max-Age=0"),
            std::string_view::npos);
  EXPECT_EQ(Send("/cdn-cgi/access/get-identity").status, 401);
  EXPECT_EQ(Send("/cdn-cgi/access/other").status, 404);
  EXPECT_EQ(gateway.calls, 0);
}

TEST_F(EdgeFake, WritesEachRequestToTheJournalWithoutQueryOrToken) {
  gateway.answer.headers.Set("x-moltgate-route", "agent");
  gateway.answer.status = 403;
  const Response response =
      Send("/chat/room?token=s3cret", {{"cookie", "CF_Authorization=s3cret"}});
  EXPECT_FALSE(response.headers.Has("x-moltgate-route"));
  gateway.answer.headers.Remove("x-moltgate-route");
  Send("/v1/models");
  Send("/cdn-cgi/access/authorized?nonce=s3cret");
  const auto entries = journal.Since(0);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].service, "gateway");
  EXPECT_EQ(entries[0].operation, "agent");
  EXPECT_EQ(entries[0].subject, "acme.localhost");
  EXPECT_EQ(entries[0].path, "/chat/room");
  EXPECT_EQ(entries[0].status, 403);
  EXPECT_EQ(entries[0].at_ms, test::kSteppedWallStartMs);
  EXPECT_EQ(entries[1].operation, "/v1");
  EXPECT_EQ(entries[2].service, "access");
  EXPECT_EQ(entries[2].operation, "access.authorized");
  for (const auto& entry : entries) {
    EXPECT_EQ(JournalEntryJson(entry).find("s3cret"), std::string::npos);
  }
}

// Pieces of a body whose length nobody knows.
class Pieces final : public BodyStream {
 public:
  Result<std::string> Next(Instant) override { return left-- > 0 ? std::string(10, 'x') : ""; }
  int left = 10;
};

TEST_F(EdgeFake, CutsABodyOfUnknownLengthAtItsCap) {
  class Reader final : public Handler {
   public:
    Response Handle(Request& request, const Peer&, CancelToken&) override {
      read = request.body.Buffer(1000, kNever);
      return TextResponse(200, "read");
    }
    Status read = Ok();
  } reader;
  Edge reading(reader, nullptr, zone, faults, runtime, random, journal);
  EdgeSettings settings;
  for (const auto& [cap, status] : {std::pair{100, 200}, std::pair{99, 413}}) {
    settings.body_bytes = static_cast<std::uint64_t>(cap);
    zone.Set(settings);
    Request request;
    request.headers.Set("host", kHost);
    request.body = Body(std::make_shared<Pieces>());
    EXPECT_EQ(reading.Handle(request, Peer{"198.51.100.7", false}, cancel).status, status);
    EXPECT_EQ(reader.read.ok(), status == 200);
  }
}

TEST_F(EdgeFake, AnswersForAGatewayWhoseHeadersAreTooLarge) {
  EdgeSettings settings;
  settings.response_header_bytes = 100;
  zone.Set(settings);
  EXPECT_EQ(Send("/").status, 200);
  gateway.answer.headers.Set("x-large", std::string(100, 'x'));
  const Response response = Send("/", {{"accept", "application/json"}});
  EXPECT_EQ(response.status, 520);
  EXPECT_FALSE(response.headers.Has("x-large"));
  EXPECT_EQ(response.headers.Get("cf-error-type"), "unknown_error");
}

TEST_F(EdgeFake, EscapesTheHostInItsPage) {
  faults.Add([] {
    FaultRule rule;
    rule.operation = "edge.request";
    rule.status = 521;
    return rule;
  }());
  Request request;
  request.headers.Set("host", "a&b.localhost");
  const Response response = edge.Handle(request, Peer{"198.51.100.7", false}, cancel);
  EXPECT_EQ(response.status, 521);
  EXPECT_EQ(response.body.bytes().find("a&b"), std::string::npos);
}

TEST_F(EdgeFake, OverHttpsSaysSoAndItsCookieIsSecure) {
  zone.ServeHttps();
  const Response response =
      Send("/", {{"CF-Access-Client-Id", credentials.access_client_id},
                 {"CF-Access-Client-Secret", credentials.access_client_secret}});
  EXPECT_NE(response.headers.Get("set-cookie").find("; Secure"), std::string_view::npos);
  EXPECT_EQ(gateway.seen.headers.Get("x-forwarded-proto"), "https");
  EXPECT_EQ(gateway.seen.headers.Get("cf-visitor"), R"({"scheme":"https"})");
  EXPECT_NE(Send("/cdn-cgi/access/logout").headers.Get("set-cookie").find("; Secure"),
            std::string_view::npos);
}

}  // namespace
}  // namespace mg::fake
