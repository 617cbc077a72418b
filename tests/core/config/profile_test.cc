#include "core/config/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/json.h"

namespace mg {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class LoadProfileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(::testing::TempDir()) / ("mg_profile_" + std::string(test->name()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string PathOf(const std::string& name) const { return (folder_ / name).string(); }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(PathOf(name), std::ios::binary) << text;
    return PathOf(name);
  }

  Profile Load(const std::string& text, const EnvironmentVariables& environment = {}) const {
    const auto profile = LoadProfile(Write("p.jsonc", text), environment);
    EXPECT_TRUE(profile.ok()) << profile.error().message;
    return profile.ok() ? *profile : Profile{};
  }

  // The message after the folder, as in "p.jsonc:1:2: ...".
  std::string FailureOf(const std::string& path,
                        const EnvironmentVariables& environment = {}) const {
    const auto profile = LoadProfile(path, environment);
    if (profile.ok()) return "accepted";
    EXPECT_EQ(profile.error().code, Code::kInvalid);
    const std::string prefix = folder_.string() + "/";
    const std::string& message = profile.error().message;
    return message.rfind(prefix, 0) == 0 ? message.substr(prefix.size()) : message;
  }

  std::string Failure(const std::string& text, const EnvironmentVariables& environment = {}) const {
    return FailureOf(Write("p.jsonc", text), environment);
  }

  fs::path folder_;
};

Profile FromEnvironment(const EnvironmentVariables& environment) {
  const auto profile = LoadProfile("", environment);
  EXPECT_TRUE(profile.ok()) << profile.error().message;
  return profile.ok() ? *profile : Profile{};
}

std::string EnvironmentFailure(const std::string& name, const std::string& value) {
  const auto profile = LoadProfile("", {{name, value}});
  return profile.ok() ? "accepted" : profile.error().message;
}

constexpr const char* kFullProfile = R"({
  // every key that a profile knows
  "environment": "staging",
  "dev_mode": false, "e2e_test_mode": false, "debug_routes": true,
  "startup_gate": "respond",
  "listen": {"gateway": "0.0.0.0:80", "management": "127.0.0.1:81"},
  "app_domain": "Example.COM",
  "operators": ["Ops@Example.com"],
  "reserved_labels": ["www", "mail"],
  "tenant_domain_map": {"Shop.Example": "acme"},
  "tenant_cache_ttl_seconds": 120, "tenant_stale_seconds": 10,
  "trusted_edge_cidrs": ["10.0.0.0/8"],
  "agent_command": ["node", "agent.js"],
  "outbox_path": "/var/lib/moltgate/outbox",
  "bindings": {
    "MOLTBOT_BUCKET": {"kind": "cloudflare", "account_id": "acc", "bucket": "files",
                       "access_key_env": "MY_ID", "secret_env": "MY_SECRET"},
    "TENANT_DB": {"kind": "cloudflare", "account_id": "acc", "database_id": "db", "api_base": ""},
    "TENANT_KV": {"kind": "cloudflare", "account_id": "acc", "namespace_id": "kv",
                  "token_env": "KV_TOKEN", "api_base": "http://127.0.0.1:8788/client/v4/"},
  },
  "access": {"team_url": "https://Team.cloudflareaccess.com/", "aud": ["a", "b"]},
  "ai_gateway": {"account_id": "acc", "gateway_id": "gw", "token_env": "AI_TOKEN",
                 "strategy": "direct"},
  "models": {
    "free": {"primary": "m1", "first_byte_ms": 1, "attempts": 2},
    "premium": {"primary": "m2", "fallback": "m3", "first_byte_ms": 3,
                "fallback_first_byte_ms": 4, "attempts": 5},
    "override": "m4"
  },
  "limits": {"public_max": 1, "public_window_seconds": 2, "free_per_minute": 3,
             "premium_per_minute": 4, "enterprise_per_minute": 5, "failure_budget_max": 6,
             "failure_budget_window_seconds": 7}
})";

