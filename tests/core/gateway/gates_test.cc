#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/gateway/client_address.h"
#include "tests/support/world.h"

namespace mg::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string CodeOf(const Response& response) {
  auto json = ParseJson(response.body.bytes());
  if (!json) return "not JSON: " + response.body.bytes();
  const Json* error = Find(*json, "error");
  return error != nullptr && error->is_object() ? StringAt(*error, "code")
                                                : StringAt(*json, "code");
}

// Everything a client may compare; the date and the ids of one answer are left out.
std::string Comparable(Response response) {
  std::string text = std::to_string(response.status) + "\n";
  for (const Headers::Line& line : response.headers.lines()) {
    if (line.name == "x-request-id" || line.name == "cf-ray" ||
        line.name.find("ratelimit") != std::string::npos)
      continue;
    text += line.name + ": " + line.value + "\n";
  }
  return text + response.body.bytes();
}

TEST(HostGate, RefusesWhatCannotBeAHostBeforeAnyLookUp) {
  World w;
  const int calls = w.transport.calls();
  for (const char* host :
       {"<script>.x", "a_b.localhost", "a%2e.localhost", "a..localhost", ".localhost", ""}) {
    EXPECT_EQ(w.Get(std::string(host) + (*host ? "" : " "), "/api/status").status, 400) << host;
  }
  EXPECT_EQ(w.transport.calls(), calls);
}

TEST(HostGate, LetsAProbeByAddressAskForHealth) {
  World w;
  EXPECT_EQ(w.Get("127.0.0.1:8787", "/sandbox-health").status, 200);
  Request odd;  // the edge would not let it through
  odd.target = "/sandbox-health";
  odd.headers.Set("host", "<script>.x");
  EXPECT_EQ(
      w.assembly.gateway().public_listener().Handle(odd, Peer{"127.0.0.1", false}, w.cancel).status,
      200);
}

TEST(RouteGate, KeepsOperatorPathsOffTenantHostsAndTenantPathsOffTheOperatorHost) {
  World w;
  w.AddTenant("acme");
  for (const char* path : {"/_admin/", "/api/admin/tenants", "/debug/env",
                           "/internal/model/v1/chat/completions", "/v1/other"}) {
    EXPECT_EQ(w.Get("acme", path).status, 404) << path;
  }
  for (const char* path : {"/", "/api/status", "/v1/models", "/debug/env"}) {
    EXPECT_EQ(w.Get("admin.localhost", path).status, 404) << path;
  }
  EXPECT_EQ(w.agents.starts(), 0);
}

TEST(RouteGate, NamesTheMethodsThatAPathAccepts) {
  World w;
  w.AddTenant("acme");
  const Response refused = w.Get("acme", "/v1/chat/completions");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.Get("allow"), "POST");
  EXPECT_EQ(CodeOf(refused), "method_not_allowed");
  EXPECT_EQ(w.Send("DELETE", "acme", "/api/status").headers.Get("allow"), "GET, HEAD");
}

TEST(BindingsGate, NamesWhatTheRouteNeedsInDevMode) {
  World w([](Settings& s) {
    s.dev_mode = true;
    s.bindings.kv.reset();
  });
  const Response refused = w.Get("acme", "/api/status");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body.bytes(), HasSubstr(R"("missing":["TENANT_KV"])"));
  EXPECT_EQ(w.Get("acme", "/sandbox-health").status, 200);
}

TEST(RouteGate, AnswersAHeadWhereItAnswersAGetAndNowhereElse) {
  World w;
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  const Headers bearer{{"authorization", "Bearer " + key}};
  EXPECT_EQ(w.Send("HEAD", "acme", "/v1/models", bearer).status, 200);
  EXPECT_EQ(w.Admin("HEAD", "/api/admin/tenants").status, 200);
  EXPECT_EQ(w.Admin("HEAD", "/api/admin/tenants/acme").status, 200);
  const Response refused = w.Send("HEAD", "acme", "/v1/chat/completions", bearer);
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.Get("allow"), "POST");
}

