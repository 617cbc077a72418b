// `moltgate gaps`: what it says is what the fakes answer.
#include <gtest/gtest.h>

#include <set>

#include "core/base/bytes.h"
#include "core/base/json.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

TEST(Gaps, AreOfEveryFakeAndAnsweredByItsName) {
  TempFolder folder;
  const RunOutput printed = RunMoltgate({"gaps"}, folder.path());
  ASSERT_EQ(printed.code, 0) << printed.err;
  const auto json = ParseJson(printed.out);
  ASSERT_TRUE(json);
  Running up(folder.path(), {"--quiet", "--memory"});
  std::set<std::string> fakes;
  int asked = 0;
  for (const Json& item : (*json)["items"]) {
    fakes.insert(StringAt(item, "fake"));
    const std::string path = StringAt(item, "path");
    // Those of the v4 API that are refused as a whole can be asked.
    if (item["state"] != "refused" || StringAt(item, "method") != "*") continue;
    Request request;
    request.origin = up.At("api_base").substr(0, up.At("api_base").find("/client/v4"));
    request.target.clear();
    const std::string below = path.substr(1);
    for (const std::string_view part : Split(below, '/')) {
      const bool account = part == "{}" && request.target == "/client/v4/accounts";
      request.target += "/";
      request.target += account ? up.At("account_id") : part == "{}" ? "moltgate" : part;
    }
    request.headers = {{"authorization", "Bearer " + up.At("api_token")}};
    const Response answer = up.Send(std::move(request), "");
    EXPECT_EQ(answer.status, 501) << path;
    EXPECT_EQ(answer.headers.Get("x-moltgate-gap"), StringAt(item, "operation")) << path;
    ++asked;
  }
  EXPECT_GE(asked, 12);
  for (const char* fake : {"API", "KV", "D1", "R2", "R2 S3", "Access", "AI"})
    EXPECT_EQ(fakes.count(fake), 1u) << fake;
}

}  // namespace
}  // namespace mg::test
