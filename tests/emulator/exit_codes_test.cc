// What an operator's command ends with (OPS-4): 0 done, 1 wrong input, 2 refused credentials, 3 an
// external service failed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ExitCodes : public testing::Test {
 protected:
  // TENANT_DB as a real one: this emulator's, with a token of one's own, or nobody's.
  RunOutput With(const std::string& token, const std::string& api_base,
                 std::vector<std::string> words) {
    Json db{{"kind", "cloudflare"},
            {"account_id", up_.At("account_id")},
            {"database_id", up_.At("d1_database_id")},
            {"api_base", api_base},
            {"token_env", "A_TOKEN"}};
    const Json profile{{"environment", "test"},
                       {"app_domain", "localhost"},
                       {"bindings", {{"TENANT_DB", std::move(db)}}}};
    const std::string path = folder_.Write("own.profile.jsonc", DumpJson(profile));
    words.insert(words.end(), {"--profile", path});
    return RunMoltgate(words, folder_.path(), {"A_TOKEN=" + token});
  }
  RunOutput Run(std::vector<std::string> words) {
    return With(up_.At("api_token"), up_.At("api_base"), std::move(words));
  }

  TempFolder folder_;
  Running up_{folder_.path()};
};

TEST_F(ExitCodes, SayWhoseFaultItWas) {
  const RunOutput listed = Run({"tenant", "list"});
  ASSERT_EQ(listed.code, 0) << listed.err;
  EXPECT_TRUE(ParseJson(listed.out).ok()) << listed.out;
  const RunOutput table = Run({"tenant", "list", "--format", "table"});
  EXPECT_EQ(table.code, 0);
  EXPECT_FALSE(ParseJson(table.out).ok());
  EXPECT_THAT(table.out, HasSubstr(up_.At("demo_tenant_slug")));

  EXPECT_EQ(Run({"tenant", "show", "nobody"}).code, 1);
  EXPECT_EQ(Run({"tenant", "create", "Not A Slug"}).code, 1);
  EXPECT_EQ(Run({"key", "revoke", up_.At("demo_tenant_slug"), "no-such-key"}).code, 1);

  const RunOutput refused = With("a-token-of-nobody", up_.At("api_base"), {"tenant", "list"});
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_THAT(refused.err, Not(HasSubstr("a-token-of-nobody")));

  const std::string nowhere = "http://127.0.0.1:9/client/v4";
  EXPECT_EQ(With(up_.At("api_token"), nowhere, {"tenant", "list"}).code, 3);
  ASSERT_EQ(up_.Control("POST", "/faults", R"({"operation":"d1.*","status":500})").status, 201);
  const RunOutput failed = Run({"tenant", "list"});
  EXPECT_EQ(failed.code, 3) << failed.err;
  EXPECT_FALSE(failed.err.empty());
}

}  // namespace
}  // namespace mg::test
