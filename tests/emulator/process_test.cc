#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <atomic>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Json Parsed(const std::string& text) {
  auto json = ParseJson(text);
  return json ? *json : Json(nullptr);
}

// The first column of a query on the state's D1 file.
std::vector<std::string> Query(const std::string& file, const std::string& sql) {
  sqlite3* db = nullptr;
  std::vector<std::string> values;
  if (sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK) {
    sqlite3_exec(
        db, sql.c_str(),
        [](void* out, int, char** row, char**) {
          static_cast<std::vector<std::string>*>(out)->emplace_back(row[0] == nullptr ? ""
                                                                                      : row[0]);
          return 0;
        },
        &values, nullptr);
  }
  sqlite3_close(db);
  return values;
}

template <class Condition>
bool Within(std::chrono::milliseconds limit, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return condition();
}

bool ProcessExists(std::int64_t pid) {
  return ::kill(static_cast<pid_t>(pid), 0) == 0;
}

TEST(Up, AnswersTheDemoTenantAndWritesItsUsageToTheD1File) {
  TempFolder folder;
  Running up(folder.path());
  const Response answer = up.Chat(up.At("demo_tenant_key"), "What is 17 + 25?");
  ASSERT_EQ(answer.status, 200) << answer.body.bytes();
  EXPECT_EQ(answer.headers.Get("cf-aig-step"), "0");
  EXPECT_THAT(answer.body.bytes(), HasSubstr("42"));
  const std::string file =
      folder.path() + "/.moltgate/state/d1/" + up.At("d1_database_id") + ".sqlite";
  EXPECT_TRUE(Within(std::chrono::seconds(3),
                     [&] { return Query(file, "SELECT id FROM usage").size() == 1; }));
}

TEST(Up, KeepsEveryCallInAJournalOnDisk) {
  TempFolder folder;
  Running up(folder.path());
  ASSERT_EQ(up.Chat(up.At("demo_tenant_key"), "What is 17 + 25?").status, 200);
  EXPECT_EQ(up.Kill(SIGTERM), 0);
  const std::string journal = ReadFile(folder.path() + "/.moltgate/run/journal.ndjson");
  EXPECT_THAT(journal, HasSubstr(R"("operation":"model")"));
  EXPECT_THAT(journal, HasSubstr(R"("operation":"ai.run")"));
  EXPECT_THAT(journal, HasSubstr(R"("subject":"insert usage")"));
  EXPECT_THAT(journal, Not(HasSubstr(up.At("demo_tenant_key"))));
}

