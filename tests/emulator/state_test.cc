// The state as one file, and its reset: by the commands that people use, beside a running emulator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <map>
#include <thread>

#include "core/base/json.h"
#include "emulator/tar.h"
#include "tests/support/process.h"
#include "tests/support/stores.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;

std::string OriginOf(const std::string& url) {
  return url.substr(0, url.find('/', url.find("://") + 3));
}

TEST(State, GoesToAnotherFolderWholeBesideARunningEmulator) {
  TempFolder folder, other;
  const std::string archive = other.path() + "/state.tar";
  std::string tenant_key;
  {
    Running up(folder.path(), {"--quiet"});
    Stores stores(up);
    stores.Put("a", "before");
    tenant_key = up.At("demo_tenant_key");
    const RunOutput made = RunMoltgate({"state", "export", archive}, folder.path());
    ASSERT_EQ(made.code, 0) << made.err;
    stores.Put("a", "after");
    EXPECT_EQ(up.Kill(SIGTERM), 0);
  }
  struct stat about {};
  ASSERT_EQ(::stat(archive.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u) << "it holds credentials";
  const RunOutput taken = RunMoltgate({"state", "import", archive}, other.path());
  ASSERT_EQ(taken.code, 0) << taken.err;
  Running up(other.path(), {"--quiet"});
  Stores stores(up);
  EXPECT_EQ(stores.Value("a"), "before");
  EXPECT_EQ(stores.Object("a"), "before");
  EXPECT_EQ(stores.Row("a"), "before");
  EXPECT_EQ(up.At("demo_tenant_key"), tenant_key);
  EXPECT_EQ(up.Chat(tenant_key, "hi").status, 200);
}

TEST(State, ReplacesWhatWasThere) {
  TempFolder folder;
  const std::string archive = folder.path() + "/state.tar";
  {
    Running up(folder.path(), {"--quiet"});
    Stores(up).Put("a", "kept");
  }
  ASSERT_EQ(RunMoltgate({"state", "export", archive}, folder.path()).code, 0);
  {
    Running up(folder.path(), {"--quiet"});
    Stores stores(up);
    stores.Put("a", "changed");
    stores.Put("b", "new");
  }
  ASSERT_EQ(RunMoltgate({"state", "import", archive}, folder.path()).code, 0);
  Running up(folder.path(), {"--quiet"});
  Stores stores(up);
  EXPECT_EQ(stores.Value("a") + stores.Object("a") + stores.Row("a"), "keptkeptkept");
  EXPECT_EQ(stores.Value("b") + stores.Object("b") + stores.Row("b"), "");
  const std::filesystem::directory_iterator objects(folder.path() + "/.moltgate/state/r2-objects");
  EXPECT_EQ(std::distance(begin(objects), end(objects)), 1);
}

// A value is written to KV first and to D1 after that, again and again: what D1 has, KV has too, in
// every copy.
TEST(State, IsOfOneMomentThoughItIsWrittenMeanwhile) {
  TempFolder folder;
  constexpr int kCopies = 4;
  {
    Running up(folder.path(), {"--quiet"});
    Stores stores(up);
    stores.Put("n", "0");
    std::atomic<bool> stop{false};
    std::thread writer([&] {
      Stores own(up);
      for (int n = 1; !stop; ++n) {
        const std::string text = std::to_string(n);
        EXPECT_TRUE(own.kv().Put("n", text, 0, own.cancel()));
        EXPECT_TRUE(own.db().Query({"UPDATE note SET v = ?1", {text}}, own.cancel()));
      }
    });
    for (int i = 0; i < kCopies; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const std::string archive = folder.path() + "/" + std::to_string(i) + ".tar";
      EXPECT_EQ(RunMoltgate({"state", "export", archive}, folder.path()).code, 0);
    }
    stop = true;
    writer.join();
  }
  for (int i = 0; i < kCopies; ++i) {
    TempFolder other;
    const std::string archive = folder.path() + "/" + std::to_string(i) + ".tar";
    ASSERT_EQ(RunMoltgate({"state", "import", archive}, other.path()).code, 0);
    Running up(other.path(), {"--quiet"});
    Stores stores(up);
    const int in_kv = std::stoi(stores.Value("n")), in_d1 = std::stoi(stores.Row("n"));
    EXPECT_GE(in_kv, in_d1);
    EXPECT_LE(in_kv, in_d1 + 1);
  }
}

class StateArchive : public ::testing::Test {
 protected:
  void SetUp() override {
    Running up(folder_.path(), {"--quiet"});
    Stores(up).Put("a", "kept");
    ASSERT_EQ(up.Kill(SIGTERM), 0);
    ASSERT_EQ(RunMoltgate({"state", "export", archive_}, folder_.path()).code, 0);
  }
  std::string ErrorOfImport() {
    const RunOutput taken = RunMoltgate({"state", "import", archive_}, folder_.path());
    EXPECT_EQ(taken.code, 1);
    return taken.err;
  }
  void ExpectUnchanged() {
    Running up(folder_.path(), {"--quiet"});
    Stores stores(up);
    EXPECT_EQ(stores.Value("a") + stores.Object("a") + stores.Row("a"), "keptkeptkept");
  }
  void Write(const std::string& bytes) { std::ofstream(archive_, std::ios::binary) << bytes; }

  TempFolder folder_;
  const std::string archive_ = folder_.path() + "/state.tar";
};

TEST_F(StateArchive, ChangesNothingWhenItIsDamaged) {
  const std::string whole = ReadFile(archive_);
  for (const std::size_t at : {std::size_t{530}, whole.size() / 2, whole.size() - 2000}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    Write(damaged);
    EXPECT_THAT(ErrorOfImport(), HasSubstr("the archive is damaged")) << at;
  }
  for (const std::size_t size : {whole.size() / 3, whole.size() - 1500}) {
    Write(whole.substr(0, size));
    EXPECT_THAT(ErrorOfImport(), HasSubstr("the archive is damaged")) << size;
  }
  Write("not a tar");
  EXPECT_THAT(ErrorOfImport(), HasSubstr("no archive of a state"));
  ExpectUnchanged();
}

TEST_F(StateArchive, IsRefusedWhenItIsOfANewerProgram) {
  auto newer = TarWriter::Create(archive_);
  ASSERT_TRUE(newer);
  ASSERT_TRUE(newer->AddText("moltgate-state.json", R"({"moltgate_state": 2})"));
  ASSERT_TRUE(newer->Finish());
  EXPECT_THAT(ErrorOfImport(), HasSubstr("newer moltgate (format 2; this one reads up to 1)"));
  ExpectUnchanged();
}

TEST_F(StateArchive, PutsNothingBesideTheState) {
  for (const char* name : {"../escape", "/tmp/escape", "lock", "d1/../../escape", "r2-objects/x"}) {
    auto made = TarWriter::Create(archive_);
    ASSERT_TRUE(made);
    ASSERT_TRUE(made->AddText("moltgate-state.json", R"({"moltgate_state": 1})"));
    ASSERT_TRUE(made->AddText(name, "x"));
    ASSERT_TRUE(made->Finish());
    EXPECT_THAT(ErrorOfImport(), HasSubstr("is no file of a state")) << name;
  }
  ExpectUnchanged();
}

TEST_F(StateArchive, WaitsForNoRunningEmulator) {
  Running up(folder_.path(), {"--quiet"});
  const std::string error = ErrorOfImport();
  EXPECT_THAT(error, HasSubstr("is in use by the emulator with pid " + std::to_string(up.pid())));
  EXPECT_EQ(Stores(up).Value("a"), "kept");
}

// Behind its point of no return an import is finished by whoever opens the folder next.
TEST_F(StateArchive, IsFinishedByTheNextStart) {
  TempFolder other;
  ASSERT_EQ(RunMoltgate({"state", "import", archive_}, other.path()).code, 0);
  const std::string state = other.path() + "/.moltgate/state";
  std::filesystem::create_directory(state + "/import-moving");
  for (const char* name : {"kv.sqlite", "d1"})
    std::filesystem::rename(state + "/" + name, state + "/import-moving/" + name);
  Running up(other.path(), {"--quiet"});
  Stores stores(up);
  EXPECT_EQ(stores.Value("a") + stores.Object("a") + stores.Row("a"), "keptkeptkept");
  EXPECT_FALSE(std::filesystem::exists(state + "/import-moving"));
}

TEST(State, IsNothingWhereNoEmulatorWas) {
  TempFolder folder;
  const RunOutput made = RunMoltgate({"state", "export", "x.tar"}, folder.path());
  EXPECT_EQ(made.code, 1);
  EXPECT_THAT(made.err, HasSubstr("there is no state in .moltgate/state"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/x.tar"));
}

TEST(State, ComesOverTheControlApiToo) {
  TempFolder folder, other;
  {
    Running up(folder.path(), {"--quiet"});
    Stores(up).Put("a", "kept");
    const Response answer = up.Control("GET", "/state");
    ASSERT_EQ(answer.status, 200) << answer.body.bytes();
    EXPECT_EQ(answer.headers.Get("content-type"), "application/x-tar");
    std::ofstream(other.path() + "/state.tar", std::ios::binary) << answer.body.bytes();
    EXPECT_EQ(up.Control("PUT", "/state").status, 405);
  }
  ASSERT_EQ(RunMoltgate({"state", "import", "state.tar"}, other.path()).code, 0);
  Running up(other.path(), {"--quiet"});
  EXPECT_EQ(Stores(up).Object("a"), "kept");
  TempFolder third;
  Running in_memory(third.path(), {"--quiet", "--memory"});
  EXPECT_EQ(in_memory.Control("GET", "/state").status, 409);
}

// --- reset -------------------------------------------------------------------------------------

class Reset : public ::testing::TestWithParam<std::vector<std::string>> {
 protected:
  Json Api(const std::string& method, const std::string& path, const std::string& body = "") {
    Request request;
    request.method = method;
    request.origin = OriginOf(up_.At("api_base"));
    request.target = "/client/v4/accounts/" + up_.At("account_id") + path;
    request.headers = {{"authorization", "Bearer " + up_.At("api_token")}};
    const Response answer = up_.Send(std::move(request), body);
    auto json = ParseJson(answer.body.bytes());
    EXPECT_EQ(answer.status / 100, 2) << method << " " << path << " " << answer.body.bytes();
    return json ? *json : Json();
  }
  std::size_t Count(const std::string& path) {
    const Json result = Api("GET", path)["result"];
    return result.is_array() ? result.size() : result["buckets"].size();
  }
  // Everything that can be made in a store, by the name of its list.
  void FillEverything() {
    Api("POST", "/storage/kv/namespaces", R"({"title":"second"})");
    Api("POST", "/d1/database", R"({"name":"second"})");
    Api("POST", "/r2/buckets", R"({"name":"second"})");
    Api("POST", "/access/apps", R"({"name":"app","domain":"x.localhost","type":"self_hosted"})");
    Api("POST", "/access/service_tokens", R"({"name":"machine"})");
    Api("POST", "/ai-gateway/gateways",
        R"({"id":"second","cache_invalidate_on_update":false,"cache_ttl":null,)"
        R"("collect_logs":true,"rate_limiting_interval":null,"rate_limiting_limit":null})");
  }

  TempFolder folder_;
  Running up_{folder_.path(), GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Keeping, Reset,
                         ::testing::Values(std::vector<std::string>{"--quiet", "--memory"},
                                           std::vector<std::string>{"--quiet"}));

TEST_P(Reset, LeavesEveryStoreAsAFirstStartDoes) {
  const char* lists[] = {
      "/storage/kv/namespaces", "/d1/database",           "/r2/buckets",
      "/access/apps",           "/access/service_tokens", "/ai-gateway/gateways"};
  std::map<std::string, std::size_t> first;
  for (const char* list : lists) first[list] = Count(list);
  const Response demo = up_.Chat(up_.At("demo_tenant_key"), "hi");
  ASSERT_EQ(demo.status, 200);
  FillEverything();
  Stores stores(up_);
  stores.Put("a", "old");
  EXPECT_EQ(
      up_.Control("POST", "/faults", R"({"operation":"kv.get","status":500,"times":-1})").status,
      201);
  for (const char* list : lists) EXPECT_EQ(Count(list), first[list] + 1) << list;

  const Response done = up_.Control("POST", "/reset");
  ASSERT_EQ(done.status, 200) << done.body.bytes();
  for (const char* list : lists) EXPECT_EQ(Count(list), first[list]) << list;
  EXPECT_EQ(stores.Value("a") + stores.Object("a") + stores.Row("a"), "");
  EXPECT_TRUE(
      Api("GET", "/ai-gateway/gateways/" + up_.At("ai_gateway_id") + "/logs")["result"].empty());
  EXPECT_EQ(up_.Control("GET", "/faults").body.bytes(), R"({"faults":[]})");
  const auto usage = stores.db().Query({"SELECT count(*) AS n FROM usage", {}}, stores.cancel());
  ASSERT_TRUE(usage) << "the schema is there";
  EXPECT_EQ(usage->rows[0].Int("n"), 0);
  if (GetParam().size() == 1) {
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() + "/.moltgate/state/r2-objects"));
  }
  EXPECT_EQ(up_.Chat(up_.At("demo_tenant_key"), "hi").status, 200) << "the demo tenant is back";
}

TEST_P(Reset, ForgetsTenantsAtOnce) {
  const auto admin = [this](const std::string& path, const std::string& body) {
    const std::string token =
        RunMoltgate({"access", "token", "--email", up_.At("operator")}, folder_.path()).out;
    return up_.Call("POST", up_.At("operator_host"), "/api/admin" + path,
                    {{"cookie", "CF_Authorization=" + token.substr(0, token.find('\n'))}}, body);
  };
  ASSERT_EQ(admin("/tenants", R"({"slug":"acme"})").status, 201);
  const Response made = admin("/tenants/acme/keys", R"({"name":"k"})");
  ASSERT_EQ(made.status, 201);
  const std::string key = StringAt(*ParseJson(made.body.bytes()), "key");
  const auto models = [&] {
    return up_
        .Call("GET", "acme." + up_.At("app_domain"), "/v1/models",
              {{"authorization", "Bearer " + key}})
        .status;
  };
  EXPECT_EQ(models(), 200);
  ASSERT_EQ(up_.Control("POST", "/reset").status, 200);
  EXPECT_EQ(models(), 404);
}

}  // namespace
}  // namespace mg::test
