#include "core/adapters/small_adapters.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "core/adapters/thread_runtime.h"
#include "core/base/json.h"

namespace mg {
namespace {

TEST(OsRandom, GivesAsManyBytesAsAskedAndNeverTheSame) {
  OsRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.insert(random.Bytes(32)).second);
  EXPECT_EQ(random.Bytes(100'000).size(), 100'000u);
  EXPECT_EQ(random.Bytes(0), "");
}

TEST(OsRandom, BelowReachesEveryValueAndNeverTheBound) {
  OsRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.Below(5));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(random.Below(1), 0u);
}

class FileDiskTest : public testing::Test {
 protected:
  FileDiskTest() {
    std::string pattern = testing::TempDir() + "/disk.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FileDiskTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  static mode_t ModeOf(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_mode & 0777;
  }

  std::string folder_;
  FileDisk disk_;
};

TEST_F(FileDiskTest, AppendsReadsBackAndSyncs) {
  ASSERT_TRUE(disk_.Append(Path("log"), "one\n"));
  ASSERT_TRUE(disk_.Append(Path("log"), "two\n"));
  ASSERT_TRUE(disk_.Sync(Path("log")));
  EXPECT_EQ(disk_.Read(Path("log")).value(), "one\ntwo\n");
  EXPECT_EQ(ModeOf(Path("log")), 0600u);
}

TEST_F(FileDiskTest, ReplacesAWholeFileForItsOwnerOnly) {
  ASSERT_TRUE(disk_.Append(Path("file"), "a longer text"));
  ASSERT_TRUE(disk_.Replace(Path("file"), std::string("n\0w", 3)));
  EXPECT_EQ(disk_.Read(Path("file")).value(), std::string("n\0w", 3));
  EXPECT_EQ(ModeOf(Path("file")), 0600u);
  // Nothing but the file stays behind.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(FileDiskTest, AFailedReplaceNamesTheFileAndLeavesNothing) {
  std::filesystem::create_directory(Path("taken"));
  const Status replaced = disk_.Replace(Path("taken"), "x");
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().code, Code::kUnavailable);
  EXPECT_NE(replaced.error().message.find("taken"), std::string::npos);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(FileDiskTest, SaysNotFoundForWhatIsAbsentButRemovesItHappily) {
  EXPECT_EQ(disk_.Read(Path("absent")).error().code, Code::kNotFound);
  EXPECT_EQ(disk_.Sync(Path("absent")).error().code, Code::kNotFound);
  EXPECT_TRUE(disk_.Remove(Path("absent")));
  ASSERT_TRUE(disk_.Append(Path("b"), "x"));
  ASSERT_TRUE(disk_.Remove(Path("b")));
  EXPECT_EQ(disk_.Read(Path("b")).error().code, Code::kNotFound);
}

TEST_F(FileDiskTest, ListsTheFilesThatBeginAlikeInOrder) {
  for (const char* name : {"out.2", "out.1", "out", "other"})
    ASSERT_TRUE(disk_.Append(Path(name), "x"));
  std::filesystem::create_directory(Path("out.3"));
  const auto files = disk_.List(Path("out."));
  ASSERT_TRUE(files);
  EXPECT_EQ(*files, (std::vector<std::string>{Path("out.1"), Path("out.2")}));
  EXPECT_TRUE(disk_.List(Path("none."))->empty());
  EXPECT_TRUE(disk_.List(Path("absent/out."))->empty());
}

class JsonLinesLogTest : public testing::Test {
 protected:
  JsonLinesLogTest() { EXPECT_EQ(::pipe2(pipe_, O_NONBLOCK), 0); }
  ~JsonLinesLogTest() override {
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  std::string Written() {
    char bytes[65536];
    const ssize_t n = ::read(pipe_[0], bytes, sizeof bytes);
    return n > 0 ? std::string(bytes, static_cast<std::size_t>(n)) : "";
  }

  ThreadRuntime runtime_;
  int pipe_[2] = {};
};

TEST_F(JsonLinesLogTest, WritesOneJsonObjectALine) {
  JsonLinesLog log(pipe_[1], LogLevel::kInfo, runtime_);
  log.Write(LogLevel::kWarn, "resolution_failure",
            {{"host", std::string("a\"b\n\x01\xff\xe2\x82\xac")}, {"status", std::int64_t{-4}}});
  const std::string line = Written();
  ASSERT_EQ(line.find('\n'), line.size() - 1);
  const Result<Json> parsed = ParseJson(line);
  ASSERT_TRUE(parsed) << line;
  EXPECT_EQ(StringAt(*parsed, "level"), "warn");
  EXPECT_EQ(StringAt(*parsed, "event"), "resolution_failure");
  EXPECT_EQ(StringAt(*parsed, "host"), "a\"b\n\x01\xef\xbf\xbd\xe2\x82\xac");
  EXPECT_EQ(IntAt(*parsed, "status", 0), -4);
  const std::string time = StringAt(*parsed, "time");  // 2024-01-02T03:04:05.678Z
  ASSERT_EQ(time.size(), 24u);
  EXPECT_EQ(time[10], 'T');
  EXPECT_EQ(time[19], '.');
  EXPECT_EQ(time[23], 'Z');
}

TEST_F(JsonLinesLogTest, DropsWhatIsBelowItsLevel) {
  JsonLinesLog log(pipe_[1], LogLevel::kInfo, runtime_);
  log.Write(LogLevel::kDebug, "noise", {});
  EXPECT_EQ(Written(), "");
}

}  // namespace
}  // namespace mg