TEST(StartGate, AnswersEveryRequestUnderStartupGateRespond) {
  World w([](Settings& s) {
    s.environment = Environment::kProduction;
    s.startup_gate_responds = true;
    s.bindings.bucket.reset();
  });
  const Response json = w.Get("acme", "/api/status");
  EXPECT_EQ(json.status, 503);
  EXPECT_THAT(json.body.bytes(), HasSubstr("MOLTBOT_BUCKET"));
  const Response html = w.Get("acme", "/", {{"accept", "text/html"}});
  EXPECT_EQ(html.status, 503);
  EXPECT_THAT(std::string(html.headers.Get("content-type")), StartsWith("text/html"));
}

TEST(StartGate, AnswersBeforeAnyoneLooksAtHostPathOrMethod) {
  World w([](Settings& s) {
    s.environment = Environment::kProduction;
    s.startup_gate_responds = true;
    s.bindings.bucket.reset();
  });
  EXPECT_EQ(w.Get("not_a_host.localhost", "/").status, 503);
  EXPECT_EQ(w.Get("admin.localhost", "/no/such/path").status, 503);
  EXPECT_EQ(w.Send("DELETE", "acme", "/api/status").status, 503);
  EXPECT_EQ(w.Get("acme", "/sandbox-health").status, 503);
  const Response model = w.Internal("st_any", "{}");
  EXPECT_EQ(model.status, 503);
  EXPECT_THAT(model.body.bytes(), HasSubstr("MOLTBOT_BUCKET"));
}

TEST(AbuseGate, StopsGuessingWithoutAStorageCallAndForgivesInTheNextWindow) {
  World w([](Settings& s) { s.limits.failure_budget_max = 3; });
  w.AddTenant("acme");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(w.Get("nobody" + std::to_string(i), "/api/status").status, 404);
  const int calls = w.transport.calls();
  const Response refused = w.Get("acme", "/api/status");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(CodeOf(refused), "too_many_failures");
  EXPECT_EQ(w.transport.calls(), calls);
  w.client_address = "203.0.113.8";
  EXPECT_EQ(w.Get("acme", "/api/status").status, 200) << "another address has its own budget";
  w.client_address = "203.0.113.7";
  w.Advance(seconds(60));
  EXPECT_EQ(w.Get("acme", "/api/status").status, 200);
}

TEST(AbuseGate, CountsAnIpv6ClientByItsNetwork) {
  World w([](Settings& s) { s.limits.failure_budget_max = 1; });
  w.client_address = "2001:db8:1:2::1";
  EXPECT_EQ(w.Get("nobody", "/api/status").status, 404);
  w.client_address = "2001:db8:1:2:ffff::9";
  EXPECT_EQ(w.Get("nobody", "/api/status").status, 429);
  w.client_address = "2001:db8:1:3::1";
  EXPECT_EQ(w.Get("nobody", "/api/status").status, 404);
}

TEST(TenantGate, AnswersUnknownHostSlugAndDeletedTenantAlike) {
  World w;
  w.AddTenant("gone");
  ASSERT_EQ(w.Get("gone", "/api/status").status, 200);
  ASSERT_TRUE(w.registry().DeleteTenant("gone", "test", w.cancel));
  w.FollowChanges();
  const std::string unknown = Comparable(w.Get("nobody", "/api/status"));
  EXPECT_EQ(Comparable(w.Get("gone", "/api/status")), unknown);
  EXPECT_EQ(Comparable(w.Get("nobody.example.com", "/api/status")), unknown);
  EXPECT_EQ(Comparable(w.Get("127.0.0.1", "/api/status")), unknown);
  EXPECT_THAT(unknown, StartsWith("404"));
  EXPECT_EQ(w.log.Events("resolution_failure").back().Field("client"), "203.0.113.7");
}

