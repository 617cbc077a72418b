#include "core/config/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config/value_checks.h"

namespace mg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Settings WellConfigured() {
  Settings s;
  s.app_domain = "example.com";
  s.operator_host = "admin.example.com";
  s.operators = {"ops@example.com", "1234.access"};
  s.gateway_token = "0123456789abcdef";
  const std::string api_base = "https://api.cloudflare.com/client/v4";
  s.bindings.bucket = R2Binding{"https://acc.r2.cloudflarestorage.com", "files", "key-id", "key"};
  s.bindings.db = D1Binding{api_base, "acc", "database", "token"};
  s.bindings.kv = KvBinding{api_base, "acc", "namespace", "token"};
  s.access.team_url = "https://team.cloudflareaccess.com";
  s.access.certs_url = s.access.team_url + "/cdn-cgi/access/certs";
  s.access.audiences = {"aud-1"};
  s.ai_gateway.base = "https://gateway.ai.cloudflare.com/v1/acc/gw";
  s.ai_gateway.account_id = "acc";
  s.ai_gateway.gateway_id = "gw";
  s.ai_gateway.api_key = s.ai_gateway.workers_ai_token = "ai-key";
  return s;
}

std::vector<std::string> NamesOf(const Settings& settings) {
  std::vector<std::string> names;
  for (const SettingProblem& problem : CheckSettings(settings)) {
    EXPECT_FALSE(problem.what.empty()) << problem.name;
    EXPECT_FALSE(problem.how.empty()) << problem.name;
    names.push_back(problem.name);
  }
  return names;
}

// The one problem there is, in words.
std::string Only(const Settings& settings) {
  const auto problems = CheckSettings(settings);
  if (problems.size() != 1) return std::to_string(problems.size()) + " problems";
  return problems[0].name + " " + problems[0].what;
}

TEST(CheckSettings, FindsNothingInACompleteConfiguration) {
  EXPECT_THAT(NamesOf(WellConfigured()), IsEmpty());
  EXPECT_THAT(MissingBindings(WellConfigured()), IsEmpty());
}

TEST(CheckSettings, NamesEverythingThatProductionLacksAtOnceAndInOrder) {
  EXPECT_THAT(
      NamesOf(Settings{}),
      ElementsAre("MOLTBOT_BUCKET", "TENANT_DB", "TENANT_KV", "APP_DOMAIN", "MOLTBOT_GATEWAY_TOKEN",
                  "CF_ACCESS_TEAM_DOMAIN", "CF_ACCESS_AUD", "CF_AI_GATEWAY_ACCOUNT_ID",
                  "CF_AI_GATEWAY_GATEWAY_ID", "CLOUDFLARE_AI_GATEWAY_API_KEY"));
  EXPECT_THAT(MissingBindings(Settings{}), ElementsAre("MOLTBOT_BUCKET", "TENANT_DB", "TENANT_KV"));
}

TEST(CheckSettings, MarksMissingBindingsAndSaysHowToSetThem) {
  Settings s = WellConfigured();
  s.bindings.kv.reset();
  const auto problems = CheckSettings(s);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems[0].missing_binding);
  EXPECT_EQ(problems[0].what, "is not configured");
  EXPECT_THAT(problems[0].how, HasSubstr("KV_NAMESPACE_ID"));
  EXPECT_THAT(MissingBindings(s), ElementsAre("TENANT_KV"));
}

TEST(CheckSettings, NeedsTheBindingsInDevelopmentTooUnlessDevModeIsOn) {
  Settings s;
  s.environment = Environment::kDevelopment;
  EXPECT_THAT(NamesOf(s), ElementsAre("MOLTBOT_BUCKET", "TENANT_DB", "TENANT_KV"));
  s.dev_mode = true;
  EXPECT_THAT(NamesOf(s), IsEmpty());
  EXPECT_THAT(MissingBindings(s), ElementsAre("MOLTBOT_BUCKET", "TENANT_DB", "TENANT_KV"));
}

