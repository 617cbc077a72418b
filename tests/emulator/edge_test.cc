// The edge of `moltgate up`, as a person runs it: with --no-edge, with --edge, and over TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>

#include "core/adapters/small_adapters.h"
#include "core/base/bytes.h"
#include "emulator/local_authority.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;

// What a shell command says.
std::string OutputOf(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  char some[4096];
  for (std::size_t n = 0; (n = std::fread(some, 1, sizeof some, pipe)) > 0;) out.append(some, n);
  ::pclose(pipe);
  return out;
}

std::string PortOf(const Running& up) {
  const std::string url = up.At("gateway_url");
  return url.substr(url.rfind(':') + 1);
}

// What verifying says: 0 is well.
std::string Curl(const Running& up, const std::string& ca_file, const std::string& host) {
  return OutputOf("curl -s -o /dev/null -w '%{http_code} %{ssl_verify_result}' --cacert " +
                  ca_file + " https://" + host + ":" + PortOf(up) + "/sandbox-health");
}

TEST(UpEdge, StandsInFrontUnlessItIsTakenAway) {
  TempFolder folder;
  {
    Running up(folder.path(), {"--memory"});
    const Response answer = up.Call("GET", up.At("operator_host"), "/sandbox-health");
    EXPECT_EQ(answer.headers.Get("server"), "cloudflare");
    EXPECT_TRUE(answer.headers.Has("cf-ray"));
    EXPECT_EQ(up.Control("GET", "/edge").status, 200);
  }
  Running up(folder.path(), {"--memory", "--no-edge"});
  const Response answer = up.Call("GET", up.At("operator_host"), "/sandbox-health");
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.headers.Has("server"));
  EXPECT_FALSE(answer.headers.Has("cf-ray"));
  EXPECT_EQ(up.Control("GET", "/edge").status, 404);
  EXPECT_EQ(up.Chat(up.At("demo_tenant_key"), "hi").status, 200);
}

TEST(UpEdge, IsAsItsFileSaysAndCanBeChanged) {
  TempFolder folder;
  const std::string file = folder.Write("edge.jsonc", R"({"colo": "FRA", // a comment
      "rules": []})");
  Running up(folder.path(), {"--memory", "--edge", file});
  const auto visit = [&] { return up.Call("GET", up.At("operator_host"), "/sandbox-health"); };
  EXPECT_THAT(std::string(visit().headers.Get("cf-ray")), HasSubstr("-FRA"));
  const char* kRules = R"({"rules": [{"expression": "true", "ratelimit":
      {"characteristics": ["cf.colo.id", "ip.src"], "period": 10, "requests_per_period": 1,
       "mitigation_timeout": 10}}], "ratelimits": [
      {"name": "X", "namespace_id": "7", "simple": {"limit": 1, "period": 60}}]})";
  ASSERT_EQ(up.Control("PATCH", "/edge", kRules).status, 200);
  EXPECT_EQ(visit().status, 200);
  EXPECT_EQ(visit().status, 429);
  EXPECT_EQ(up.Control("POST", "/clock", R"({"advance_ms": 10000})").status, 200);
  EXPECT_EQ(visit().status, 200);
  const char* kLimit = R"({"binding": "X", "key": "k"})";
  EXPECT_EQ(up.Control("POST", "/edge/limit", kLimit).body.bytes(), R"({"success":true})");
  EXPECT_EQ(up.Control("POST", "/edge/limit", kLimit).body.bytes(), R"({"success":false})");
  EXPECT_EQ(up.Control("PATCH", "/edge", R"({"colour": 1})").status, 400);
  EXPECT_EQ(RunMoltgate({"up", "--memory", "--port-base", "0", "--edge",
                         folder.Write("bad.jsonc", R"({"colour": 1})")},
                        folder.path())
                .code,
            1);
}