TEST(TenantGate, AFailingRegistryIsNotAMissingTenant) {
  World w;
  w.AddTenant("acme");
  w.transport.before = [](int, const Request&) { return Error{Code::kUnavailable, "down", true}; };
  const Response refused = w.Get("acme", "/api/status");
  EXPECT_EQ(refused.status, 503);
  EXPECT_FALSE(refused.headers.Get("retry-after").empty());
}

TEST(AccessGate, SaysInEveryAnswerThatAccessIsRelaxed) {
  World strict;
  EXPECT_FALSE(strict.Get("acme", "/sandbox-health").headers.Has("x-moltgate-dev-mode"));
  for (bool Settings::*mode : {&Settings::dev_mode, &Settings::e2e_test_mode}) {
    World relaxed([mode](Settings& s) { s.*mode = true; });
    EXPECT_EQ(relaxed.Get("acme", "/sandbox-health").headers.Get("x-moltgate-dev-mode"), "true");
    EXPECT_EQ(relaxed.Get("admin.localhost", "/api/admin/models").status, 200);
  }
}

TEST(TenantGate, TheOverrideHeaderCountsInDevModeAlone) {
  World production;
  production.AddTenant("acme");
  EXPECT_EQ(production.Get("nobody", "/api/status", {{"x-tenant-override", "acme"}}).status, 404);
  World dev([](Settings& s) { s.dev_mode = true; });
  dev.AddTenant("acme");
  EXPECT_EQ(dev.Get("nobody", "/api/status", {{"x-tenant-override", "ACME"}}).status, 200);
  EXPECT_EQ(dev.Get("nobody", "/api/status", {{"x-tenant-override", "../x"}}).status, 404);
  EXPECT_EQ(dev.log.Events("tenant_override_ignored").size(), 1u);
}

TEST(TenantGate, RefusesATenantWhoseStoredIdentityIsNotTheDerivedOne) {
  World w;
  w.AddTenant("acme");
  w.Rows("UPDATE tenants SET sandbox_id = 'sk-0000000000000000'");
  const Response refused = w.Get("acme", "/api/status");
  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(CodeOf(refused), "sandbox_identity_mismatch");
}

TEST(AddressGate, RefusesTheThirdRequestOfAMinuteAndForgivesInTheNext) {
  World w([](Settings& s) { s.limits.public_max = 2; });
  w.AddTenant("acme");
  w.AddTenant("other");
  EXPECT_EQ(w.Get("acme", "/api/status").headers.Get("x-ratelimit-remaining"), "1");
  EXPECT_EQ(w.Get("acme", "/api/status").headers.Get("ratelimit"), "\"public\";r=0;t=60");
  const Response refused = w.Get("acme", "/api/status");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.Get("ratelimit-policy"), "\"public\";q=2;w=60");
  EXPECT_EQ(refused.headers.Get("ratelimit"), "\"public\";r=0;t=60");
  EXPECT_EQ(refused.headers.Get("retry-after"), "60");
  EXPECT_THAT(refused.body.bytes(), HasSubstr(R"("limit":2)"));
  EXPECT_THAT(refused.body.bytes(), HasSubstr(R"("retryAfterSeconds":60)"));
  EXPECT_EQ(w.Get("other", "/api/status").status, 200) << "LIM-8";
  w.Advance(seconds(60));
  EXPECT_EQ(w.Get("acme", "/api/status").status, 200);
}

TEST(AccessGate, SendsABrowserToTheLoginAndRefusesAProgram) {
  World w;
  w.AddTenant("acme");
  const Response browser = w.Get("acme", "/page?x=1", {{"accept", "text/html"}});
  EXPECT_EQ(browser.status, 302);
  EXPECT_EQ(browser.headers.Get("location"),
            std::string(kApiOrigin) + "/cdn-cgi/access/login/acme.localhost:8787?kid=" +
                w.credentials.access_aud + "&redirect_url=%2Fpage%3Fx%3D1");
  const Response program = w.Get("acme", "/page");
  EXPECT_EQ(program.status, 403);
  EXPECT_EQ(CodeOf(program), "access_denied");
}