TEST_F(LoadProfileTest, ReadsEveryKey) {
  const Settings s = Load(kFullProfile).settings;
  EXPECT_EQ(s.environment, Environment::kProduction);
  EXPECT_TRUE(s.debug_routes && s.startup_gate_responds);
  EXPECT_FALSE(s.dev_mode || s.e2e_test_mode);
  EXPECT_EQ(s.gateway_listen, "0.0.0.0:80");
  EXPECT_EQ(s.management_listen, "127.0.0.1:81");
  EXPECT_EQ(s.app_domain, "example.com");
  EXPECT_EQ(s.operator_host, "admin.example.com");
  EXPECT_THAT(s.operators, ElementsAre("ops@example.com"));
  EXPECT_THAT(s.reserved_labels, ElementsAre("www", "mail"));
  EXPECT_EQ(s.tenant_domain_map, (std::map<std::string, std::string>{{"shop.example", "acme"}}));
  EXPECT_EQ(s.tenant_cache_ttl_seconds, 120);
  EXPECT_EQ(s.tenant_stale_seconds, 10);
  EXPECT_THAT(s.trusted_edge_cidrs, ElementsAre("10.0.0.0/8"));
  EXPECT_THAT(s.sandbox.agent_command, ElementsAre("node", "agent.js"));
  EXPECT_EQ(s.outbox_path, "/var/lib/moltgate/outbox");
  EXPECT_EQ(s.models.free.primary, "m1");
  EXPECT_EQ(s.models.free.attempts, 2);
  EXPECT_EQ(s.models.premium.fallback, "m3");
  EXPECT_EQ(s.models.premium.fallback_first_byte_ms, 4);
  EXPECT_EQ(s.models.override_primary, "m4");
  EXPECT_EQ(s.limits.public_max, 1);
  EXPECT_EQ(s.limits.enterprise_per_minute, 5);
  EXPECT_EQ(s.limits.failure_budget_window_seconds, 7);
}

TEST_F(LoadProfileTest, FillsRealBindingsFromTheVariablesThatTheyName) {
  const Profile profile = Load(kFullProfile, {{"MY_ID", "id"},
                                              {"MY_SECRET", "secret"},
                                              {"CLOUDFLARE_API_TOKEN", "v4"},
                                              {"KV_TOKEN", "v4-kv"},
                                              {"AI_TOKEN", "ai"}});
  const Settings& s = profile.settings;
  ASSERT_TRUE(s.bindings.bucket && s.bindings.db && s.bindings.kv);
  EXPECT_EQ(s.bindings.bucket->endpoint, "https://acc.r2.cloudflarestorage.com");
  EXPECT_EQ(s.bindings.bucket->access_key_id, "id");
  EXPECT_EQ(s.bindings.bucket->secret_access_key, "secret");
  EXPECT_EQ(s.bindings.db->api_base, "https://api.cloudflare.com/client/v4");
  EXPECT_EQ(s.bindings.db->api_token, "v4");
  EXPECT_EQ(s.bindings.kv->api_base, "http://127.0.0.1:8788/client/v4");
  EXPECT_EQ(s.bindings.kv->api_token, "v4-kv");
  EXPECT_EQ(profile.access, BindingKind::kCloudflare);
  EXPECT_EQ(s.access.team_url, "https://team.cloudflareaccess.com");
  EXPECT_EQ(s.access.certs_url, "https://team.cloudflareaccess.com/cdn-cgi/access/certs");
  EXPECT_THAT(s.access.audiences, ElementsAre("a", "b"));
  EXPECT_TRUE(s.access.refuse_fake_keys);
  EXPECT_EQ(profile.ai_gateway, BindingKind::kCloudflare);
  EXPECT_EQ(s.ai_gateway.base, "https://gateway.ai.cloudflare.com/v1/acc/gw");
  EXPECT_EQ(s.ai_gateway.api_key, "ai");
  EXPECT_EQ(s.ai_gateway.workers_ai_token, "ai");
  EXPECT_EQ(s.ai_gateway.strategy, AiStrategy::kDirect);
}

