// Deliberately broken scenarios, each with the exact text that a person sees.
// `UPDATE_EXPECTED=1 ctest -R Broken` writes the texts anew: read the difference before keeping it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenarios/run/report.h"
#include "scenarios/run/virtual_target.h"

namespace mg::scenario {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = "tests/scenarios/broken";

// Paths in messages are relative to the project.
class Broken : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const char* root = std::getenv("MOLTGATE_SOURCE_DIR");
    ASSERT_NE(root, nullptr);
    fs::current_path(root);
  }
};

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// What `moltgate test` prints for the file, the real time apart.
std::string WhatIsSaid(const std::string& path) {
  const LoadedSuite suite = LoadSuite({path});
  std::string said;
  for (const Problem& problem : suite.problems) said += ProblemBlock(problem);
  if (!suite.problems.empty()) return said;
  RunFacts facts;
  facts.target = "virtual";
  for (CaseResult& result :
       RunSuite({suite.scenarios.front().get()}, {}, MakeVirtualTarget, [](const CaseResult&) {})) {
    EXPECT_NE(result.outcome.verdict, Verdict::kPassed);
    result.outcome.real_ms = 0;
    said += CaseText(result, facts, {});
  }
  return said;
}

std::vector<std::string> BrokenFiles() {
  const char* root = std::getenv("MOLTGATE_SOURCE_DIR");
  std::vector<std::string> names;
  const fs::path folder = fs::path(root == nullptr ? "." : root) / kFolder;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    const std::size_t suffix = name.find(".scenario.jsonc");
    if (suffix != std::string::npos) names.push_back(name.substr(0, suffix));
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST_P(Broken, SaysWhatIsWrongAndWhere) {
  const std::string path = std::string(kFolder) + "/" + GetParam();
  const std::string said = WhatIsSaid(path + ".scenario.jsonc");
  if (std::getenv("UPDATE_EXPECTED") != nullptr) std::ofstream(path + ".expected") << said;
  EXPECT_EQ(said, ReadText(path + ".expected"));
  EXPECT_FALSE(said.empty());
}

INSTANTIATE_TEST_SUITE_P(Files, Broken, testing::ValuesIn(BrokenFiles()),
                         [](const auto& param_info) {
                           std::string name = param_info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace mg::scenario
