// `up --seed`: what the file says is there from the start, once, at every start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/json.h"
#include "tests/support/process.h"
#include "tests/support/stores.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;

std::string Example() {
  return std::string(std::getenv("MOLTGATE_SOURCE_DIR")) + "/fixtures/seed.jsonc";
}

int Models(Running& up, const std::string& host) {
  return up.Call("GET", host, "/v1/models", {{"authorization", "Bearer " + up.At("key acme/ci")}})
      .status;
}

std::string Rows(Stores& stores, const std::string& sql) {
  auto answer = stores.db().Query({sql, {}}, stores.cancel());
  std::string text;
  if (!answer) return answer.error().message;
  for (const D1Row& row : answer->rows) text += row.Text("text") + ";";
  return text;
}

TEST(Seed, IsThereFromTheStart) {
  TempFolder folder;
  Running up(folder.path(), {"--quiet", "--memory", "--seed", Example()});
  Stores stores(up);
  EXPECT_EQ(stores.Value("greeting"), "hello");
  EXPECT_EQ(stores.Value("flags"), R"({"beta":true})");
  EXPECT_EQ(stores.Object("docs/welcome.txt"), "Welcome");  // up to the first full stop
  EXPECT_EQ(stores.Object("docs/settings"), "");
  EXPECT_EQ(Rows(stores, "SELECT id || title || done || typeof(done) AS text FROM note"),
            "1read the guide1integer;2ask the model0integer;");
  EXPECT_EQ(Models(up, "acme." + up.At("app_domain")), 200);
  EXPECT_EQ(Models(up, "chat.acme.example"), 200);
  EXPECT_EQ(Models(up, "globex." + up.At("app_domain")), 401);
  EXPECT_EQ(Rows(stores, "SELECT tier AS text FROM tenants WHERE slug = 'acme'"), "premium;");
  EXPECT_EQ(Rows(stores, "SELECT subject AS text FROM tenant_members WHERE subject LIKE 'ann%'"),
            "ann@acme.example;");
  EXPECT_EQ(Rows(stores,
                 "SELECT name || limit_per_minute AS text FROM tenant_keys"
                 " WHERE limit_per_minute IS NOT NULL"),
            "ci600;");
}

TEST(Seed, MayComeAtEveryStart) {
  TempFolder folder;
  std::string key;
  {
    Running up(folder.path(), {"--quiet", "--seed", Example()});
    Stores stores(up);
    key = up.At("key acme/ci");
    ASSERT_NE(key, "");
    EXPECT_THAT(ReadFile(folder.path() + "/up.out"), HasSubstr(key));
    // What differs is put right, what is not named stays.
    ASSERT_TRUE(
        stores.db().Execute("UPDATE note SET title = 'x' WHERE id = 1;"
                            "INSERT INTO note VALUES(3, 'mine', 0)",
                            stores.cancel()));
    ASSERT_TRUE(stores.kv().Put("greeting", "changed", 0, stores.cancel()));
  }
  struct stat about {};
  const std::string keys = folder.path() + "/.moltgate/state/seed-keys.json";
  ASSERT_EQ(::stat(keys.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  Running up(folder.path(), {"--quiet", "--seed", Example()});
  Stores stores(up);
  EXPECT_EQ(up.At("key acme/ci"), key);
  EXPECT_EQ(Models(up, "acme." + up.At("app_domain")), 200);
  EXPECT_EQ(Rows(stores, "SELECT count(*) || '' AS text FROM tenant_keys WHERE name = 'ci'"), "1;");
  EXPECT_EQ(Rows(stores,
                 "SELECT count(*) || '' AS text FROM registry_changes r JOIN tenants t"
                 " ON t.id = r.tenant_id WHERE t.slug = 'globex'"),
            "1;")
      << "a second start changes nothing";
  EXPECT_EQ(stores.Value("greeting"), "hello");
  EXPECT_EQ(Rows(stores, "SELECT title AS text FROM note ORDER BY id"),
            "read the guide;ask the model;mine;");
}

TEST(Seed, SaysWhereItIsWrongAndStartsNothing) {
  TempFolder folder;
  const auto error_of = [&folder](const std::string& text) {
    folder.Write("seed.jsonc", text);
    const RunOutput up =
        RunMoltgate({"up", "--port-base", "0", "--seed", "seed.jsonc"}, folder.path());
    EXPECT_EQ(up.code, 1) << text;
    return up.err;
  };
  EXPECT_THAT(error_of("{\n  \"tenants\": [ { \"slugg\": \"a\" } ]\n}"),
              HasSubstr("seed.jsonc:2:18: unknown key \"slugg\""));
  EXPECT_THAT(error_of("{\n  \"tenents\": []\n}"), HasSubstr("did you mean \"tenants\"?"));
  EXPECT_THAT(error_of("{\n  \"kv\": [ { \"key\": \"a\" } ]\n}"),
              HasSubstr("seed.jsonc:2:11: exactly one of \"value\", \"json\" is needed here"));
  EXPECT_THAT(error_of("{\n  \"kv\" [\n}"), HasSubstr("seed.jsonc:2:8"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/.moltgate/state"));
  // What only the stores can tell.
  EXPECT_THAT(error_of("{\n  \"tenants\": [ { \"slug\": \"no_slug\" } ]\n}"),
              HasSubstr("seed.jsonc:2:26: "));
  EXPECT_THAT(error_of("{\n  \"d1\": [\n    { \"sql\": \"CREATE TABEL x(a)\" }\n  ]\n}"),
              HasSubstr("seed.jsonc:3:14: "));
  EXPECT_THAT(error_of("{\n  \"objects\": [ { \"key\": \"a\", \"file\": \"none\" } ]\n}"),
              HasSubstr("seed.jsonc:2:38: "));
}

TEST(Seed, FillsFakesAlone) {
  TempFolder folder;
  folder.Write("seed.jsonc", R"({"objects": [{"key": "a", "text": "b"}]})");
  EXPECT_THAT(
      RunMoltgate({"up", "--port-base", "0", "--memory", "--only", "kv", "--seed", "seed.jsonc"},
                  folder.path())
          .err,
      HasSubstr("seed.jsonc:1:13: MOLTBOT_BUCKET is no fake here"));
  folder.Write("seed.jsonc", R"({"tenants": [{"slug": "a"}]})");
  EXPECT_THAT(
      RunMoltgate({"up", "--port-base", "0", "--memory", "--only", "kv,d1", "--seed", "seed.jsonc"},
                  folder.path())
          .err,
      HasSubstr("tenants need the gateway"));
  folder.Write("seed.jsonc", R"({"kv": [{"key": "a", "value": "b"}]})");
  Running up(folder.path(), {"--quiet", "--memory", "--only", "kv,d1", "--seed", "seed.jsonc"});
  EXPECT_NE(up.At("api_base"), "");
}

}  // namespace
}  // namespace mg::test