TEST_F(LoadProfileTest, LeavesFakeBindingsAbsentWhateverTheEnvironmentHolds) {
  const Profile profile = Load(
      R"({"environment": "development",
          "bindings": {"MOLTBOT_BUCKET": {"kind": "fake"}, "TENANT_KV": {"kind": "fake"}},
          "access": {"kind": "fake"}, "ai_gateway": {"kind": "fake", "strategy": "direct"}})",
      {{"CF_ACCESS_TEAM_DOMAIN", "team.cloudflareaccess.com"},
       {"CF_ACCESS_AUD", "a"},
       {"CF_AI_GATEWAY_ACCOUNT_ID", "acc"},
       {"CF_AI_GATEWAY_GATEWAY_ID", "gw"},
       {"CLOUDFLARE_AI_GATEWAY_API_KEY", "real key"},
       {"CLOUDFLARE_WORKERS_AI_TOKEN", "real token"},
       {"D1_DATABASE_ID", "db"}});
  EXPECT_EQ(profile.bucket, BindingKind::kFake);
  EXPECT_EQ(profile.db, BindingKind::kUnset);  // a profile says itself which bindings it has
  EXPECT_EQ(profile.access, BindingKind::kFake);
  EXPECT_EQ(profile.ai_gateway, BindingKind::kFake);
  const Settings& s = profile.settings;
  EXPECT_FALSE(s.bindings.bucket || s.bindings.db || s.bindings.kv);
  EXPECT_EQ(s.access.team_url, "");
  EXPECT_THAT(s.access.audiences, IsEmpty());
  EXPECT_EQ(s.ai_gateway.base + s.ai_gateway.api_key + s.ai_gateway.workers_ai_token, "");
  EXPECT_EQ(s.ai_gateway.strategy, AiStrategy::kDirect);
  EXPECT_FALSE(s.access.refuse_fake_keys);
}

TEST_F(LoadProfileTest, AppliesTheBaseFirst) {
  const std::string base = Write("base.profile.jsonc", R"({
    "app_domain": "base.example", "operators": ["a", "b"], "limits": {"public_max": 7},
    "bindings": {"TENANT_DB": {"kind": "cloudflare", "account_id": "acc", "database_id": "one"},
                 "TENANT_KV": {"kind": "cloudflare", "namespace_id": "kv"}}})");
  const std::string middle =
      Write("middle.profile.jsonc", R"({"extends": "base", "debug_routes": true})");
  const std::string top = Write("top.profile.jsonc", R"({
    "extends": "middle", "operators": ["c"], "limits": {"public_window_seconds": 8},
    "bindings": {"TENANT_DB": {"database_id": "two"}, "TENANT_KV": {"kind": "fake"}}})");
  const auto profile = LoadProfile(top, {});
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_THAT(profile->files, ElementsAre(base, middle, top));
  const Settings& s = profile->settings;
  EXPECT_EQ(s.app_domain, "base.example");
  EXPECT_TRUE(s.debug_routes);
  EXPECT_THAT(s.operators, ElementsAre("c"));
  EXPECT_EQ(s.limits.public_max, 7);
  EXPECT_EQ(s.limits.public_window_seconds, 8);
  EXPECT_EQ(s.bindings.db->account_id + "/" + s.bindings.db->database_id, "acc/two");
  EXPECT_EQ(profile->kv, BindingKind::kFake);
}

TEST_F(LoadProfileTest, RefusesACycleAMissingBaseAndAPathAsBase) {
  Write("a.profile.jsonc", R"({"extends": "b"})");
  const std::string b = Write("b.profile.jsonc", "{\n  \"extends\": \"a\"\n}");
  EXPECT_THAT(FailureOf(b), StartsWith("a.profile.jsonc:1:13: "));
  EXPECT_THAT(FailureOf(b), EndsWith("b.profile.jsonc extends itself through this line"));
  EXPECT_THAT(Failure(R"({"extends": "nowhere"})"), StartsWith("p.jsonc:1:13: cannot read "));
  for (const char* name : {"", "../a", "/a", ".a", "x\\u0000"}) {
    EXPECT_THAT(Failure("{\"extends\": \"" + std::string(name) + "\"}"),
                StartsWith("p.jsonc:1:13: must be the name of a profile beside this one"))
        << name;
  }
  EXPECT_THAT(Failure(R"({"extends": 1})"), StartsWith("p.jsonc:1:13: must be a text"));
}

TEST_F(LoadProfileTest, SaysWhichFileItCannotRead) {
  EXPECT_THAT(FailureOf(PathOf("absent.jsonc")), HasSubstr("cannot read "));
  EXPECT_THAT(FailureOf(folder_.string()), HasSubstr("cannot read "));
  const std::string huge = Write("huge.jsonc", "{}" + std::string(1 << 20, ' '));
  EXPECT_THAT(FailureOf(huge), HasSubstr("cannot read "));
  EXPECT_THAT(Failure(""), StartsWith("p.jsonc:1:1: "));
  EXPECT_EQ(Failure("[]"), "p.jsonc:1:1: a profile must be an object");
}

