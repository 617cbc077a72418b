// The edge of `moltgate up`, as a person runs it: with --no-edge and with --edge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;

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

}  // namespace
}  // namespace mg::test
