// A scenario file: read without a problem, or with problems that each name the file and a place.
#include <string>

#include "scenarios/run/scenario.h"
#include "tests/fuzz/fuzz.h"

using namespace mg;
using namespace mg::scenario;

namespace {

std::string file;  // a ReadFile has no state of its own

Result<std::string> Read(const std::string& path) {
  if (path == "f.scenario.jsonc") return file;
  return Error{Code::kNotFound, "there is no " + path, false};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  file = Text(data, size);
  const Loaded loaded = LoadScenario("f.scenario.jsonc", Read);
  for (const Problem& problem : loaded.problems) {
    Require(ProblemText(problem).rfind("f.scenario.jsonc:", 0) == 0);
  }
  return 0;
}