TEST_F(LoadProfileTest, PointsAtAnUnknownKeyAndSuggestsAKnownOne) {
  EXPECT_EQ(Failure("{\n  \"app_domian\": \"x\"\n}"),
            "p.jsonc:2:3: unknown key \"app_domian\"; did you mean \"app_domain\"?");
  EXPECT_EQ(Failure(R"({"listen": {"public": "x"}})"),
            "p.jsonc:1:13: unknown key \"public\"; known here: \"gateway\" or \"management\"");
  EXPECT_THAT(Failure(R"({"bindings": {"TENANT_DB": {"kind": "fake", "namespace_id": "x"}}})"),
              HasSubstr("unknown key \"namespace_id\""));
}

TEST_F(LoadProfileTest, RefusesWrongTypesWhereTheyStand) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"app_domain": 1})", "p.jsonc:1:16: must be a text in double quotes"},
      {R"({"dev_mode": "true"})", "p.jsonc:1:14: must be true or false"},
      {R"({"tenant_stale_seconds": -1})", "p.jsonc:1:26: must be a whole number, as in 60"},
      {R"({"tenant_stale_seconds": 1.5})", "p.jsonc:1:26: must be a whole number, as in 60"},
      {R"({"tenant_stale_seconds": "1"})", "p.jsonc:1:26: must be a whole number, as in 60"},
      {R"({"models": {"free": {"attempts": 9999999999}}})",
       "p.jsonc:1:34: must be a whole number, as in 60"},
      {R"({"operators": "a"})", "p.jsonc:1:15: must be an array of texts"},
      {R"({"operators": ["a", 1]})", "p.jsonc:1:21: must be a text in double quotes"},
      {R"({"limits": []})", "p.jsonc:1:12: must be an object"},
      {R"({"tenant_domain_map": {"a.example": 1}})",
       "p.jsonc:1:37: must be a text in double quotes"},
      {R"({"startup_gate": "wait"})", "p.jsonc:1:18: must be \"refuse\" or \"respond\""},
      {R"({"access": {"kind": "real"}})", "p.jsonc:1:21: must be \"fake\" or \"cloudflare\""},
      {R"({"bindings": {"TENANT_DB": {}}})",
       "p.jsonc:1:28: needs \"kind\": \"fake\" or \"cloudflare\""},
      {R"({"app_domain": "a", "app_domain": "b"})",
       "p.jsonc:1:21: \"app_domain\" is given twice; first at 1:2"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(Failure(text), message) << text;
}

TEST_F(LoadProfileTest, RefusesSecretsInTheFileWithoutRepeatingThem) {
  for (const char* text : {
           R"({"bindings": {"TENANT_DB": {"kind": "cloudflare", "token": "hunter2"}}})",
           R"({"bindings": {"MOLTBOT_BUCKET": {"kind": "fake", "access_key_id": "hunter2"}}})",
           R"({"bindings": {"MOLTBOT_BUCKET": {"kind": "fake", "secret": "hunter2"}}})",
           R"({"ai_gateway": {"api_key": "hunter2"}})",
           R"({"gateway_token": "hunter2"})",
           R"({"ai_gateway": {"token_env": "hunter2-hunter2"}})",
       }) {
    EXPECT_THAT(Failure(text), HasSubstr("a secret never stands in a profile")) << text;
    EXPECT_THAT(Failure(text), Not(HasSubstr("hunter2"))) << text;
  }
}

TEST_F(LoadProfileTest, LetsTheEnvironmentOverrideTheFile) {
  const Settings s = Load(kFullProfile, {{"ENVIRONMENT", "test"},
                                         {"APP_DOMAIN", "other.example"},
                                         {"OPERATOR_HOST", "ops.example"},
                                         {"DEBUG_ROUTES", "false"},
                                         {"STARTUP_GATE", "refuse"},
                                         {"AIG_STRATEGY", "universal"},
                                         {"CF_ACCESS_TEAM_DOMAIN", "http://127.0.0.1:8788"},
                                         {"PUBLIC_RATE_LIMIT_MAX", "99"},
                                         {"OPERATORS", ""}})
                         .settings;
  EXPECT_EQ(s.environment, Environment::kTest);
  EXPECT_EQ(s.app_domain, "other.example");
  EXPECT_EQ(s.operator_host, "ops.example");
  EXPECT_FALSE(s.debug_routes || s.startup_gate_responds);
  EXPECT_EQ(s.ai_gateway.strategy, AiStrategy::kUniversal);
  EXPECT_EQ(s.access.team_url, "http://127.0.0.1:8788");
  EXPECT_EQ(s.limits.public_max, 99);
  EXPECT_THAT(s.operators, ElementsAre("ops@example.com"));  // an empty variable is no variable
}

