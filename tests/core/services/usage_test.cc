#include "core/services/usage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <thread>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "core/services/usage_outbox.h"
#include "fakes/d1/d1.h"
#include "tests/support/fixed_random.h"
#include "tests/support/local_transport.h"
#include "tests/support/recording_log.h"
#include "tests/support/stepped_runtime.h"

namespace mg {
namespace {

using std::chrono::milliseconds;

constexpr const char* kOutbox = "state/outbox.ndjson";
constexpr const char* kFirst = "state/outbox.ndjson.0000000000001.0a1b2c3d";
constexpr const char* kSecond = "state/outbox.ndjson.0000000000002.00000000";

// A disk that forgets what was not synced when the power goes, and can be told to fail.
class MemoryDisk final : public Disk {
 public:
  Status Append(const std::string& path, std::string_view bytes) override {
    const Lock lock(mutex_);
    if (failing_) {
      files_[path].now += bytes.substr(0, bytes.size() / 2);  // a full disk takes a part
      return Full();
    }
    files_[path].now += bytes;
    return Ok();
  }
  Status Sync(const std::string& path) override {
    while (syncs_hang_) std::this_thread::yield();
    const Lock lock(mutex_);
    if (failing_) return Full();
    if (files_.count(path) == 0) return Error{Code::kNotFound, path, false};
    files_[path].synced = files_[path].now;
    return Ok();
  }
  Result<std::string> Read(const std::string& path) override {
    const Lock lock(mutex_);
    if (unreadable_) return Error{Code::kUnavailable, "input/output error", false};
    if (files_.count(path) == 0) return Error{Code::kNotFound, path, false};
    return files_[path].now;
  }
  Status Replace(const std::string& path, std::string_view bytes) override {
    const Lock lock(mutex_);
    if (failing_) return Full();
    files_[path] = {std::string(bytes), std::string(bytes)};
    return Ok();
  }
  Result<std::vector<std::string>> List(const std::string& prefix) override {
    const Lock lock(mutex_);
    if (unlisted_) return Error{Code::kUnavailable, "input/output error", false};
    std::vector<std::string> files;
    for (const auto& [path, file] : files_)
      if (path.compare(0, prefix.size(), prefix) == 0) files.push_back(path);
    return files;
  }
  Status Remove(const std::string& path) override {
    const Lock lock(mutex_);
    files_.erase(path);
    return Ok();
  }

  void CutPower() {
    const Lock lock(mutex_);
    for (auto& [path, file] : files_) file.now = file.synced;
  }
  void Fail(bool failing) {
    const Lock lock(mutex_);
    failing_ = failing;
  }
  void HangSyncs(bool hang) { syncs_hang_ = hang; }
  void MakeUnreadable() { unreadable_ = true; }
  void MakeUnlisted() { unlisted_ = true; }
  std::string Synced(const std::string& path) {
    const Lock lock(mutex_);
    return files_[path].synced;
  }
  bool HasSynced(const std::string& text) { return Has(text, &File::synced); }
  bool HasWritten(const std::string& text) { return Has(text, &File::now); }
  bool Empty() {
    const Lock lock(mutex_);
    return files_.empty();
  }

 private:
  struct File {
    std::string now;
    std::string synced;
  };
  bool Has(const std::string& text, std::string File::*state) {
    const Lock lock(mutex_);
    return std::any_of(files_.begin(), files_.end(), [&](const auto& file) {
      return (file.second.*state).rfind(text) != std::string::npos;
    });
  }
  static Error Full() { return {Code::kUnavailable, "no space left on device", false}; }

  Mutex mutex_;
  std::map<std::string, File> files_;
  bool failing_ = false;
  std::atomic<bool> unreadable_{false};
  std::atomic<bool> unlisted_{false};
  std::atomic<bool> syncs_hang_{false};
};

// The D1 fake as a plain handler.
class D1Handler final : public Handler {
 public:
  explicit D1Handler(fake::D1& d1) : d1_(d1) {}
  Response Handle(Request& request, const Peer&, CancelToken& caller_gone) override {
    fake::CallNote note;
    return d1_.Handle(request, note, caller_gone);
  }

 private:
  fake::D1& d1_;
};

// The background tasks are real threads: a condition is polled until it holds.
template <class Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 5'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return false;
}

class UsageTest : public testing::Test {
 protected:
  UsageTest() {
    transport_.Route("http://api.test", handler_);
    CancelToken nobody;
    const Status made = db_.Execute(
        "CREATE TABLE usage (id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, model TEXT NOT NULL, "
        "tokens_in INTEGER, tokens_out INTEGER, latency_ms INTEGER, created_at INTEGER NOT NULL);",
        nobody);
    EXPECT_TRUE(made) << made.error().message;
    calls_before_ = transport_.calls();
  }

