#include "core/gateway/routes/agent_headers.h"

#include <gtest/gtest.h>

#include <string>

namespace mg {
namespace {

class ForAgentTest : public testing::Test {
 protected:
  Request Sent() {
    Exchange exchange(request, peer, nobody, Listener::kPublic);
    exchange.client_address = "203.0.113.7";
    exchange.identity = Identity{"ann@example.com", false};
    return ForAgent(exchange, "http://127.0.0.1:18789", "agent-token");
  }

  Request request;
  Peer peer;
  CancelToken nobody;
};

TEST_F(ForAgentTest, KeepsWhatTheCallerSaysToTheAgent) {
  request.method = "PUT";
  request.target = "/a%2Fb?x=1";
  request.headers = {{"host", "acme.localhost"},
                     {"Accept-Language", "de"},
                     {"X-Own", "1"},
                     {"X-Own", "2"},
                     {"x-forwarded-proto", "https"}};
  request.body = "bytes";
  const Request sent = Sent();
  EXPECT_EQ(sent.method, "PUT");
  EXPECT_EQ(sent.target, "/a%2Fb?x=1");
  EXPECT_EQ(sent.body.bytes(), "bytes");
  EXPECT_EQ(sent.headers.Get("accept-language"), "de");
  EXPECT_EQ(sent.headers.Count("x-own"), 2u);
  EXPECT_EQ(sent.headers.Get("x-forwarded-proto"), "https");
}

TEST_F(ForAgentTest, SaysItselfWhoAsksAndFromWhere) {
  request.headers = {{"host", "acme.localhost:8787"},      {"X-Forwarded-For", "198.51.100.1"},
                     {"x-forwarded-host", "evil.example"}, {"X-Moltgate-User", "root@example.com"},
                     {"authorization", "Bearer mine"},     {"x-forwarded-proto", "gopher"}};
  const Request sent = Sent();
  EXPECT_EQ(sent.headers.GetAll("x-forwarded-for"), std::vector<std::string_view>{"203.0.113.7"});
  EXPECT_EQ(sent.headers.GetAll("x-forwarded-host"),
            std::vector<std::string_view>{"acme.localhost:8787"});
  EXPECT_EQ(sent.headers.GetAll("x-moltgate-user"),
            std::vector<std::string_view>{"ann@example.com"});
  EXPECT_EQ(sent.headers.GetAll("authorization"),
            std::vector<std::string_view>{"Bearer agent-token"});
  EXPECT_FALSE(sent.headers.Has("x-forwarded-proto"));
}

TEST_F(ForAgentTest, DropsWhatIsForTheGatewayOrForOneConnection) {
  for (const char* name : {"Connection",
                           "Keep-Alive",
                           "Proxy-Connection",
                           "Proxy-Authorization",
                           "TE",
                           "Trailer",
                           "Transfer-Encoding",
                           "Upgrade",
                           "Expect",
                           "X-Tenant-Override",
                           "Cf-Access-Jwt-Assertion",
                           "CF-Access-Client-Id",
                           "CF-Access-Client-Secret",
                           "Cf-Access-Authenticated-User-Email",
                           "cf-access-token",
                           "CF-Connecting-IP",
                           "CF-Connecting-IPv6",
                           "True-Client-IP",
                           "X-Real-IP",
                           "Forwarded",
                           "X-Forwarded-Port",
                           "X-Original-URL",
                           "X-Rewrite-URL",
                           "X-Moltgate-Probe",
                           "X_Tenant_Override",
                           "X_Forwarded_For",
                           "Cf_Access_Jwt_Assertion",
                           "x_moltgate_user"}) {
    request.headers = {{"host", "acme.localhost"}, {name, "value"}};
    const Request sent = Sent();
    for (const Headers::Line& line : sent.headers.lines()) {
      EXPECT_NE(line.value, "value") << line.name;
    }
  }
}

TEST_F(ForAgentTest, DropsWhatConnectionNames) {
  request.headers = {{"host", "acme.localhost"},
                     {"connection", "close, X-One"},
                     {"connection", "x-two ,"},
                     {"x-one", "1"},
                     {"X-Two", "2"},
                     {"x-three", "3"}};
  const Request sent = Sent();
  EXPECT_FALSE(sent.headers.Has("x-one"));
  EXPECT_FALSE(sent.headers.Has("x-two"));
  EXPECT_EQ(sent.headers.Get("x-three"), "3");
}

TEST_F(ForAgentTest, DropsTheCookiesOfAccessAlone) {
  request.headers = {{"host", "acme.localhost"},
                     {"cookie", "a=1; CF_Authorization=eyJ; b=2"},
                     {"cookie", "CF_AppSession=x;c=3; CF_Binding=y"}};
  EXPECT_EQ(Sent().headers.GetAll("cookie"), std::vector<std::string_view>{"a=1; b=2; c=3"});
  request.headers = {{"host", "acme.localhost"}, {"cookie", "CF_Authorization=eyJ"}};
  EXPECT_FALSE(Sent().headers.Has("cookie"));
}

TEST(ForCaller, DropsWhatIsOfOneConnectionOrTheGatewaysWord) {
  const Headers answered{{"content-type", "text/html"},
                         {"connection", "X-Hop"},
                         {"x-hop", "1"},
                         {"keep-alive", "timeout=5"},
                         {"proxy-authenticate", "Basic"},
                         {"transfer-encoding", "chunked"},
                         {"x-moltgate-dev-mode", "true"},
                         {"x-request-id", "forged"},
                         {"etag", "\"1\""}};
  const Headers kept = ForCaller(answered);
  ASSERT_EQ(kept.lines().size(), 2u);
  EXPECT_EQ(kept.Get("content-type"), "text/html");
  EXPECT_EQ(kept.Get("etag"), "\"1\"");
}

TEST(ForCaller, KeepsCookiesOnTheirHost) {
  const Headers kept = ForCaller({{"set-cookie", "a=1; Domain=localhost; Path=/; HttpOnly"},
                                  {"set-cookie", "CF_Authorization=forged"},
                                  {"set-cookie", "=CF_Authorization=forged"},
                                  {"set-cookie", "b=2"}});
  EXPECT_EQ(kept.GetAll("set-cookie"),
            (std::vector<std::string_view>{"a=1; Path=/; HttpOnly", "b=2"}));
}

}  // namespace
}  // namespace mg