TEST(LoadProfileAlone, IsProductionWithNothingSet) {
  const Profile profile = FromEnvironment({});
  EXPECT_TRUE(profile.settings.production());
  EXPECT_TRUE(profile.settings.access.refuse_fake_keys);
  EXPECT_EQ(profile.bucket, BindingKind::kUnset);
  EXPECT_EQ(profile.ai_gateway, BindingKind::kUnset);
  EXPECT_EQ(MissingBindings(profile.settings).size(), 3U);
  EXPECT_THAT(profile.files, IsEmpty());
}

TEST(LoadProfileAlone, TakesACompleteConfigurationFromTheEnvironment) {
  const Profile profile = FromEnvironment({
      {"APP_DOMAIN", "example.com"},
      {"OPERATORS", "Ops@example.com, 1234.access,"},
      {"MOLTBOT_GATEWAY_TOKEN", "token"},
      {"CF_ACCESS_TEAM_DOMAIN", "team.cloudflareaccess.com"},
      {"CF_ACCESS_AUD", "a,b"},
      {"CF_AI_GATEWAY_ACCOUNT_ID", "acc"},
      {"CF_AI_GATEWAY_GATEWAY_ID", "gw"},
      {"CLOUDFLARE_AI_GATEWAY_API_KEY", "ai"},
      {"CLOUDFLARE_WORKERS_AI_TOKEN", "workers"},
      {"CLOUDFLARE_API_TOKEN", "v4\n"},
      {"R2_ACCESS_KEY_ID", "id"},
      {"R2_SECRET_ACCESS_KEY", "secret"},
      {"CLOUDFLARE_ACCOUNT_ID", "other"},
      {"CF_ACCOUNT_ID", "acc"},
      {"R2_BUCKET_NAME", "files"},
      {"D1_DATABASE_ID", "db"},
      {"KV_NAMESPACE_ID", "kv"},
      {"CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:1/client/v4"},
      {"TENANT_DOMAIN_MAP", R"({"Shop.example": "acme"})"},
      {"TRUSTED_EDGE_CIDRS", "10.0.0.0/8, 2400:cb00::/32"},
      {"TENANT_CACHE_TTL_SECONDS", "61"},
      {"TENANT_STALE_SECONDS", "62"},
      {"PUBLIC_RATE_LIMIT_WINDOW_SECONDS", "63"},
      {"FAILURE_BUDGET_MAX", "0"},
      {"FAILURE_BUDGET_WINDOW_SECONDS", "64"},
      {"CF_AI_GATEWAY_MODEL", "m"},
      {"UNRELATED", "x"},
  });
  const Settings& s = profile.settings;
  EXPECT_THAT(CheckSettings(s), IsEmpty());
  EXPECT_THAT(s.operators, ElementsAre("ops@example.com", "1234.access"));
  EXPECT_EQ(s.access.team_url, "https://team.cloudflareaccess.com");
  EXPECT_THAT(s.access.audiences, ElementsAre("a", "b"));
  EXPECT_EQ(s.ai_gateway.workers_ai_token, "workers");
  EXPECT_EQ(s.bindings.bucket->endpoint, "https://acc.r2.cloudflarestorage.com");
  EXPECT_EQ(s.bindings.db->account_id, "acc");
  EXPECT_EQ(s.bindings.db->api_base, "http://127.0.0.1:1/client/v4");
  EXPECT_EQ(s.bindings.kv->api_token, "v4");
  EXPECT_EQ(s.tenant_domain_map.at("shop.example"), "acme");
  EXPECT_EQ(s.trusted_edge_cidrs.size(), 2U);
  EXPECT_EQ(s.tenant_cache_ttl_seconds + s.tenant_stale_seconds, 61 + 62);
  EXPECT_EQ(s.limits.public_window_seconds + s.limits.failure_budget_window_seconds, 63 + 64);
  EXPECT_EQ(s.limits.failure_budget_max, 0);
  EXPECT_EQ(s.models.override_primary, "m");
}

