#include "fakes/access/access.h"

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "core/services/access_verifier_known_fakes.h"
#include "fakes/access/keys_data.h"
#include "fakes/access/signing.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_expect.h"

namespace mg::fake {
namespace {

constexpr std::string_view kHost = "acme.localhost:8787";

Credentials AccessCredentials() {
  Credentials credentials = test::FixtureCredentials();
  credentials.access_aud = std::string(64, 'a');
  credentials.access_client_id = "0123456789abcdef0123456789abcdef.access";
  credentials.access_client_secret = std::string(64, '5');
  return credentials;
}

AccessSite Site() {
  AccessSite site;
  site.team_url = "http://127.0.0.1:8788";
  site.app_domain = "localhost";
  site.operator_host = "admin.localhost";
  site.is_registered_domain = [](std::string_view host) { return host == "shop.example"; };
  site.identities = {"ann@example.com", "<b>@example.com"};
  return site;
}

Json ClaimsOf(const std::string& token) {
  const auto segments = Split(token, '.');
  auto claims = ParseJson(Base64UrlDecode(segments.at(1)).value_or(""));
  return claims ? std::move(claims).value() : Json();
}

class AccessFake : public testing::Test {
 protected:
  Response Send(const std::string& method, const std::string& target, const std::string& body = "",
                Headers headers = {}) {
    Request request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.body = body;
    return access.Handle(request, note, cancel);
  }
  std::string LoginTarget(const std::string& host, const std::string& path = "/chat?x=1") {
    return "/cdn-cgi/access/login/" + host + "?kid=" + credentials.access_aud +
           "&redirect_url=" + PercentEncode(path);
  }
  struct WayBack {
    std::string nonce, state;
  };
  // Chooses an identity, and reads the address that the picker sends the browser to.
  WayBack Choose(const std::string& host = std::string(kHost)) {
    const Response response = Send("POST", LoginTarget(host), "email=Ann%40Example.com");
    EXPECT_EQ(response.status, 302) << host;
    const std::string location(response.headers.Get("location"));
    const std::string_view query = std::string_view(location).substr(location.find('?') + 1);
    return {QueryValue(query, "nonce").value_or(""), QueryValue(query, "state").value_or("")};
  }

  Response Authorized(std::string_view nonce, std::string_view state, std::string_view host) {
    Request request;
    request.target =
        "/cdn-cgi/access/authorized?nonce=" + std::string(nonce) + "&state=" + std::string(state);
    request.headers = {{"host", std::string(host)}};
    AccessPassage passage;
    auto answer = access.Enter(request, "198.51.100.7", note, passage);
    return answer ? std::move(*answer) : Response();
  }
  bool Redeems(std::string_view nonce, std::string_view state, std::string_view host) {
    const Response response = Authorized(nonce, state, host);
    EXPECT_TRUE(response.status == 302 || response.status == 400) << response.status;
    return response.status == 302;
  }
  static std::string TokenIn(const Response& response) {
    const std::string cookie(response.headers.Get("set-cookie"));
    const std::size_t equals = cookie.find('=');
    return cookie.substr(equals + 1, cookie.find(';') - equals - 1);
  }