TEST(UpTls, ServesEveryHostByACertificateOfItsAuthority) {
  TempFolder folder;
  std::string ca_file;
  std::string authority;
  {
    Running up(folder.path(), {"--tls"});
    ca_file = folder.path() + "/" + up.At("ca_file");
    authority = ReadFile(ca_file);
    EXPECT_THAT(up.At("gateway_url"), HasSubstr("https://"));
    for (const std::string host : {"demo.localhost", "admin.localhost", "localhost", "127.0.0.1"})
      EXPECT_EQ(Curl(up, ca_file, host), "200 0") << host;
    EXPECT_NE(Curl(up, "/etc/ssl/certs/ca-certificates.crt", "demo.localhost").substr(0, 3), "200");
    struct stat about {};
    ASSERT_EQ(::stat((folder.path() + "/.moltgate/state/tls/ca.key").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
    // Two requests on one connection, the second after it was parked; and a large answer.
    const std::string two =
        OutputOf("curl -s -w '%{http_code} %{num_connects} ' --cacert " + ca_file +
                 " https://demo.localhost:" + PortOf(up) +
                 "/api/status -o /dev/null https://demo.localhost:" + PortOf(up) +
                 "/api/status -o /dev/null");
    EXPECT_EQ(two, "200 1 200 0 ");
    const std::string chat =
        OutputOf("curl -s --cacert " + ca_file + " https://demo.localhost:" + PortOf(up) +
                 "/v1/chat/completions -H 'Authorization: Bearer " + up.At("demo_tenant_key") +
                 "' -H 'Content-Type: application/json' -d "
                 "'{\"stream\":true,\"messages\":[{\"role\":\"user\","
                 "\"content\":\"What is 17 + 25?\"}]}'");
    EXPECT_THAT(chat, HasSubstr("[DONE]"));
    // A browser is sent to log in and comes back over https.
    const std::string jar = folder.path() + "/cookies";
    const std::string sent =
        OutputOf("curl -s -o /dev/null -w '%{redirect_url}' -c " + jar + " --cacert " + ca_file +
                 " -H 'Accept: text/html' https://demo.localhost:" + PortOf(up) + "/");
    const std::string back = OutputOf(
        "curl -s -o /dev/null -w '%{redirect_url}' -d "
        "email=dev%40moltgate.test '" +
        sent + "'");
    EXPECT_THAT(back, HasSubstr("https://demo.localhost:" + PortOf(up) + "/cdn-cgi/access/"));
    const std::string cookie =
        OutputOf("curl -s -i -b " + jar + " --cacert " + ca_file + " '" + back + "'");
    EXPECT_THAT(cookie, HasSubstr("; Secure"));
    EXPECT_EQ(up.Kill(SIGTERM), 0);
  }
  Running again(folder.path(), {"--tls"});
  EXPECT_EQ(ReadFile(ca_file), authority);
  EXPECT_EQ(Curl(again, ca_file, "demo.localhost"), "200 0");
}

TEST(LocalAuthorityOf, SignsForItsDomainAlone) {
  TempFolder folder;
  ThreadRuntime runtime;
  OsRandom random;
  const auto made = LocalAuthority::Open(folder.path(), true, "localhost", random, runtime);
  ASSERT_TRUE(made);
  LocalAuthority& authority = **made;
  EXPECT_NE(authority.CertificateFor(""), "");
  EXPECT_NE(authority.CertificateFor("acme.localhost"), "");
  EXPECT_EQ(authority.CertificateFor("acme.localhost"), authority.CertificateFor("ACME.localhost"));
  for (const char* host : {"example.com", "evil-localhost", "a,DNS:example.com.localhost"})
    EXPECT_EQ(authority.CertificateFor(host), "") << host;
  const auto again = LocalAuthority::Open(folder.path(), true, "localhost", random, runtime);
  ASSERT_TRUE(again);
  const std::string kept = ReadFile(folder.path() + "/ca.pem");
  const auto other = LocalAuthority::Open(folder.path(), true, "apps.test", random, runtime);
  ASSERT_TRUE(other);
  EXPECT_NE(ReadFile(folder.path() + "/ca.pem"), kept);
}

}  // namespace
}  // namespace mg::test