TEST(AccessGate, BelievesOnlyATokenForThisApplicationThatHasNotExpired) {
  World w;
  w.AddTenant("acme");
  w.AddMember("acme", "ann@example.com");
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", w.Cookie("ann@example.com")}}).status, 200);
  fake::Mint expired, elsewhere;
  expired.email = elsewhere.email = "ann@example.com";
  expired.expired = elsewhere.wrong_audience = true;
  for (const fake::Mint& mint : {expired, elsewhere}) {
    EXPECT_EQ(
        w.Get("acme", "/x", {{"cookie", "CF_Authorization=" + w.access.MintToken(mint)}}).status,
        403);
  }
  EXPECT_EQ(w.Get("acme", "/x", {{"cf-access-authenticated-user-email", "ann@example.com"}}).status,
            403)
      << "ACC-3";
}

TEST(AccessGate, RefusesAnUnsafeCallFromAnotherSitesPage) {
  World w;
  w.AddTenant("acme");
  const Response refused = w.Send("POST", "admin.localhost", "/api/admin/tenants",
                                  {{"cookie", w.Cookie(kOperator)},
                                   {"content-type", "application/json"},
                                   {"origin", "http://evil.example"}},
                                  R"({"slug":"x"})");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(CodeOf(refused), "wrong_origin");
}

TEST(MemberGate, OpensATenantsAgentToItsMembersAndToOperatorsAlone) {
  World w;
  w.AddTenant("acme");
  w.AddTenant("other");
  w.AddMember("acme", "Ann@Example.com");
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", w.Cookie("ann@example.com")}}).status, 200);
  EXPECT_EQ(w.Get("other", "/x", {{"cookie", w.Cookie("ann@example.com")}}).status, 403) << "ACC-8";
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", w.Cookie("eve@example.com")}}).status, 403);
  EXPECT_EQ(w.Get("acme", "/x", {{"cookie", w.Cookie(kOperator)}}).status, 200);
  EXPECT_EQ(
      w.Get("admin.localhost", "/api/admin/tenants", {{"cookie", w.Cookie("ann@example.com")}})
          .status,
      403);
}

TEST(KeyGate, RefusesAWrongKeyAndAnotherTenantsKeyInOpenAisShape) {
  World w;
  w.AddTenant("acme");
  w.AddTenant("other");
  const std::string acme = w.AddKey("acme");
  const std::string other = w.AddKey("other");
  EXPECT_EQ(w.Chat("acme", acme, "2+2").status, 200);
  for (const std::string& wrong : {std::string("mk_wrong"), other, std::string()}) {
    const Response refused = w.Chat("acme", wrong, "2+2");
    EXPECT_EQ(refused.status, 401);
    EXPECT_THAT(refused.body.bytes(), HasSubstr(R"("code":"invalid_api_key")"));
    EXPECT_THAT(refused.body.bytes(), HasSubstr(R"("param":null)"));
  }
}

TEST(KeyGate, ARevokedKeyIsRefusedOnceTheChangeIsSeen) {
  World w;
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  ASSERT_EQ(w.Chat("acme", key, "2+2").status, 200);
  const auto keys = w.registry().ListKeys("acme", w.cancel);
  ASSERT_TRUE(keys);
  ASSERT_TRUE(w.registry().RevokeKey("acme", keys->front().id, "test", w.cancel));
  w.FollowChanges();
  EXPECT_EQ(w.Chat("acme", key, "2+2").status, 401);
}