TEST(Up, WritesItsSecretsForTheOwnerAlone) {
  TempFolder folder;
  Running up(folder.path());
  for (const char* name : {"/ready.json", "/.moltgate/run/ready.json",
                           "/.moltgate/run/profile.jsonc", "/.moltgate/state/credentials.json",
                           "/.moltgate/run/log.ndjson", "/.moltgate/run/journal.ndjson"}) {
    struct stat info {};
    ASSERT_EQ(::stat((folder.path() + name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST(Up, LetsFaultsAtItsFakesAndJournalsThem) {
  TempFolder folder;
  Running up(folder.path());
  ASSERT_EQ(up.Control("POST", "/faults",
                       R"([{"id":"lost","operation":"ai.run","reset":"after"},)"
                       R"({"id":"busy","operation":"ai.run","status":429}])")
                .status,
            201);
  const Response answer = up.Chat(up.At("demo_tenant_key"), "What is 17 + 25?");
  EXPECT_EQ(answer.status, 200) << answer.body.bytes();
  EXPECT_EQ(answer.headers.Get("x-moltgate-attempts"), "3");
  const Json counts = Parsed(up.Control("GET", "/faults").body.bytes())["faults"];
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0]["fired"], 1);
  EXPECT_EQ(counts[1]["fired"], 1);
  const std::string journal = up.Control("GET", "/journal").body.bytes();
  EXPECT_THAT(journal, HasSubstr(R"("fault":"lost")"));
  EXPECT_THAT(journal, HasSubstr(R"("outcome":"dropped")"));
  EXPECT_THAT(journal, HasSubstr(R"("fault":"busy")"));
}

TEST(Up, StopsOnTermWithCodeZeroAndLeavesNoAgentBehind) {
  TempFolder folder;
  Running up(folder.path());
  const RunOutput token =
      RunMoltgate({"access", "token", "--email", up.At("demo_member")}, folder.path());
  ASSERT_EQ(token.code, 0) << token.err;
  const std::string cookie = "CF_Authorization=" + std::string(TrimSpace(token.out));
  ASSERT_EQ(up.Call("GET", up.At("demo_tenant_host"), "/", {{"cookie", cookie}}).status, 200);
  const Json status = Parsed(up.Call("GET", up.At("demo_tenant_host"), "/api/status").body.bytes());
  ASSERT_EQ(status["status"], "running");
  const std::int64_t agent = status["processId"];
  ASSERT_TRUE(ProcessExists(agent));
  EXPECT_EQ(up.Kill(SIGTERM), 0);
  EXPECT_FALSE(ProcessExists(agent));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/.moltgate/run/ready.json"));
}

TEST(Up, AKilledEmulatorTakesItsAgentsWithIt) {
  TempFolder folder;
  Running up(folder.path());
  const RunOutput token =
      RunMoltgate({"access", "token", "--email", up.At("operator")}, folder.path());
  const std::string cookie = "CF_Authorization=" + std::string(TrimSpace(token.out));
  ASSERT_EQ(up.Call("GET", up.At("demo_tenant_host"), "/", {{"cookie", cookie}}).status, 200);
  const std::int64_t agent =
      Parsed(up.Call("GET", up.At("demo_tenant_host"), "/api/status").body.bytes())["processId"];
  up.Kill(SIGKILL);
  EXPECT_TRUE(Within(std::chrono::seconds(5), [&] { return !ProcessExists(agent); }));
}

TEST(Up, NamesATakenPortAndTheFlagInOneLine) {
  TempFolder first_folder, second_folder;
  Running first(first_folder.path());
  const std::string url = first.At("gateway_url");
  const std::string port = url.substr(url.rfind(':') + 1);
  const RunOutput second =
      RunMoltgate({"up", "--memory", "--port-base", port}, second_folder.path());
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr(port));
  EXPECT_THAT(second.err, HasSubstr("--port-base"));
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
}

TEST(Up, RefusesAStateFolderThatAnotherEmulatorHas) {
  TempFolder folder;
  Running first(folder.path());
  const RunOutput second = RunMoltgate({"up", "--port-base", "0"}, folder.path());
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr(std::to_string(first.pid())));
}

TEST(Up, RunsTheFakesAloneWhenAsked) {
  TempFolder folder;
  Running up(folder.path(), {"--only", "kv,ai", "--memory"});
  EXPECT_EQ(up.At("gateway_url"), "");
  EXPECT_EQ(up.At("s3_endpoint"), "");
  EXPECT_FALSE(up.At("kv_namespace_id").empty());
  EXPECT_FALSE(up.At("ai_gateway_base").empty());
  EXPECT_EQ(RunMoltgate({"up", "--only", "s3"}, folder.path()).code, 1);
}

TEST(Up, LosesNothingThatWasAcknowledgedWhenItIsKilledInTheMiddleOfWrites) {
  TempFolder folder;
  std::vector<std::string> tenants, keys;
  {
    Running up(folder.path());
    const RunOutput token =
        RunMoltgate({"access", "token", "--email", up.At("operator")}, folder.path());
    const Headers headers{{"cookie", "CF_Authorization=" + std::string(TrimSpace(token.out))}};
    std::atomic<bool> stop{false};
    std::thread writer([&] {
      for (int i = 0; !stop; ++i) {
        try {
          const std::string slug = "t" + std::to_string(i);
          const Response made = up.Call("POST", "admin.localhost", "/api/admin/tenants", headers,
                                        R"({"slug":")" + slug + "\"}");
          if (made.status != 201) continue;
          tenants.push_back(slug);
          const Response key = up.Call("POST", "admin.localhost",
                                       "/api/admin/tenants/" + slug + "/keys", headers, "{}");
          if (key.status == 201) keys.push_back(Parsed(key.body.bytes())["id"]);
        } catch (const std::runtime_error&) {  // the emulator is gone
          return;
        }
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    up.Kill(SIGKILL);
    stop = true;
    writer.join();
  }
  ASSERT_GT(tenants.size(), 5u);
  Running again(folder.path());
  const std::string file =
      folder.path() + "/.moltgate/state/d1/" + again.At("d1_database_id") + ".sqlite";
  EXPECT_THAT(Query(file, "SELECT slug FROM tenants"), ::testing::IsSupersetOf(tenants));
  EXPECT_THAT(Query(file, "SELECT id FROM tenant_keys"), ::testing::IsSupersetOf(keys));
  EXPECT_EQ(again.Chat(again.At("demo_tenant_key"), "1+1").status, 200)
      << "the same demo key still works";
}

TEST(Commands, ARunningGatewayFollowsThemWithinFiveSeconds) {
  TempFolder folder;
  Running up(folder.path());
  const RunOutput created = RunMoltgate({"key", "create", "demo", "--name", "ci"}, folder.path());
  ASSERT_EQ(created.code, 0) << created.err;
  const Json key = Parsed(created.out);
  ASSERT_TRUE(
      Within(std::chrono::seconds(5), [&] { return up.Chat(key["key"], "1+1").status == 200; }));
  ASSERT_EQ(RunMoltgate({"domain", "add", "demo", "shop.example.com"}, folder.path()).code, 0);
  ASSERT_TRUE(Within(std::chrono::seconds(5), [&] {
    return up.Call("GET", "shop.example.com", "/api/status").status == 200;
  }));

  ASSERT_EQ(RunMoltgate({"key", "revoke", "demo", key["id"]}, folder.path()).code, 0);
  EXPECT_TRUE(
      Within(std::chrono::seconds(5), [&] { return up.Chat(key["key"], "1+1").status == 401; }));

  ASSERT_EQ(RunMoltgate({"tenant", "create", "other"}, folder.path()).code, 0);
  ASSERT_EQ(RunMoltgate({"domain", "add", "other", "shop.example.com"}, folder.path()).code, 0);
  ASSERT_EQ(RunMoltgate({"tenant", "delete", "demo"}, folder.path()).code, 0);
  const auto gone = [&] {
    return up.Call("GET", up.At("demo_tenant_host"), "/api/status").status == 404;
  };
  EXPECT_TRUE(Within(std::chrono::seconds(5), gone));
  EXPECT_TRUE(gone()) << "KV's old entry does not bring it back";
  EXPECT_EQ(up.Call("GET", "shop.example.com", "/api/status").status, 200)
      << "the domain is the other tenant's now";
}

TEST(Commands, PrintJsonOrATableAndFailWithTheRightCode) {
  TempFolder folder;
  Running up(folder.path());
  const RunOutput listed = RunMoltgate({"tenant", "list"}, folder.path());
  EXPECT_EQ(Parsed(listed.out)["items"][0]["slug"], "demo");
  const RunOutput table = RunMoltgate({"tenant", "list", "--format", "table"}, folder.path());
  EXPECT_THAT(table.out, HasSubstr("sandbox_id"));
  EXPECT_EQ(RunMoltgate({"tenant", "create", "Not A Slug"}, folder.path()).code, 1);
  EXPECT_EQ(RunMoltgate({"tenant", "create", "demo"}, folder.path()).code, 1);
  EXPECT_EQ(RunMoltgate({"tenant", "show", "nobody"}, folder.path()).code, 1);
  const RunOutput routing = RunMoltgate({"routing", "show", "demo"}, folder.path());
  EXPECT_EQ(Parsed(routing.out)["tier"], "free");
  const RunOutput migrations = RunMoltgate({"migrations", "list"}, folder.path());
  EXPECT_EQ(Parsed(migrations.out)["items"][0]["applied"], true);
  const RunOutput profile = RunMoltgate({"profile", "show"}, folder.path());
  EXPECT_EQ(profile.code, 0) << profile.err;
  EXPECT_THAT(profile.out, Not(HasSubstr(up.At("api_token"))));
}

TEST(Commands, SayWhatToDoWhenNothingRunsHere) {
  TempFolder folder;
  const RunOutput listed = RunMoltgate({"tenant", "list"}, folder.path());
  EXPECT_EQ(listed.code, 1);
  EXPECT_THAT(listed.err, HasSubstr("moltgate up"));
}

TEST(CommandLine, NamesWhatIsWrongAndItsNeighbour) {
  TempFolder folder;
  const RunOutput word = RunMoltgate({"tennant", "list"}, folder.path());
  EXPECT_EQ(word.code, 1);
  EXPECT_THAT(word.err, HasSubstr("did you mean \"tenant\""));
  EXPECT_EQ(RunMoltgate({"up", "--no-such-flag"}, folder.path()).code, 1);
  EXPECT_EQ(RunMoltgate({"up", "--port-base", "99999"}, folder.path()).code, 1);
  EXPECT_EQ(RunMoltgate({"--help"}, folder.path()).code, 0);
  EXPECT_THAT(RunMoltgate({"up", "--help"}, folder.path()).out, HasSubstr("Example"));
}

TEST(CommandLine, PointsAtTheLineAndColumnOfABadProfile) {
  TempFolder folder;
  const std::string path =
      folder.Write("bad.profile.jsonc", "{\n  // a comment\n  \"enviroment\": \"staging\"\n}\n");
  const RunOutput shown = RunMoltgate({"profile", "show", "--profile", path}, folder.path());
  EXPECT_EQ(shown.code, 1);
  EXPECT_THAT(shown.err, HasSubstr("bad.profile.jsonc:3:3"));
  EXPECT_THAT(shown.err, HasSubstr("environment"));
}

TEST(Serve, RefusesToStartAndNamesEverythingThatIsMissing) {
  TempFolder folder;
  const std::string path = folder.Write("p.jsonc", R"({"environment": "production"})");
  const RunOutput served = RunMoltgate({"serve", "--profile", path}, folder.path());
  EXPECT_EQ(served.code, 1);
  for (const char* name :
       {"MOLTBOT_BUCKET", "TENANT_DB", "TENANT_KV", "APP_DOMAIN", "MOLTBOT_GATEWAY_TOKEN"}) {
    EXPECT_THAT(served.err, HasSubstr(name));
  }
  EXPECT_EQ(RunMoltgate({"env", "validate", "--profile", path}, folder.path()).code, 1);
}

TEST(Exec, RunsTheCommandWithTheEnvironmentAndReturnsItsCode) {
  TempFolder folder;
  const RunOutput ran = RunMoltgate(
      {"exec", "--", "sh", "-c", "echo $MOLTGATE_GATEWAY_URL $CLOUDFLARE_ACCOUNT_ID; exit 7"},
      folder.path());
  EXPECT_EQ(ran.code, 7) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("http://127.0.0.1:"));
  EXPECT_EQ(RunMoltgate({"exec", "--", "/no/such/program"}, folder.path()).code, 127);
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/.moltgate"))
      << "a private emulator leaves no notes";
}

TEST(SmokeCommand, PrintsEveryLeg) {
  TempFolder folder;
  const RunOutput smoke = RunMoltgate({"smoke"}, folder.path());
  ASSERT_EQ(smoke.code, 0) << smoke.err;
  const Json legs = Parsed(smoke.out)["items"];
  ASSERT_GE(legs.size(), 6u);
  EXPECT_EQ(legs.back()["leg"], "total");
}

}  // namespace
}  // namespace mg::test
