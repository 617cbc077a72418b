// A running emulator whose every secret is known, driven through its good and bad days: afterwards
// none of them stands anywhere but where it belongs (AIG-8, OPS-2, BND-3).
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "fakes/credentials.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

namespace fs = std::filesystem;

// What a name of ours says, and the text that nobody may find.
using Secrets = std::map<std::string, std::string>;

constexpr const char* kVariables[] = {
    "MOLTBOT_GATEWAY_TOKEN",       "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_AI_GATEWAY_API_KEY",
    "CLOUDFLARE_WORKERS_AI_TOKEN", "R2_SECRET_ACCESS_KEY", "MODEL_UPSTREAM_API_KEY"};

std::string InEnvironment(const std::string& variable) {
  return "in-the-environment-" + variable + "-0123456789abcdef";
}

std::vector<std::string> Environment() {
  std::vector<std::string> entries;
  for (const std::string variable : kVariables)
    entries.push_back(variable + "=" + InEnvironment(variable));
  return entries;
}

std::string TextOf(const Response& response) {
  std::string text;
  for (const Headers::Line& line : response.headers.lines())
    text += line.name + ": " + line.value + "\n";
  return text + response.body.bytes();
}

void ExpectNone(const Secrets& secrets, const std::string& text, const std::string& place) {
  for (const auto& [name, secret] : secrets) {
    ASSERT_GE(secret.size(), 8u) << name << " is too short to be told from other text";
    EXPECT_EQ(text.find(secret), std::string::npos) << name << " stands in " << place;
  }
}

// The arguments of the process and of all that it started.
std::string CommandLines(pid_t root) {
  std::map<pid_t, pid_t> parents;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); }))
      continue;
    const std::string stat = ReadFile("/proc/" + name + "/stat");
    const std::size_t state = stat.rfind(") ");
    if (state == std::string::npos) continue;
    parents[std::stoi(name)] = std::stoi(stat.substr(state + 4));
  }
  std::string lines;
  for (const auto& [pid, parent] : parents) {
    pid_t above = pid;
    while (above != root && parents.count(above) != 0) above = parents[above];
    if (above == root) lines += ReadFile("/proc/" + std::to_string(pid) + "/cmdline") + "\n";
  }
  return lines;
}

class SecretsTest : public testing::Test {
 protected:
  SecretsTest() {
    const auto made =
        fake::CredentialsFromJson(ReadFile(folder_.path() + "/.moltgate/state/credentials.json"));
    if (!made) throw std::runtime_error(made.error().message);
    credentials_ = *made;
    for (const std::string variable : kVariables) secrets_[variable] = InEnvironment(variable);
    secrets_["api_token"] = made->api_token;
    secrets_["s3_secret_access_key"] = made->s3_secret_access_key;
    secrets_["ai_gateway_token"] = made->ai_gateway_token;
    secrets_["access_client_secret"] = made->access_client_secret;
    secrets_["gateway_token"] = made->gateway_token;
    secrets_["management_token"] = made->management_token;
    secrets_["demo_tenant_key"] = made->demo_tenant_key;
    secrets_["operator's token"] = Token(up_.At("operator"));
    secrets_["member's token"] = Token(up_.At("demo_member"));
    secrets_["a wrong key"] = "mk_a-wrong-one-may-be-the-right-one-mistyped-00";
    secrets_["a wrong token"] = "eyJhbGciOiJSUzI1NiJ9.eyJhIjoid3JvbmcifQ.d3Jvbmc";
  }

  std::string Token(const std::string& email) {
    const RunOutput run = RunMoltgate({"access", "token", "--email", email}, folder_.path());
    return std::string(TrimSpace(run.out));
  }
  void Heard(const Response& response) { answers_ += TextOf(response) + "\n"; }
  void Call(const std::string& method, const std::string& host, const std::string& target,
            Headers headers = {}, const std::string& body = "") {
    Heard(up_.Call(method, host, target, std::move(headers), body));
  }
  Headers Cookie(const std::string& whose) const {
    return {{"cookie", "CF_Authorization=" + secrets_.at(whose)}, {"accept", "text/html, */*"}};
  }
  Headers Operator() const {
    return {{"cookie", "CF_Authorization=" + secrets_.at("operator's token")},
            {"content-type", "application/json"}};
  }
  void Administer();
  void VisitAgent();
  void AskModel();
  void AskCloud();
  void Fail();
  void ExpectNoneInFiles();

