#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/process.h"

namespace mg::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kPassing = R"({
  "id": "passing", "title": "It answers", "covers": [], "tags": ["quick"],
  "steps": [ { "request": { "host": "any.localhost", "path": "/sandbox-health" }, "expect": { "status": 200 } } ]
})";
constexpr const char* kFailing = R"({
  "id": "failing", "title": "It does not answer so", "covers": [],
  "steps": [ { "request": { "host": "any.localhost", "path": "/sandbox-health" }, "expect": { "status": 204 } } ]
})";
constexpr const char* kInvalid =
    R"({ "id": "invalid", "title": "No such key", "covers": [], "stepz": [] })";

TEST(TestCommand, ExitsAsItsDocumentationSays) {
  TempFolder folder;
  const std::string passing = folder.Write("passing.scenario.jsonc", kPassing);
  const std::string failing = folder.Write("failing.scenario.jsonc", kFailing);
  const std::string invalid = folder.Write("invalid.scenario.jsonc", kInvalid);
  const auto code = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "test");
    return RunMoltgate(words, folder.path()).code;
  };
  EXPECT_EQ(code({passing}), 0);
  EXPECT_EQ(code({passing, failing}), 1);
  EXPECT_EQ(code({passing, "--schedule", "sideways"}), 2);
  EXPECT_EQ(code({passing, "--seeds", "9..1"}), 2);
  EXPECT_EQ(code({"no-such-folder"}), 2);
  EXPECT_EQ(code({passing, failing, invalid}), 3);
  EXPECT_EQ(code({passing, "--tags", "!quick"}), 5);
  EXPECT_EQ(code({passing, "--report-json", folder.path() + "/no/such/folder/r.json"}), 4);
}

TEST(TestCommand, PrintsFailuresInFullAndTheTotalsLast) {
  TempFolder folder;
  folder.Write("passing.scenario.jsonc", kPassing);
  folder.Write("failing.scenario.jsonc", kFailing);
  const RunOutput run = RunMoltgate({"test", "."}, folder.path());
  EXPECT_THAT(run.out, HasSubstr("error[answer-mismatch]"));
  EXPECT_THAT(run.out, HasSubstr("failing.scenario.jsonc:3:"));
  EXPECT_THAT(run.out, HasSubstr("^^^ actual 200"));
  EXPECT_THAT(run.out, HasSubstr("reproduce: moltgate test"));
  EXPECT_THAT(run.out, EndsWith("\n1 passed, 1 failed, 0 skipped\n"));
}

TEST(TestCommand, WritesReportsThatAreTheSameForTheSameSeed) {
  TempFolder folder;
  folder.Write("passing.scenario.jsonc", kPassing);
  folder.Write("failing.scenario.jsonc", kFailing);
  std::string first;
  for (const char* name : {"a.json", "b.json"}) {
    RunMoltgate({"test", ".", "--seed", "7", "--report-json", name, "--report-junit", "junit.xml"},
                folder.path());
    const std::string text = ReadFile(folder.path() + "/" + name);
    EXPECT_TRUE(ParseJson(text).ok());
    if (!first.empty()) {
      EXPECT_EQ(text, first);
    }
    first = text;
  }
  const std::string junit = ReadFile(folder.path() + "/junit.xml");
  EXPECT_THAT(junit, HasSubstr(R"(tests="2" failures="1")"));
  EXPECT_THAT(junit, HasSubstr(R"(line="3")"));
}

TEST(TestCommand, LeavesTheReportsOfWhatHadEndedWhenItIsStopped) {
  TempFolder folder;
  folder.Write("passing.scenario.jsonc", kPassing);
  const pid_t child = SpawnMoltgate({"test", ".", "--repeat", "100000", "--report-json", "r.json"},
                                    folder.path(), {}, "test");
  while (ReadFile(folder.path() + "/test.out").size() < 200)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ::kill(child, SIGINT);
  EXPECT_EQ(WaitForExit(child), 130);
  const auto report = ParseJson(ReadFile(folder.path() + "/r.json"));
  ASSERT_TRUE(report.ok());
  EXPECT_GT(report->at("summary").at("passed"), 0);
}