  static fake::Credentials TestCredentials() {
    test::FixedRandom random(7);
    return fake::MakeCredentials(random);
  }

  std::unique_ptr<Usage> MakeUsage(std::string outbox = kOutbox) {
    return std::make_unique<Usage>(UsageOptions{std::move(outbox), 50, 250, 100'000}, &db_, disk_,
                                   runtime_, random_, log_);
  }

  std::vector<D1Row> Rows() {
    CancelToken nobody;
    auto answer = db_.Query({"SELECT * FROM usage ORDER BY created_at, tokens_in", {}}, nobody);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->rows : std::vector<D1Row>{};
  }

  int Sends() const { return transport_.calls() - calls_before_; }

  // D1 answers nothing until told otherwise.
  void CutD1() {
    transport_.before = [this](int, const Request&) -> std::optional<Error> {
      if (cut_) return Error{Code::kUnavailable, "connection refused", true};
      return std::nullopt;
    };
    cut_ = true;
  }

  test::SteppedRuntime runtime_;
  test::FixedRandom random_;
  test::RecordingLog log_;
  MemoryDisk disk_;
  fake::Credentials credentials_ = TestCredentials();
  fake::D1 d1_{credentials_, "", runtime_};
  D1Handler handler_{d1_};
  test::LocalTransport transport_{runtime_};
  D1Client db_{transport_, runtime_,
               D1Binding{"http://api.test/client/v4", credentials_.account_id,
                         credentials_.d1_database_id, credentials_.api_token}};
  std::atomic<bool> cut_{false};
  int calls_before_ = 0;
};

UsageRow Row(std::int64_t tokens_in = 11) {
  return {"123e4567-e89b-12d3-a456-426614174000", "@cf/meta/llama", tokens_in, 22, 33};
}

TEST_F(UsageTest, WritesTheRowWithAnIdAndTheTimeOfItsRecord) {
  auto usage = MakeUsage();
  usage->Start();
  usage->Record(Row());
  const std::int64_t recorded_ms = runtime_.Wall().ms;
  usage->Stop(kNever);
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(IsUuid(rows[0].Text("id")));
  EXPECT_EQ(rows[0].Text("tenant_id"), Row().tenant_id);
  EXPECT_EQ(rows[0].Text("model"), "@cf/meta/llama");
  EXPECT_EQ(rows[0].Int("tokens_in"), 11);
  EXPECT_EQ(rows[0].Int("tokens_out"), 22);
  EXPECT_EQ(rows[0].Int("latency_ms"), 33);
  EXPECT_NEAR(static_cast<double>(rows[0].Int("created_at")), static_cast<double>(recorded_ms),
              100);
  EXPECT_EQ(usage->Waiting(), 0u);
}

TEST_F(UsageTest, TellsWhatWaitsWhatWentAndHowOldTheOldestIs) {
  CutD1();
  auto usage = MakeUsage();
  usage->Record(Row(1));
  runtime_.Advance(milliseconds(700));
  usage->Record(Row(2));
  EXPECT_GE(usage->OldestAgeMs(), 700);
  EXPECT_EQ(usage->Delivered(), 0u);
  EXPECT_EQ(usage->Retries(), 0u);
  usage->Start();
  ASSERT_TRUE(Eventually([&] { return usage->Retries() >= 2; }));
  EXPECT_EQ(usage->Waiting(), 2u);
  EXPECT_GE(usage->OldestAgeMs(), 700);
  cut_ = false;
  ASSERT_TRUE(Eventually([&] { return usage->Waiting() == 0; }));
  EXPECT_EQ(usage->Delivered(), 2u);
  EXPECT_EQ(usage->OldestAgeMs(), 0);
  usage->Stop(kNever);
}

TEST_F(UsageTest, SendsAtMostFiveHundredRowsInOneStatement) {
  auto usage = MakeUsage();
  for (int i = 0; i < 1'200; ++i) usage->Record(Row(i));
  EXPECT_EQ(usage->Waiting(), 1'200u);
  usage->Start();
  usage->Stop(kNever);
  EXPECT_EQ(Sends(), 3);
  EXPECT_EQ(Rows().size(), 1'200u);
}

TEST_F(UsageTest, SendsAtMostOneBatchAnInterval) {
  std::vector<Instant> sent;
  transport_.before = [&](int, const Request&) -> std::optional<Error> {
    sent.push_back(runtime_.Now());
    return std::nullopt;
  };
  auto usage = MakeUsage();
  for (int i = 0; i < 1'200; ++i) usage->Record(Row(i));
  usage->Start();
  ASSERT_TRUE(Eventually([&] { return usage->Waiting() == 0; }));
  usage->Stop(kNever);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_GE(sent[1] - sent[0], milliseconds(250));
  EXPECT_GE(sent[2] - sent[1], milliseconds(250));
}

// Fails the first call, the first two, ... until the retries do not suffice and the next tick
// sends.
TEST_F(UsageTest, ALostAnswerIsRetriedWithTheSameIdSoThatNoSecondRowIsWritten) {
  for (int losses = 1; losses <= 5; ++losses) {
    SCOPED_TRACE(losses);
    d1_.Reset();
    CancelToken nobody;
    ASSERT_TRUE(db_.Execute(
        "CREATE TABLE usage (id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, model TEXT NOT NULL, "
        "tokens_in INTEGER, tokens_out INTEGER, latency_ms INTEGER, created_at INTEGER NOT NULL);",
        nobody));
    std::atomic<int> left{losses};
    transport_.after = [&](int, const Request&) -> std::optional<Error> {
      if (left.load() == 0) return std::nullopt;
      --left;
      return Error{Code::kUnknownOutcome, "the connection was reset", false};
    };
    auto usage = MakeUsage();
    usage->Start();
    usage->Record(Row());
    usage->Stop(kNever);
    EXPECT_EQ(left, 0) << "the script was used up";
    EXPECT_EQ(usage->Waiting(), 0u);
    transport_.after = nullptr;
    EXPECT_EQ(Rows().size(), 1u);
  }
  EXPECT_EQ(log_.Events("usage_write_failed").size(), 2u) << "said only when retries were used up";
  EXPECT_EQ(log_.Events("usage_write_recovered").size(), 2u);
}

TEST_F(UsageTest, WaitsOneTwoAndFourTenthsOfASecondBetweenRetries) {
  std::vector<Instant> sent;
  transport_.before = [&](int, const Request&) -> std::optional<Error> {
    sent.push_back(runtime_.Now());
    if (sent.size() < 4) return Error{Code::kExhausted, "overloaded", true};
    return std::nullopt;
  };
  auto usage = MakeUsage();
  usage->Start();
  usage->Record(Row());
  usage->Stop(kNever);
  ASSERT_EQ(sent.size(), 4u);
  EXPECT_GE(sent[1] - sent[0], milliseconds(100));
  EXPECT_GE(sent[2] - sent[1], milliseconds(200));
  EXPECT_GE(sent[3] - sent[2], milliseconds(400));
}

TEST_F(UsageTest, ARowIsSyncedToDiskWhileD1IsAwayAndSentByTheNextProcess) {
  CutD1();
  {
    auto usage = MakeUsage();
    usage->Start();
    usage->Record(Row(1));
    ASSERT_TRUE(Eventually([&] { return disk_.HasSynced("tokens_in"); }));
    usage->Record(Row(2));
    usage->Stop(runtime_.Now());
    EXPECT_EQ(usage->Waiting(), 2u);
    EXPECT_EQ(log_.Events("usage_rows_left").size(), 1u);
  }
  disk_.CutPower();
  cut_ = false;
  auto usage = MakeUsage();
  usage->Start();
  usage->Stop(kNever);
  EXPECT_EQ(Rows().size(), 2u);
  EXPECT_TRUE(disk_.Empty()) << "nothing is kept that D1 has";
}

// The process is killed: what it has written is there, what it has not synced is not lost.
TEST_F(UsageTest, ADiskThatIsSlowToSyncKeepsNoRowInMemory) {
  CutD1();
  disk_.HangSyncs(true);
  auto killed = MakeUsage();
  killed->Start();
  for (int i = 1; i <= 3; ++i) {
    killed->Record(Row(i));
    const std::string row = "\"tokens_in\":" + std::to_string(i) + ",";
    ASSERT_TRUE(Eventually([&] { return disk_.HasWritten(row); })) << "while a sync hangs";
  }
  EXPECT_FALSE(disk_.HasSynced("tokens_in"));

  cut_ = false;
  auto next = MakeUsage();
  next->Start();
  EXPECT_TRUE(Eventually([&] { return Rows().size() == 3; }));
  disk_.HangSyncs(false);
  next->Stop(kNever);
  killed->Stop(kNever);
  EXPECT_EQ(Rows().size(), 3u);
  EXPECT_TRUE(disk_.Empty());
}

TEST_F(UsageTest, SendsAgainWithoutASecondRowAfterACrashBeforeTheRemovalOfASegment) {
  const std::string first = UsageLine(Row(1), UuidFromBytes("0123456789abcdef"), 1);
  const std::string second = UsageLine(Row(2), UuidFromBytes("fedcba9876543210"), 2);
  ASSERT_TRUE(disk_.Replace(kFirst, first + "\n"));
  ASSERT_TRUE(disk_.Replace(kSecond, first + "\n" + second + "\n"));
  auto usage = MakeUsage();
  usage->Start();
  usage->Stop(kNever);
  EXPECT_EQ(Rows().size(), 2u);
  EXPECT_TRUE(disk_.Empty());
}

TEST_F(UsageTest, AModelsNameOfAnyBytesMakesAWholeLine) {
  UsageRow row = Row();
  row.model = "a\"b\\c\nd\xff\xe2\x82" + std::string(300, 'x');
  const std::string line = UsageLine(row, UuidFromBytes("0123456789abcdef"), 1);
  ASSERT_EQ(line.find('\n'), line.npos);
  const auto parsed = ParseJson(line);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(StringAt(*parsed, "model").substr(0, 7), "a\"b\\c\nd");
  EXPECT_EQ(IntAt(*parsed, "created_at", 0), 1);
}

TEST_F(UsageTest, TouchesNoFileThatOnlyBeginsLikeASegment) {
  const std::string line = UsageLine(Row(1), UuidFromBytes("0123456789abcdef"), 1) + "\n";
  const std::string others[] = {kOutbox, std::string(kOutbox) + ".bak", std::string(kFirst) + "0",
                                std::string(kOutbox) + ".b.0000000000001.0a1b2c3d"};
  for (const std::string& other : others) ASSERT_TRUE(disk_.Replace(other, line));
  auto usage = MakeUsage();
  usage->Start();
  usage->Record(Row(2));
  usage->Stop(kNever);
  EXPECT_EQ(Rows().size(), 1u);
  for (const std::string& other : others) EXPECT_EQ(disk_.Synced(other), line) << other;
}

TEST_F(UsageTest, IgnoresALineCutOffByACrashWithAWarning) {
  const std::string whole = UsageLine(Row(1), UuidFromBytes("0123456789abcdef"), 1);
  ASSERT_TRUE(disk_.Replace(kFirst, whole + "\n" + whole.substr(0, 40)));
  auto usage = MakeUsage();
  usage->Start();
  usage->Stop(kNever);
  EXPECT_EQ(Rows().size(), 1u);
  const auto warned = log_.Events("usage_outbox_malformed_lines");
  ASSERT_EQ(warned.size(), 1u);
  EXPECT_EQ(warned[0].Field("count"), "1");
}

TEST_F(UsageTest, AFullDiskDelaysNoRowAndSpoilsNoLaterLine) {
  disk_.Fail(true);
  auto usage = MakeUsage();
  usage->Start();
  usage->Record(Row(1));
  ASSERT_TRUE(Eventually([&] { return usage->Waiting() == 0; }));
  EXPECT_EQ(Rows().size(), 1u);
  EXPECT_EQ(log_.Events("usage_outbox_failed").size(), 1u);

  disk_.Fail(false);
  CutD1();
  usage->Record(Row(2));
  ASSERT_TRUE(Eventually([&] { return disk_.HasSynced("\"tokens_in\":2,"); }));
  usage->Stop(runtime_.Now());
  cut_ = false;
  auto next = MakeUsage();
  next->Start();
  next->Stop(kNever);
  EXPECT_EQ(Rows().size(), 2u) << "the half line did not swallow the row after it";
}

TEST_F(UsageTest, LeavesAnUnreadableSegmentAloneAndSaysSo) {
  ASSERT_TRUE(disk_.Replace(kFirst, "precious\n"));
  disk_.MakeUnreadable();
  auto usage = MakeUsage();
  usage->Start();
  usage->Record(Row());
  usage->Stop(kNever);
  EXPECT_EQ(Rows().size(), 1u);
  EXPECT_EQ(disk_.Synced(kFirst), "precious\n");
  EXPECT_EQ(log_.Events("usage_outbox_unusable").size(), 1u);
}

TEST_F(UsageTest, GoesOnInMemoryWhenTheOutboxCannotBeListed) {
  disk_.MakeUnlisted();
  auto usage = MakeUsage();
  usage->Start();
  usage->Record(Row());
  usage->Stop(kNever);
  EXPECT_EQ(Rows().size(), 1u);
  EXPECT_TRUE(disk_.Empty());
  EXPECT_EQ(log_.Events("usage_outbox_unusable").size(), 1u);
}

TEST_F(UsageTest, WithoutADatabaseRowsStayInTheOutboxWithAWarning) {
  {
    Usage usage({kOutbox, 50, 250, 1'000}, nullptr, disk_, runtime_, random_, log_);
    usage.Start();
    usage.Record(Row());
    usage.Stop(kNever);
    EXPECT_EQ(usage.Waiting(), 1u);
  }
  EXPECT_EQ(log_.Events("usage_without_database").size(), 1u);
  auto usage = MakeUsage();
  usage->Start();
  usage->Stop(kNever);
  EXPECT_EQ(Rows().size(), 1u);
}

TEST_F(UsageTest, WithoutAnOutboxRowsWaitInMemory) {
  auto usage = MakeUsage("");
  usage->Start();
  usage->Record(Row());
  usage->Stop(kNever);
  EXPECT_EQ(Rows().size(), 1u);
  EXPECT_TRUE(disk_.Empty());
}

TEST_F(UsageTest, ALongOutageSpillsToDiskAndLosesNothing) {
  CutD1();
  Usage usage({kOutbox, 50, 250, 1'000}, &db_, disk_, runtime_, random_, log_);
  usage.Start();
  for (int i = 1; i <= 3'000; ++i) {
    usage.Record(Row(i));
    if (i % 500 != 0) continue;
    const std::string last = "\"tokens_in\":" + std::to_string(i) + ",";
    ASSERT_TRUE(Eventually([&] { return disk_.HasSynced(last); }));
  }
  EXPECT_EQ(usage.Waiting(), 3'000u);
  EXPECT_TRUE(log_.Events("usage_rows_lost").empty());
  cut_ = false;
  usage.Stop(kNever);
  EXPECT_EQ(Rows().size(), 3'000u);
  EXPECT_TRUE(disk_.Empty());
}

TEST_F(UsageTest, KeepsNoMoreThanItsShareOfMemoryWhileDiskAndD1BothFail) {
  disk_.Fail(true);
  CutD1();
  Usage usage({kOutbox, 50, 250, 1'000}, &db_, disk_, runtime_, random_, log_);
  usage.Start();
  for (int i = 1; i <= 5'000; ++i) {
    usage.Record(Row(i));
    if (i % 500 == 0) {
      ASSERT_TRUE(Eventually([&] { return usage.Waiting() + usage.Lost() == std::size_t(i); }));
      runtime_.Advance(milliseconds(50));
    }
    ASSERT_LE(usage.Waiting(), 2'000u) << "those before the disk and those before D1";
  }
  ASSERT_TRUE(Eventually([&] { return usage.Waiting() == 1'000; }));
  EXPECT_EQ(usage.Lost(), 4'000u);
  EXPECT_EQ(log_.Events("usage_rows_lost").size(), 4u) << "the first one, then one in a thousand";
  disk_.Fail(false);
  cut_ = false;
  usage.Stop(kNever);
  EXPECT_EQ(Rows().size(), 1'000u);
}

TEST_F(UsageTest, WithoutAnOutboxCountsAndReportsWhatMemoryCannotHold) {
  Usage usage({"", 50, 250, 1'000}, nullptr, disk_, runtime_, random_, log_);
  for (int i = 0; i < 1'500; ++i) usage.Record(Row(i));
  EXPECT_EQ(usage.Waiting(), 1'000u);
  EXPECT_EQ(usage.Lost(), 500u);
  EXPECT_EQ(log_.Events("usage_rows_lost").size(), 1u) << "not a line for every row";
}

TEST_F(UsageTest, RecordDoesNotWaitForAnAnswerOfD1) {
  std::atomic<bool> release{false};
  std::atomic<bool> held{false};
  transport_.before = [&](int, const Request&) -> std::optional<Error> {
    held = true;
    while (!release) std::this_thread::yield();
    return std::nullopt;
  };
  auto usage = MakeUsage();
  usage->Start();
  usage->Record(Row());
  ASSERT_TRUE(Eventually([&] { return held.load(); }));
  for (int i = 0; i < 100; ++i) usage->Record(Row(i));
  EXPECT_EQ(usage->Waiting(), 101u);
  release = true;
  usage->Stop(kNever);
  EXPECT_EQ(Rows().size(), 101u);
}

}  // namespace
}  // namespace mg
