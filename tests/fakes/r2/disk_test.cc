// Objects in a folder: they survive a restart, leave nothing behind, and stream.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/base/bytes.h"
#include "tests/fakes/r2/r2_fixture.h"

namespace mg::fake {
namespace {

constexpr std::size_t kBig = 3'000'000;

class R2Disk : public R2Fake {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "r2XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    Reopen(folder_);
  }
  void TearDown() override {
    r2.reset();
    std::filesystem::remove_all(folder_);
  }
  std::size_t Files() const {
    const std::filesystem::directory_iterator files(folder_ + "/r2-objects");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

  std::string folder_;
};

TEST_F(R2Disk, KeepsObjectsAndUploadsForTheNextStart) {
  const std::string big(kBig, 'x');
  ASSERT_EQ(Call("PUT", "/moltbot-data/small", Body("kept")).status, 200);
  ASSERT_EQ(Call("PUT", "/moltbot-data/big", Body(big)).status, 200);
  const std::string id = Element(Call("POST", "/moltbot-data/p?uploads"), "UploadId");
  ASSERT_EQ(Call("PUT", "/moltbot-data/p?partNumber=1&uploadId=" + id, Body("part")).status, 200);
  Reopen(folder_);
  EXPECT_EQ(Call("GET", "/moltbot-data/small").body.bytes(), "kept");
  Response got = Call("GET", "/moltbot-data/big");
  EXPECT_TRUE(got.body.is_stream());
  EXPECT_EQ(got.body.length(), kBig);
  EXPECT_EQ(All(std::move(got)), big);
  EXPECT_EQ(Elements(Call("GET", "/moltbot-data/p?uploadId=" + id), "PartNumber"), "1");
  EXPECT_THROW(R2(credentials, folder_ + "/absent", runtime), std::runtime_error);
}

TEST_F(R2Disk, LeavesNoFileBehind) {
  const std::string big(kBig, 'x');
  ASSERT_EQ(Call("PUT", "/moltbot-data/a", Body(big)).status, 200);
  ASSERT_EQ(Call("PUT", "/moltbot-data/a", Body(big + "y")).status, 200);
  EXPECT_EQ(Files(), 1u) << "the one that was replaced is gone";
  ASSERT_EQ(Call("PUT", "/moltbot-data/b", {}, {{"x-amz-copy-source", "moltbot-data/a"}}).status,
            200);
  EXPECT_EQ(Files(), 1u) << "a copy shares it";
  Call("DELETE", "/moltbot-data/a");
  EXPECT_EQ(Files(), 1u);
  Call("DELETE", "/moltbot-data/b");
  EXPECT_EQ(Files(), 0u);
  EXPECT_EQ(Call("PUT", "/moltbot-data/c", Body(big), {}, Sha256Hex("other")).status, 400);
  EXPECT_EQ(Call("PUT", "/moltbot-data/c", Body(big), {{"if-match", "*"}}).status, 412);
  EXPECT_EQ(Files(), 0u) << "neither does one that was refused";
}

TEST_F(R2Disk, ReadsOnWhenAnObjectIsReplacedMeanwhile) {
  const std::string big(kBig, 'x');
  Call("PUT", "/moltbot-data/a", Body(big));
  {
    Response got = Call("GET", "/moltbot-data/a");
    Call("PUT", "/moltbot-data/a", Body("new"));
    EXPECT_EQ(All(std::move(got)), big);
  }
  EXPECT_EQ(Files(), 0u);
}

TEST_F(R2Disk, SweepsWhatNoRowNames) {
  Call("PUT", "/moltbot-data/a", Body(std::string(kBig, 'x')));
  std::ofstream(folder_ + "/r2-objects/new-7") << "half";
  std::ofstream(folder_ + "/r2-objects/8") << "whole, but never committed";
  Reopen(folder_);
  EXPECT_EQ(Files(), 1u);
  EXPECT_EQ(All(Call("GET", "/moltbot-data/a")).size(), kBig);
}

// A body that kills its process when half of it has been read.
class Deadly final : public BodyStream {
 public:
  explicit Deadly(std::size_t bytes_before) : left_(bytes_before) {}
  Result<std::string> Next(Instant) override {
    if (left_ == 0) ::raise(SIGKILL);
    const std::size_t size = std::min<std::size_t>(left_, 100'000);
    left_ -= size;
    return std::string(size, 'n');
  }

 private:
  std::size_t left_;
};

TEST_F(R2Disk, HasAPutWholeOrNotAtAllAfterAKill) {
  const std::string big(kBig, 'x');
  ASSERT_EQ(Call("PUT", "/moltbot-data/a", Body(big)).status, 200);
  r2.reset();  // a connection of SQLite's is not carried over a fork
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    r2 = std::make_unique<R2>(credentials, folder_, runtime);
    Call("PUT", "/moltbot-data/a", Body(std::make_shared<Deadly>(kBig / 2), kBig), {},
         "UNSIGNED-PAYLOAD");
    ::_exit(0);  // it must not get here
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  Reopen(folder_);
  EXPECT_EQ(All(Call("GET", "/moltbot-data/a")), big);
  EXPECT_EQ(Files(), 1u) << "the half that was written is swept";
}

// A body of any size, made as it is read.
class Made final : public BodyStream {
 public:
  explicit Made(std::uint64_t bytes) : left_(bytes) {}
  Result<std::string> Next(Instant) override {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, 1 << 20));
    left_ -= size;
    return std::string(size, 'm');
  }

 private:
  std::uint64_t left_;
};

std::size_t PeakMemoryKb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmHWM:") break;
  std::size_t kb = 0;
  status >> kb;
  return kb;
}

TEST_F(R2Disk, StreamsABigObjectThroughLittleMemory) {
  constexpr std::uint64_t kHuge = 192ULL << 20;
  const std::size_t before_kb = PeakMemoryKb();
  ASSERT_EQ(Call("PUT", "/moltbot-data/huge", Body(std::make_shared<Made>(kHuge), kHuge), {},
                 "UNSIGNED-PAYLOAD")
                .status,
            200);
  Response got = Call("GET", "/moltbot-data/huge");
  ASSERT_TRUE(got.body.is_stream());
  std::uint64_t read = 0;
  while (true) {
    const auto piece = got.body.stream()->Next(kNever);
    ASSERT_TRUE(piece.ok());
    if (piece->empty()) break;
    read += piece->size();
  }
  EXPECT_EQ(read, kHuge);
  EXPECT_LT(PeakMemoryKb() - before_kb, 48u * 1024);
}

}  // namespace
}  // namespace mg::fake