  TempFolder folder_;
  Running up_{folder_.path(), {}, Environment()};
  fake::Credentials credentials_;
  Secrets secrets_;
  std::string answers_;
};

void SecretsTest::Administer() {
  const std::string host = up_.At("operator_host");
  const std::string demo = "/api/admin/tenants/" + up_.At("demo_tenant_slug");
  const Response key = up_.Call("POST", host, demo + "/keys", Operator(), R"({"name":"second"})");
  ASSERT_EQ(key.status, 201) << key.body.bytes();  // KEY-2: shown this once, so not kept
  secrets_["second key"] = StringAt(*ParseJson(key.body.bytes()), "key");
  Call("POST", host, "/api/admin/tenants", Operator(), R"({"slug":"acme"})");
  Call("PUT", host, demo + "/members/ann%40example.com", Operator());
  Call("POST", host, demo + "/sandbox/start", Operator());
  for (const char* path : {"/keys", "/members", "/routing", "/sandbox", "/sandbox/logs"})
    Call("GET", host, demo + path, Operator());
  for (const char* path : {"/audit", "/usage", "/models", "/tenants", "/nothing"})
    Call("GET", host, std::string("/api/admin") + path, Operator());
  Call("GET", host, "/api/admin/audit", Cookie("member's token"));
}

void SecretsTest::VisitAgent() {
  const std::string host = up_.At("demo_tenant_host");
  Call("GET", host, "/", Cookie("member's token"));
  Call("GET", host, "/", Cookie("a wrong token"));
  Call("GET", host, "/", {{"accept", "text/html"}});
  Call("POST", host, "/chat", Cookie("member's token"), R"({"message":"tell nobody"})");
  Call("GET", host, "/",
       {{"cf-access-client-id", credentials_.access_client_id},
        {"cf-access-client-secret", credentials_.access_client_secret}});
}

void SecretsTest::AskModel() {
  for (const char* key : {"demo_tenant_key", "second key", "a wrong key"})
    Heard(up_.Chat(secrets_.at(key), "tell nobody"));
  const std::string host = up_.At("demo_tenant_host");
  const Headers bearer{{"authorization", "Bearer " + secrets_.at("demo_tenant_key")}};
  Call("POST", host, "/v1/chat/completions", bearer, "{");
  Call("GET", host, "/v1/models", bearer);
  Call("GET", host, "/v1/nothing", bearer);
}

// As a client of the fakes, with the right credentials and with wrong ones.
void SecretsTest::AskCloud() {
  const std::string account = "/client/v4/accounts/" + credentials_.account_id;
  const std::string kv = "/storage/kv/namespaces/" + credentials_.kv_namespace_id + "/keys";
  const std::string origin = up_.At("api_base").substr(0, up_.At("api_base").rfind("/client/v4"));
  for (const char* token : {"api_token", "a wrong key"}) {
    Request request;
    request.origin = origin;
    request.target = account + kv;
    request.headers = {{"authorization", "Bearer " + secrets_.at(token)}};
    Heard(up_.Send(request, ""));
  }
  Request object;
  object.origin = up_.At("s3_endpoint");
  object.target = "/" + credentials_.r2_bucket + "/nothing";
  object.headers = {
      {"authorization", "AWS4-HMAC-SHA256 Credential=" + credentials_.s3_access_key_id +
                            "/20260101/auto/s3/aws4_request, SignedHeaders=host, Signature=" +
                            std::string(64, 'a')}};
  Heard(up_.Send(object, ""));
  for (const char* token : {"management_token", "a wrong key"}) {
    Request control;
    control.origin = up_.At("management_url");
    control.target = "/control/v1/journal?since=0";
    control.headers = {{"authorization", "Bearer " + secrets_.at(token)}};
    Heard(up_.Send(control, ""));
  }
}

void SecretsTest::Fail() {
  ASSERT_EQ(up_.Control("POST", "/faults",
                        R"([{"operation":"ai.run","status":500,"times":1},)"
                        R"({"operation":"ai.run","status":401},)"
                        R"({"operation":"d1.*","status":500},{"operation":"kv.*","status":500}])")
                .status,
            201);
  AskModel();
  Heard(up_.Chat(secrets_.at("demo_tenant_key"), "again"));
  Call("GET", "acme.localhost", "/api/status");
  Call("GET", up_.At("operator_host"), "/api/admin/tenants", Operator());
  VisitAgent();
}