  const Credentials credentials = AccessCredentials();
  test::SteppedRuntime runtime;
  test::FixedRandom random;
  CancelToken cancel;
  CallNote note;
  Access access{credentials, Site(), runtime, random};
};

TEST_F(AccessFake, AnswersEveryWireCase) {
  for (const auto& wire_case : test::ReadWireCases("access")) {
    Request request = wire_case.request;
    test::ExpectAnswer(access.Handle(request, note, cancel), wire_case);
  }
}

TEST_F(AccessFake, ShipsTheKeysThatProductionKnowsToRefuse) {
  ASSERT_EQ(std::size(kKnownFakeKids), 6u);
  EXPECT_EQ(kKnownFakeKids[0], kCurrentAccessKey.kid);
  EXPECT_EQ(kKnownFakeKids[1], kPreviousAccessKey.kid);
  for (std::size_t i = 0; i < kNextAccessKeyCount; ++i)
    EXPECT_EQ(kKnownFakeKids[2 + i], kNextAccessKeys[i].kid);
  EXPECT_EQ(kKnownFakeKids[5], kWeakAccessKey.kid);
}

TEST_F(AccessFake, MintsAUsersTokenWithTheClaimsOfTheService) {
  Mint mint;
  mint.email = "ann@example.com";
  const std::string token = access.MintToken(mint);
  const Json claims = ClaimsOf(token);
  EXPECT_EQ(claims["aud"], Json::array({credentials.access_aud}));
  EXPECT_EQ(claims["email"], "ann@example.com");
  EXPECT_EQ(claims["iss"], "http://127.0.0.1:8788");
  EXPECT_EQ(claims["type"], "app");
  EXPECT_EQ(claims["iat"], test::kSteppedWallStartMs / 1000);
  EXPECT_EQ(claims["nbf"], claims["iat"]);
  EXPECT_EQ(claims["exp"], test::kSteppedWallStartMs / 1000 + 86'400);
  EXPECT_EQ(claims["country"], "XX");
  EXPECT_EQ(StringAt(claims, "identity_nonce").size(), 16u);
  EXPECT_EQ(StringAt(claims, "sub").size(), 36u);
  EXPECT_FALSE(claims.contains("common_name"));
  const Json again = ClaimsOf(access.MintToken(mint));
  EXPECT_EQ(again["sub"], claims["sub"]) << "one person, one id";
  EXPECT_NE(again["identity_nonce"], claims["identity_nonce"]);
}

TEST_F(AccessFake, MintsAServicesTokenWithTheClaimsOfTheService) {
  Mint mint;
  mint.common_name = credentials.access_client_id;
  const Json claims = ClaimsOf(access.MintToken(mint));
  EXPECT_EQ(claims["common_name"], credentials.access_client_id);
  EXPECT_EQ(claims["sub"], "");
  for (const char* name : {"email", "nbf", "identity_nonce", "country"}) {
    EXPECT_FALSE(claims.contains(name)) << name;
  }
}

TEST_F(AccessFake, ShowsThePickerWithEscapedIdentities) {
  const Response page = Send("GET", LoginTarget(std::string(kHost)));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(note.operation, "access.login");
  EXPECT_NE(page.body.bytes().find("value=\"ann@example.com\""), std::string::npos);
  EXPECT_NE(page.body.bytes().find("&lt;b&gt;@example.com"), std::string::npos);
  EXPECT_EQ(page.body.bytes().find("<b>"), std::string::npos);
  EXPECT_NE(page.body.bytes().find("type=\"email\""), std::string::npos);
}

TEST_F(AccessFake, SendsTheBrowserBackToTheApplicationAndRedeemsOnce) {
  const Response response =
      Send("POST", LoginTarget("Acme.LOCALHOST:8787"), "email=+Ann%40Example.com");
  const std::string location(response.headers.Get("location"));
  EXPECT_EQ(location.rfind("http://acme.localhost:8787/cdn-cgi/access/authorized?nonce=", 0), 0u);
  const WayBack way = Choose();
  const auto login = Authorized(way.nonce, way.state, kHost);
  EXPECT_EQ(login.status, 302);
  EXPECT_EQ(login.headers.Get("location"), "/chat?x=1");
  EXPECT_EQ(ClaimsOf(TokenIn(login))["email"], "ann@example.com");
  EXPECT_FALSE(Redeems(way.nonce, way.state, kHost)) << "a nonce is good once";
}

TEST_F(AccessFake, RedeemsForTheSameHostStateAndFiveMinutesAlone) {
  WayBack way = Choose();
  EXPECT_FALSE(Redeems(way.nonce, way.state, "other.localhost:8787"));
  EXPECT_FALSE(Redeems(way.nonce, way.state, kHost)) << "a wrong try uses it up";
  way = Choose();
  EXPECT_FALSE(Redeems(way.nonce, "state", kHost));
  way = Choose();
  runtime.Advance(std::chrono::minutes(5));
  EXPECT_FALSE(Redeems(way.nonce, way.state, kHost));
  way = Choose();
  runtime.Advance(std::chrono::minutes(5) - std::chrono::milliseconds(1));
  EXPECT_TRUE(Redeems(way.nonce, way.state, kHost));
  EXPECT_FALSE(Redeems("", "", kHost));
}

TEST_F(AccessFake, KeepsABoundedNumberOfLogins) {
  const WayBack first = Choose();
  const WayBack second = Choose();
  for (int i = 0; i < 1023; ++i) Choose();
  EXPECT_FALSE(Redeems(first.nonce, first.state, kHost));
  EXPECT_TRUE(Redeems(second.nonce, second.state, kHost));
}

TEST_F(AccessFake, ForgetsLoginsOnReset) {
  const WayBack way = Choose();
  access.Reset();
  EXPECT_FALSE(Redeems(way.nonce, way.state, kHost));
}

TEST_F(AccessFake, LetsOnlyHostsOfTheApplicationLogIn) {
  for (const char* host : {"localhost", "acme.localhost", "acme.localhost:1", "a.b.localhost:8787",
                           "admin.localhost", "shop.example", "shop.example:8787"}) {
    EXPECT_EQ(Send("GET", LoginTarget(host)).status, 200) << host;
  }
  for (const char* host :
       {"evil.test", "localhost.evil.test", "evillocalhost", "127.0.0.1", "acme.localhost:0",
        "acme.localhost:65536", "acme.localhost:", "acme.localhost:80:80", "acme.localhost@evil",
        "x%2Facme.localhost", "acme.localhost%0d%0ax", "%zz", ""}) {
    EXPECT_EQ(Send("GET", LoginTarget(host)).status, 400) << host;
    EXPECT_EQ(Send("POST", LoginTarget(host), "email=a%40b.test").status, 400) << host;
  }
}

TEST_F(AccessFake, SendsNobodyToAnotherSite) {
  for (const char* path : {"//evil.test", "/\\evil.test", "http://evil.test", "evil", "",
                           "/\t/evil.test", "/\r\nx: y", "/a b", "/\xc3\xa9"}) {
    EXPECT_EQ(Send("GET", LoginTarget(std::string(kHost), path)).status, 400) << path;
  }
  EXPECT_EQ(Send("GET", LoginTarget(std::string(kHost), "/" + std::string(5000, 'a'))).status, 400);
  EXPECT_EQ(Send("GET", LoginTarget(std::string(kHost), "/")).status, 200);
  EXPECT_EQ(Send("GET", LoginTarget(std::string(kHost), "/a//b")).status, 200);
}

TEST_F(AccessFake, RefusesAWrongKidAndAnEmailThatIsNone) {
  const std::string host(kHost);
  EXPECT_EQ(Send("GET", "/cdn-cgi/access/login/" + host + "?kid=b").status, 400);
  EXPECT_EQ(Send("GET", "/cdn-cgi/access/login/" + host).status, 400);
  for (const char* form :
       {"", "email=", "email=ann", "email=%40x", "email=a%40", "mail=a%40b.test", "email=a%40b%40c",
        "email=a%0a%40b.test", "email=a+b%40c.test", "email=%ff%40b.test", "email=%zz"}) {
    EXPECT_EQ(Send("POST", LoginTarget(host), form).status, 400) << form;
  }
  EXPECT_EQ(Send("POST", LoginTarget(host), std::string(20'000, 'x')).status, 400);
  EXPECT_EQ(Send("DELETE", LoginTarget(host)).status, 405);
}

TEST_F(AccessFake, TellsTheIdentityBehindItsOwnTokensAlone) {
  Mint mint;
  mint.email = "ann@example.com";
  const std::string token = access.MintToken(mint);
  const auto identity = ParseJson(access.IdentityJson(token));
  ASSERT_TRUE(identity);
  EXPECT_EQ(StringAt(*identity, "email"), "ann@example.com");
  const Response page =
      Send("GET", "/cdn-cgi/access/get-identity", "", {{"cookie", "CF_Authorization=" + token}});
  EXPECT_EQ(page.status, 200);
  Mint of_service;
  of_service.common_name = credentials.access_client_id;
  EXPECT_EQ(StringAt(*ParseJson(access.IdentityJson(access.MintToken(of_service))), "common_name"),
            credentials.access_client_id);
  EXPECT_EQ(access.IdentityJson(token.substr(0, token.size() - 8) + "AAAAAAAA"), "");
  EXPECT_EQ(access.IdentityJson("a.b.c"), "");
  EXPECT_EQ(access.IdentityJson(""), "");
  runtime.Advance(std::chrono::hours(24));
  EXPECT_EQ(access.IdentityJson(token), "");
}

TEST_F(AccessFake, SignsOutAndRefusesWhatItDoesNotDo) {
  const Response out = Send("GET", "/cdn-cgi/access/logout");
  EXPECT_EQ(out.status, 200);
  EXPECT_NE(out.headers.Get("set-cookie").find("Max-Age=0"), std::string_view::npos);
  const Response gap = Send("GET", "/cdn-cgi/access/cli?token=x");
  EXPECT_EQ(gap.status, 501);
  EXPECT_EQ(gap.headers.Get(kGapHeader), "access.cli");
  EXPECT_EQ(Send("GET", "/cdn-cgi/access/nonsense").status, 404);
  EXPECT_EQ(Send("GET", "/").status, 404);
  EXPECT_EQ(Send("POST", "/cdn-cgi/access/certs").status, 405);
}

}  // namespace
}  // namespace mg::fake
