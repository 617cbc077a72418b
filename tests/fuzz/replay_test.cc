// Every fuzz target without libFuzzer: its corpus, then the same few thousand spoiled copies of it
// in every run. What they find is found by any build, and a sanitizer's sees more.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "scenarios/sim/split_mix.h"
#include "tests/support/wire_fixture.h"

// MG_FUZZ_TARGETS is X(name) for each target of this program, whose entry has that name here.
#define X(name) extern "C" int name(const std::uint8_t* data, std::size_t size);
MG_FUZZ_TARGETS
#undef X

namespace mg::test {
namespace {

namespace fs = std::filesystem;

constexpr int kSpoiledCopies = 4'000;
constexpr std::size_t kMaxBytes = 4'096;

struct Target {
  const char* name;
  int (*run)(const std::uint8_t* data, std::size_t size);
};

void PrintTo(const Target& target, std::ostream* out) {
  *out << target.name;
}

constexpr Target kTargets[] = {
#define X(name) {#name, name},
    MG_FUZZ_TARGETS
#undef X
};

std::vector<std::string> Corpus(const std::string& target) {
  std::vector<fs::path> paths;
  for (const auto& file : fs::directory_iterator(SourceFolder() + "/tests/fuzz/corpus/" + target))
    paths.push_back(file.path());
  std::sort(paths.begin(), paths.end());  // so that the copies are the same everywhere
  std::vector<std::string> inputs;
  for (const fs::path& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Spoiler {
 public:
  explicit Spoiler(std::vector<std::string> corpus) : corpus_(std::move(corpus)) {}

  std::string Next() {
    std::string text = Any();
    for (std::uint64_t left = 1 + Below(4); left > 0; --left) Spoil(text);
    text.resize(std::min(text.size(), kMaxBytes));
    return text;
  }

 private:
  std::size_t Below(std::size_t bound) { return static_cast<std::size_t>(random_.Below(bound)); }
  const std::string& Any() { return corpus_[Below(corpus_.size())]; }

  char OddByte() {
    constexpr std::string_view kOdd("\0\x01\t\n\r \"%+-./0:;<=[\\]{|}\x7f\x80\xc3\xef\xff", 29);
    return Below(2) == 0 ? kOdd[Below(kOdd.size())] : static_cast<char>(Below(256));
  }

  void Spoil(std::string& text) {
    const std::size_t at = Below(text.size() + 1);
    const std::size_t length = std::min(Below(32), text.size() - at);
    switch (Below(6)) {
      case 0:
        if (at < text.size()) text[at] = OddByte();
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << Below(8)));
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, 1 + Below(16), OddByte());
        break;
      case 4:
        text.insert(Below(text.size() + 1), text.substr(at, length));
        break;
      default: {
        const std::string& other = Any();
        text.replace(at, std::string::npos, other.substr(Below(other.size() + 1)));
      }
    }
  }

  const std::vector<std::string> corpus_;
  sim::SplitMix64 random_{1};
};

// In the folder of the test, for a property that does not hold ends the process. Open all the time:
// the file system would write out what is closed.
class LastInput {
 public:
  explicit LastInput(const std::string& target)
      : path_("last-input-of-" + target),
        file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)) {}
  ~LastInput() {
    ::close(file_);
    fs::remove(path_);
  }
  LastInput(const LastInput&) = delete;
  LastInput& operator=(const LastInput&) = delete;

  bool Keep(const std::string& input) const {
    const auto size = static_cast<ssize_t>(input.size());
    return ::pwrite(file_, input.data(), input.size(), 0) == size && ::ftruncate(file_, size) == 0;
  }

 private:
  const std::string path_;
  const int file_;
};

class FuzzReplay : public testing::TestWithParam<Target> {};

TEST_P(FuzzReplay, HoldsForTheCorpusAndItsSpoiledCopies) {
  const std::vector<std::string> corpus = Corpus(GetParam().name);
  ASSERT_FALSE(corpus.empty());
  const LastInput last(GetParam().name);
  const auto run = [&](const std::string& input) {
    ASSERT_TRUE(last.Keep(input));
    // A copy of its own size: reading past its end is seen.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    ASSERT_EQ(GetParam().run(bytes.data(), bytes.size()), 0);
  };
  for (const std::string& input : corpus) run(input);
  Spoiler spoiler(corpus);
  for (int i = 0; i < kSpoiledCopies; ++i) run(spoiler.Next());
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzReplay, testing::ValuesIn(kTargets),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace mg::test