TEST(QuotaGate, AdmitsExactlyTheLimitHoweverConcurrentTheBurst) {
  World w;
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme");
  std::atomic<int> admitted{0}, refused{0}, other{0}, with_headers{0};
  std::vector<std::thread> clients;
  std::atomic<int> next{0};
  for (int i = 0; i < 64; ++i) {
    clients.emplace_back([&] {
      while (next++ < 200) {
        const Response response = w.Chat("acme", key, "1+1");
        ++(response.status == 200 ? admitted : response.status == 429 ? refused : other);
        if (response.headers.Get("x-ratelimit-limit") == "60" &&
            response.headers.Has("x-ratelimit-remaining") &&
            response.headers.Has("x-ratelimit-reset")) {
          ++with_headers;
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(admitted, 60);
  EXPECT_EQ(refused, 140);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(with_headers, 200);
}

TEST(QuotaGate, KeepsTenantsAndKeysInATableThatNoAddressCanFill) {
  World w;
  w.AddTenant("acme");
  const std::string key = w.AddKey("acme", 10);
  for (int i = 0; i < 100; ++i) {
    w.client_address = "2001:db8:" + std::to_string(i) + "::1";
    w.Get("nobody", "/");
    w.Get("acme", "/api/status");
  }
  EXPECT_EQ(w.assembly.services().address_limiter.EntryCount(), 200u);
  EXPECT_EQ(w.assembly.services().limiter.EntryCount(), 0u);
  EXPECT_EQ(w.Chat("acme", key, "hello").status, 200);
  EXPECT_EQ(w.assembly.services().limiter.EntryCount(), 2u);
}

TEST(QuotaGate, TakesTheKeysLimitTogetherWithTheTenants) {
  World w;
  w.AddTenant("acme");
  const std::string small = w.AddKey("acme", 1);
  const std::string free = w.AddKey("acme");
  EXPECT_EQ(w.Chat("acme", small, "1+1").headers.Get("x-ratelimit-limit"), "1");
  const Response refused = w.Chat("acme", small, "1+1");
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(refused.body.bytes(), HasSubstr("rate_limit_error"));
  EXPECT_EQ(w.Chat("acme", free, "1+1").headers.Get("x-ratelimit-remaining"), "58")
      << "the refused request took nothing from the tenant";
}

TEST(BodyGate, NamesWhatIsWrongWithABody) {
  World w;
  w.AddTenant("acme");
  const std::string key = "Bearer " + w.AddKey("acme");
  const auto post = [&](const std::string& type, const std::string& body) {
    return w.Send("POST", "acme", "/v1/chat/completions",
                  {{"authorization", key}, {"content-type", type}}, body);
  };
  EXPECT_EQ(post("text/plain", "{}").status, 415);
  const Response malformed = post("application/json", R"({"messages": [})");
  EXPECT_EQ(malformed.status, 400);
  EXPECT_EQ(CodeOf(malformed), "malformed_json");
  EXPECT_EQ(post("application/json; charset=utf-8", "[]").status, 400);
  EXPECT_EQ(post("application/json", "{\"a\":\"" + std::string(8 << 20, 'x') + "\"}").status, 413);
  EXPECT_EQ(CodeOf(post("application/json", R"({"messages":[]})")), "invalid_input");
}

TEST(ClientAddress, BelievesTheHeaderFromTheTrustedEdgeAlone) {
  Request request;
  request.headers = {{"cf-connecting-ip", "198.51.100.9"}, {"x-forwarded-for", "192.0.2.1"}};
  EXPECT_EQ(ClientAddress(request, {"10.0.0.1", false}, {}), "10.0.0.1");
  EXPECT_EQ(ClientAddress(request, {"10.0.0.1", true}, {}), "198.51.100.9");
  EXPECT_EQ(ClientAddress(request, {"10.0.0.1", false}, {"10.0.0.0/8"}), "198.51.100.9");
  EXPECT_EQ(ClientAddress(request, {"11.0.0.1", false}, {"10.0.0.0/8"}), "11.0.0.1");
  request.headers.Set("cf-connecting-ip", "not an address");
  EXPECT_EQ(ClientAddress(request, {"10.0.0.1", true}, {}), "10.0.0.1");
}

}  // namespace
}  // namespace mg::test