TEST(CheckSettings, NeedsTheCredentialsThatRealBindingsName) {
  Settings s = WellConfigured();
  s.environment = Environment::kTest;
  s.bindings.bucket->access_key_id.clear();
  s.bindings.bucket->secret_access_key.clear();
  s.bindings.db->api_token.clear();
  s.bindings.kv->api_token.clear();
  EXPECT_THAT(NamesOf(s),
              ElementsAre("R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "CLOUDFLARE_API_TOKEN"));
  s.dev_mode = true;
  EXPECT_THAT(NamesOf(s), IsEmpty());
}

TEST(CheckSettings, RefusesHalfABindingEvenInDevMode) {
  Settings s = WellConfigured();
  s.environment = Environment::kDevelopment;
  s.dev_mode = true;
  s.bindings.bucket->bucket.clear();
  s.bindings.bucket->endpoint = "acc.r2.cloudflarestorage.com";
  s.bindings.db->database_id.clear();
  s.bindings.kv->account_id.clear();
  s.bindings.kv->api_base = "https://api.cloudflare.com";
  EXPECT_THAT(NamesOf(s), ElementsAre("MOLTBOT_BUCKET", "MOLTBOT_BUCKET", "TENANT_DB", "TENANT_KV",
                                      "TENANT_KV"));
}

TEST(CheckSettings, RefusesTheRelaxedModesInProductionAndStillNamesTheRest) {
  Settings s = WellConfigured();
  s.dev_mode = true;
  s.e2e_test_mode = true;
  s.bindings.db.reset();
  EXPECT_THAT(NamesOf(s), ElementsAre("DEV_MODE", "E2E_TEST_MODE", "TENANT_DB"));
  s.environment = Environment::kTest;
  EXPECT_THAT(NamesOf(s), IsEmpty());
}

TEST(CheckSettings, HoldsTheCacheTimeToKvsFloor) {
  Settings s = WellConfigured();
  s.tenant_cache_ttl_seconds = 60;
  EXPECT_THAT(NamesOf(s), IsEmpty());
  s.tenant_cache_ttl_seconds = 59;
  EXPECT_EQ(Only(s), "TENANT_CACHE_TTL_SECONDS must be at least 60; it is 59");
  EXPECT_EQ(CheckSettings(s)[0].how,
            "set TENANT_CACHE_TTL_SECONDS, or \"tenant_cache_ttl_seconds\" in the profile, to a "
            "whole number from 60 to 86400");
}

TEST(CheckSettings, HoldsEveryLimitInItsRange) {
  Settings s = WellConfigured();
  s.limits = LimitSettings{0, 0, 0, 0, 0, -1, 0};
  s.tenant_stale_seconds = -1;
  EXPECT_THAT(NamesOf(s), ElementsAre("TENANT_STALE_SECONDS", "PUBLIC_RATE_LIMIT_MAX",
                                      "PUBLIC_RATE_LIMIT_WINDOW_SECONDS", "limits.free_per_minute",
                                      "limits.premium_per_minute", "limits.enterprise_per_minute",
                                      "FAILURE_BUDGET_MAX", "FAILURE_BUDGET_WINDOW_SECONDS"));
  s = WellConfigured();
  s.limits.failure_budget_max = 0;  // switched off
  EXPECT_THAT(NamesOf(s), IsEmpty());
  s.limits.public_window_seconds = 86'401;
  EXPECT_EQ(Only(s), "PUBLIC_RATE_LIMIT_WINDOW_SECONDS must be at most 86400; it is 86401");
}

TEST(CheckSettings, WantsTwoAttemptsWhereThereIsAFallback) {
  Settings s = WellConfigured();
  s.models.premium.attempts = 1;
  EXPECT_EQ(Only(s), "models.premium.attempts must be at least 2; it is 1");
  s.models.premium.fallback.clear();
  EXPECT_THAT(NamesOf(s), IsEmpty());
  s.models.premium.attempts = 0;
  EXPECT_EQ(Only(s), "models.premium.attempts must be at least 1; it is 0");
}

TEST(CheckSettings, WantsModelsWithNamesAndTimeLimits) {
  Settings s = WellConfigured();
  s.models.free.primary.clear();
  s.models.free.first_byte_ms = 0;
  s.models.premium.fallback = "two words";
  s.models.premium.fallback_first_byte_ms = 0;
  s.models.override_primary = "two words";
  EXPECT_THAT(
      NamesOf(s),
      ElementsAre("models.free.primary", "models.free.first_byte_ms", "models.premium.fallback",
                  "models.premium.fallback_first_byte_ms", "CF_AI_GATEWAY_MODEL"));
}

TEST(CheckSettings, NeedsARouteForTheDynamicStrategy) {
  Settings s = WellConfigured();
  s.ai_gateway.strategy = AiStrategy::kDynamic;
  EXPECT_EQ(Only(s), "AIG_DYNAMIC_ROUTE is not set, and the dynamic strategy needs it");
  s.ai_gateway.dynamic_route = "two words";
  EXPECT_EQ(Only(s), "AIG_DYNAMIC_ROUTE is not the name of a route");
  s.ai_gateway.dynamic_route = "tiers";
  EXPECT_THAT(NamesOf(s), IsEmpty());
}

TEST(CheckSettings, BoundsTheLongestStream) {
  Settings s = WellConfigured();
  s.models.stream_max_seconds = 0;
  EXPECT_EQ(Only(s), "STREAM_MAX_SECONDS must be at least 1; it is 0");
}

TEST(CheckSettings, ChecksAModelMapByItself) {
  EXPECT_THAT(CheckModelMap(ModelMap()), IsEmpty());
  ModelMap map;
  map.premium.attempts = 1;
  ASSERT_EQ(CheckModelMap(map).size(), 1u);
  EXPECT_EQ(CheckModelMap(map)[0].name, "models.premium.attempts");
}

TEST(CheckSettings, RefusesMalformedNamesInEveryEnvironment) {
  Settings s = WellConfigured();
  s.environment = Environment::kDevelopment;
  s.dev_mode = true;
  s.app_domain = "Example.com";
  s.operator_host = "admin_1.example.com";
  s.access.team_url = "https://team.cloudflareaccess.com/";
  s.access.certs_url = "ftp://team";
  s.access.audiences = {"a b"};
  s.ai_gateway.base = "https://gateway/";
  s.reserved_labels = {"ok", "-no"};
  s.operators = {"Ops@example.com"};
  s.tenant_domain_map = {{"shop_1.example", "acme"}, {"shop.example", "Acme!"}};
  s.trusted_edge_cidrs = {"10.0.0.0/8", "10.0.0.0/33"};
  s.gateway_listen = "127.0.0.1";
  s.management_listen = "127.0.0.1:65536";
  EXPECT_THAT(NamesOf(s),
              ElementsAre("APP_DOMAIN", "OPERATOR_HOST", "CF_ACCESS_TEAM_DOMAIN",
                          "access.certs_url", "CF_ACCESS_AUD", "ai_gateway.base", "reserved_labels",
                          "OPERATORS", "TENANT_DOMAIN_MAP", "TENANT_DOMAIN_MAP",
                          "TRUSTED_EDGE_CIDRS", "listen.gateway", "listen.management"));
}

TEST(CheckSettings, NeverRepeatsASecret) {
  Settings s = WellConfigured();
  s.gateway_token = "hunter2 hunter2";
  s.ai_gateway.api_key = "hunter2\n";
  s.ai_gateway.workers_ai_token = "hunter2\t";
  const auto problems = CheckSettings(s);
  EXPECT_THAT(NamesOf(s), ElementsAre("MOLTBOT_GATEWAY_TOKEN", "CLOUDFLARE_AI_GATEWAY_API_KEY",
                                      "CLOUDFLARE_WORKERS_AI_TOKEN"));
  for (const auto& problem : problems) {
    EXPECT_THAT(problem.what + problem.how, Not(HasSubstr("hunter2")));
  }
}

TEST(ValueChecks, KnowAHostName) {
  for (const std::string& text :
       {std::string("localhost"), std::string("a.example"), std::string("xn--mnchen-3ya.de"),
        std::string("1.example"), std::string(63, 'a') + ".de"}) {
    EXPECT_TRUE(IsHost(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string("."), std::string("a."), std::string("a..b"), std::string("-a"),
        std::string("A.de"), std::string("a_b.de"), std::string("127.0.0.1"), std::string("[::1]"),
        std::string("a.de:80"), std::string(64, 'a') + ".de", std::string(260, 'a')}) {
    EXPECT_FALSE(IsHost(text)) << text;
  }
}

TEST(ValueChecks, KnowAnAddressOfTheWeb) {
  for (const char* text : {"http://127.0.0.1:8787", "https://a.example", "https://[::1]:1",
                           "http://localhost:8788/v1/acc/gw"}) {
    EXPECT_TRUE(IsHttpUrl(text)) << text;
  }
  for (const char* text :
       {"", "http://", "https:///x", "a.example", "ftp://a.example", "http://a.example/",
        "http://a.example/x?y", "http://u:p@a.example", "http://a.example:99999",
        "http://a.example:", "http://[::1", "http://[::1]x", "http://a b", "HTTP://a.example"}) {
    EXPECT_FALSE(IsHttpUrl(text)) << text;
  }
  EXPECT_TRUE(IsHttpOrigin("http://127.0.0.1:8789"));
  EXPECT_FALSE(IsHttpOrigin("http://127.0.0.1:8789/x"));
}

TEST(ValueChecks, KnowARangeOfAddresses) {
  for (const char* text : {"10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "2400:cb00::/32", "::/0"}) {
    EXPECT_TRUE(IsCidr(text)) << text;
  }
  for (const char* text : {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1",
                           "2400:cb00::/129", "2400:cb00::/0008", "a/8", "/8", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(IsCidr(text)) << text;
  }
  EXPECT_FALSE(IsCidr(std::string_view("10.0.0.0\0x/8", 12)));
}

TEST(ValueChecks, KnowAnAddressToListenOn) {
  for (const char* text : {"127.0.0.1:8787", "[::]:80", "localhost:0", "0.0.0.0:65535"}) {
    EXPECT_TRUE(IsListenAddress(text)) << text;
  }
  for (const char* text : {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "::1:80",
                           "127.0.0.1:00000080", "[::1]", "[]:80"}) {
    EXPECT_FALSE(IsListenAddress(text)) << text;
  }
}

}  // namespace
}  // namespace mg