TEST(LoadProfileAlone, ReportsARealBindingThatLacksItsAccount) {
  const Profile profile = FromEnvironment({{"D1_DATABASE_ID", "db"}, {"R2_BUCKET_NAME", "b"}});
  std::vector<std::string> found;
  for (const auto& problem : CheckSettings(profile.settings)) {
    if (problem.name == "TENANT_DB" || problem.name == "MOLTBOT_BUCKET") {
      found.push_back(problem.name + " " + problem.what);
    }
  }
  EXPECT_THAT(found,
              ElementsAre("MOLTBOT_BUCKET needs an endpoint of the form http(s)://host[:port]",
                          "TENANT_DB has no account_id"));
}

TEST(LoadProfileAlone, RefusesMalformedVariablesByName) {
  EXPECT_EQ(EnvironmentFailure("DEV_MODE", "yes"), "environment: DEV_MODE: must be true or false");
  EXPECT_EQ(EnvironmentFailure("PUBLIC_RATE_LIMIT_MAX", "-1"),
            "environment: PUBLIC_RATE_LIMIT_MAX: must be a whole number, as in 60");
  EXPECT_EQ(EnvironmentFailure("STARTUP_GATE", "wait"),
            "environment: STARTUP_GATE: must be refuse or respond");
  EXPECT_EQ(EnvironmentFailure("AIG_STRATEGY", "x"),
            "environment: AIG_STRATEGY: must be universal, direct or dynamic");
  for (const char* map :
       {"{", "[]", "1", R"({"a": 1})", R"({"a": {"b": "c"}})", R"({"a": "b", "a": "c"})"}) {
    EXPECT_THAT(EnvironmentFailure("TENANT_DOMAIN_MAP", map),
                StartsWith("environment: TENANT_DOMAIN_MAP: "))
        << map;
  }
}

TEST_F(LoadProfileTest, IsShownAsJsonWithoutSecrets) {
  const Profile profile = Load(kFullProfile, {{"MY_ID", "hunter2"},
                                              {"CLOUDFLARE_API_TOKEN", "hunter2"},
                                              {"AI_TOKEN", "hunter2"},
                                              {"MOLTBOT_GATEWAY_TOKEN", "hunter2"}});
  const std::string text = ShowProfile(profile);
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  const auto shown = ParseJson(text);
  ASSERT_TRUE(shown.ok()) << shown.error().message;
  const Json& json = *shown;
  EXPECT_EQ(json["environment"], "production");
  EXPECT_EQ(json["gateway_token"], "(set)");
  EXPECT_EQ(json["bindings"]["MOLTBOT_BUCKET"]["access_key_id"], "(set)");
  EXPECT_EQ(json["bindings"]["MOLTBOT_BUCKET"]["secret_access_key"], "(not set)");
  EXPECT_EQ(json["bindings"]["TENANT_DB"]["api_token"], "(set)");
  EXPECT_EQ(json["bindings"]["TENANT_KV"]["api_token"], "(not set)");
  EXPECT_EQ(json["ai_gateway"]["api_key"], "(set)");
  EXPECT_EQ(json["access"]["aud"], Json::array({"a", "b"}));
  EXPECT_EQ(json["operators"], Json::array({"ops@example.com"}));
  EXPECT_EQ(json["models"]["premium"]["fallback"], "m3");
  EXPECT_EQ(json["limits"]["public_max"], 1);
}

TEST(ShowProfile, NamesFakeAndAbsentBindings) {
  Profile profile;
  profile.bucket = BindingKind::kFake;
  profile.settings.operators = {"\xff"};  // shown somehow, never thrown over
  const auto shown = ParseJson(ShowProfile(profile));
  ASSERT_TRUE(shown.ok());
  EXPECT_EQ((*shown)["bindings"]["MOLTBOT_BUCKET"], Json({{"kind", "fake"}}));
  EXPECT_EQ((*shown)["bindings"]["TENANT_DB"]["kind"], "(not set)");
  EXPECT_EQ((*shown)["tenant_domain_map"], Json::object());
  EXPECT_EQ((*shown)["trusted_edge_cidrs"], Json::array());
}

}  // namespace
}  // namespace mg