TEST(CoverageCommand, FailsOnARuleThatNothingProves) {
  TempFolder folder;
  folder.Write("passing.scenario.jsonc", kPassing);
  folder.Write("spec.jsonc", R"({"requirements": [
    {"id": "TEN-1", "group": "TEN", "statement": "Hosts decide"},
    {"id": "TEN-2", "group": "TEN", "statement": "Not this", "verified_by": "test:Something"}]})");
  const std::vector<std::string> words{"coverage", ".", "--spec", "spec.jsonc"};
  const RunOutput all = RunMoltgate(words, folder.path());
  EXPECT_EQ(all.code, 6);
  EXPECT_THAT(all.out, HasSubstr("TEN-1"));
  std::vector<std::string> half = words;
  half.insert(half.end(), {"--fail-under", "50"});
  EXPECT_EQ(RunMoltgate(half, folder.path()).code, 0);
}

constexpr const char* kAgainstADeployment = R"({
  "id": "deployed", "title": "A tenant of its own, and gone afterwards", "covers": [],
  "given": { "tenants": [ { "slug": "acme", "keys": [ {} ] } ] },
  "steps": [
    { "chat": { "tenant": "acme", "message": "What is 17 + 25?" }, "expect": { "status": 200, "json": { "choices": [ { "message": { "content": { "$contains": "42" } } } ] } } }
  ]
})";
constexpr const char* kNeedsALever = R"({
  "id": "levers", "title": "Faults cannot be had there", "covers": [],
  "faults": [ { "id": "slow", "on": "ai.run", "delay": "1s" } ],
  "steps": [ { "request": { "host": "any.localhost", "path": "/sandbox-health" } } ]
})";

class Deployed : public testing::Test {
 protected:
  RunOutput Test(std::vector<std::string> words) {
    const RunOutput minted =
        RunMoltgate({"access", "token", "--email", up_.At("operator")}, folder_.path());
    const std::string token = minted.out.substr(0, minted.out.find('\n'));
    words.insert(words.begin(), {"test", ".", "--target", up_.At("gateway_url")});
    return RunMoltgate(
        words, folder_.path(),
        {"MOLTGATE_APP_DOMAIN=" + up_.At("app_domain"),
         "MOLTGATE_OPERATOR_HOST=" + up_.At("operator_host"),
         "MOLTGATE_OPERATOR=" + up_.At("operator"), "MOLTGATE_OPERATOR_TOKEN=" + token});
  }
  std::string Tenants() { return RunMoltgate({"tenant", "list"}, folder_.path()).out; }

  TempFolder folder_;
  Running up_{folder_.path()};
};

TEST_F(Deployed, RunsWhatNeedsNoLeverAndLeavesNoTenantBehind) {
  folder_.Write("deployed.scenario.jsonc", kAgainstADeployment);
  folder_.Write("levers.scenario.jsonc", kNeedsALever);
  const RunOutput run = Test({});
  EXPECT_EQ(run.code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("skipped (needs fault:ai)"));
  EXPECT_THAT(run.out, EndsWith("\n1 passed, 0 failed, 1 skipped\n"));
  EXPECT_THAT(Tenants(), ::testing::Not(HasSubstr("\"slug\": \"sc-")));
}

TEST_F(Deployed, SendsNoMoreRequestsThanItMay) {
  folder_.Write("deployed.scenario.jsonc", kAgainstADeployment);
  const RunOutput run = Test({"--max-requests", "1"});
  EXPECT_EQ(run.code, 4);
  EXPECT_THAT(run.out, HasSubstr("--max-requests"));
}

}  // namespace
}  // namespace mg::test