void SecretsTest::ExpectNoneInFiles() {
  // These hold them on purpose, for their owner alone.
  const std::set<std::string> keepers = {"credentials.json", "ready.json", "profile.jsonc"};
  int looked_at = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
    if (!entry.is_regular_file()) continue;
    const std::string path = entry.path();
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0) << path;
    const std::string name = entry.path().filename();
    if (keepers.count(name) != 0) {
      EXPECT_EQ(info.st_mode & 077, 0u) << path << " is for others to read";
      continue;
    }
    if (name == "command.out") continue;  // tokens that were asked for
    std::string text = ReadFile(path);
    // What it says to the person who starts it comes first, its own credentials included.
    if (name == "up.out") text = text.substr(text.find("show usage"));
    ExpectNone(secrets_, text, path);
    ++looked_at;
  }
  EXPECT_GT(looked_at, 5);
}

TEST_F(SecretsTest, StandNowhereButWhereTheyBelong) {
  Administer();
  VisitAgent();
  AskModel();
  AskCloud();
  Fail();
  const std::string lines = CommandLines(up_.pid());
  EXPECT_GT(std::count(lines.begin(), lines.end(), '\n'), 1) << "an agent runs";
  ExpectNone(secrets_, lines, "the arguments of a process");
  ExpectNone(secrets_, answers_, "an answer");
  EXPECT_EQ(up_.Kill(SIGTERM), 0);
  ExpectNoneInFiles();
  for (const char* file : {"/up.err", "/.moltgate/run/log.ndjson", "/.moltgate/run/journal.ndjson"})
    EXPECT_EQ(ReadFile(folder_.path() + file).find("tell nobody"), std::string::npos) << file;
}

// Words that look like a secret: "mk_", "st_", "eyJ" and then 20 characters or more of one.
std::set<std::string> SecretWords(const std::string& text) {
  std::set<std::string> words;
  for (const std::string prefix : {"mk_", "st_", "eyJ"}) {
    for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos; ++at) {
      std::size_t end = at;
      while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 ||
                                   text[end] == '_' || text[end] == '-' || text[end] == '.'))
        ++end;
      if (end - at >= 23) words.insert(text.substr(at, end - at));
    }
  }
  return words;
}

TEST(SecretsInReports, AreThereNeitherWhenAScenarioFails) {
  TempFolder folder;
  const std::string given =
      R"("given":{"tenants":[{"slug":"acme","keys":[{}],"members":["ann@acme.test"]}]},"steps":[)";
  folder.Write("chat.scenario.jsonc",
               R"({"id":"chat","title":"fails","covers":["KEY-1"],)" + given +
                   R"({"chat":{"tenant":"acme"},"expect":{"status":418}}]})");
  folder.Write("page.scenario.jsonc",
               R"({"id":"page","title":"fails","covers":["ACC-1"],)" + given +
                   R"({"request":{"tenant":"acme","path":"/chat","as":"ann@acme.test",)"
                   R"("json":{"message":"hello"}},"expect":{"status":418}}]})");
  folder.Write("list.scenario.jsonc",
               R"({"id":"list","title":"fails","covers":["KEY-2"],)" + given +
                   R"({"request":{"path":"/api/admin/tenants/acme/keys","as":"operator"},)"
                   R"("expect":{"status":200,"json":{"items":[]}}}]})");
  ASSERT_TRUE(SecretWords("Bearer mk_0123456789012345678901234567890").size() == 1);
  const RunOutput run = RunMoltgate({"test", folder.path(), "--report-json", "report.json",
                                     "--report-junit", "report.xml", "--journal", "journals"},
                                    folder.path());
  EXPECT_EQ(run.code, 1) << run.out << run.err;
  std::string all = run.out + run.err;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
    if (entry.is_regular_file()) all += ReadFile(entry.path());
  EXPECT_NE(all.find("418"), std::string::npos);
  for (const std::string& word : SecretWords(all)) ADD_FAILURE() << word;
}

}  // namespace
}  // namespace mg::test
