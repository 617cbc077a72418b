#include "core/services/usage.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "core/ports/cancel.h"
#include "core/services/failure_streak.h"
#include "core/services/usage_outbox.h"
#include "core/services/usage_queue.h"

namespace mg {
namespace {

constexpr std::size_t kRowsPerBatch = 500;
constexpr std::int64_t kRetryWaitsMs[] = {100, 200, 400};  // USG-3
constexpr std::size_t kLossesPerLogLine = 1000;
constexpr Nanos kLongestPause = std::chrono::seconds(30);  // between batches that D1 refuses

constexpr std::string_view kInsertBatch =
    "INSERT INTO usage(id, tenant_id, model, tokens_in, tokens_out, latency_ms, created_at) "
    "SELECT json_extract(value, '$.id'), json_extract(value, '$.tenant_id'), "
    "json_extract(value, '$.model'), json_extract(value, '$.tokens_in'), "
    "json_extract(value, '$.tokens_out'), json_extract(value, '$.latency_ms'), "
    "json_extract(value, '$.created_at') "
    "FROM json_each(?1) WHERE true ON CONFLICT(id) DO NOTHING";

std::string JsonArray(const std::vector<std::string>& rows) {
  std::string text = "[";
  for (const std::string& row : rows) {
    if (text.size() > 1) text += ',';
    text += row;
  }
  text += ']';
  return text;
}

bool MayPass(const Error& error) {
  return error.retryable || error.code == Code::kUnknownOutcome ||
         error.code == Code::kUnavailable || error.code == Code::kTimeout;
}

}  // namespace

// A row goes unsaved -> segment -> D1. The save task alone appends to segments. The sync task sees
// to it that they survive a power cut, apart from it: a disk that is slow to sync keeps no row in
// memory. The send task alone takes segments away, once nothing is written to them any more. All
// three hold the lock only to move rows along.
class Usage::Impl {
 public:
  Impl(UsageOptions options, D1Client* db, Disk& disk, Runtime& runtime, Random& random, Log& log)
      : options_(std::move(options)),
        db_(db),
        runtime_(runtime),
        random_(random),
        log_(log),
        outbox_(options_.outbox_path, disk, random),
        saves_(!options_.outbox_path.empty()),
        save_cv_(runtime.MakeCondVar()),
        sync_cv_(runtime.MakeCondVar()),
        send_cv_(runtime.MakeCondVar()),
        done_cv_(runtime.MakeCondVar()),
        queue_(options_.max_rows_in_memory) {}

  void Record(const UsageRow& row) {
    std::string line = UsageLine(row, UuidFromBytes(random_.Bytes(16)), runtime_.Wall().ms);
    Loss loss;
    {
      const Lock lock(mutex_);
      if (Unsaved() >= options_.max_rows_in_memory || closing_) {
        loss = Lose(1);
      } else {
        unsaved_.push_back(std::move(line));
        if (Unsaved() == 1) save_cv_->NotifyOne();
      }
    }
    Report(loss);
  }

  void Start() {
    if (saves_) LoadLeftovers();
    if (db_ == nullptr) log_.Write(LogLevel::kWarn, "usage_without_database", {});
    if (!saves_ && db_ == nullptr) return;
    save_ = runtime_.Spawn("usage-save", [this] { SaveLoop(); });
    sync_ = runtime_.Spawn("usage-sync", [this] { SyncLoop(); });
    if (db_ != nullptr) send_ = runtime_.Spawn("usage-send", [this] { SendLoop(); });
  }

  void Stop(Instant deadline) {
    if (!save_) return;
    {
      Lock lock(mutex_);
      stopping_ = true;
      send_cv_->NotifyAll();
      while (!Drained() && runtime_.Now() < deadline) done_cv_->WaitUntil(lock, deadline);
      closing_ = true;
      save_cv_->NotifyAll();
      send_cv_->NotifyAll();
    }
    cancel_.Cancel();
    End(save_);
    if (send_) End(send_);
    {
      const Lock lock(mutex_);
      all_saved_ = true;
      sync_cv_->NotifyAll();
    }
    End(sync_);
    if (const std::size_t waiting = Waiting(); waiting > 0) {
      log_.Write(LogLevel::kWarn, "usage_rows_left",
                 {{"count", static_cast<std::int64_t>(waiting)}});
    }
  }

  std::size_t Waiting() {
    const Lock lock(mutex_);
    return WaitingRows();
  }
  std::size_t Lost() {
    const Lock lock(mutex_);
    return lost_;
  }
  std::size_t Delivered() {
    const Lock lock(mutex_);
    return delivered_;
  }
  std::size_t Retries() {
    const Lock lock(mutex_);
    return retries_;
  }
  std::int64_t OldestAgeMs() {
    std::int64_t oldest_ms = 0;
    {
      const Lock lock(mutex_);
      oldest_ms = queue_.OldestMs();
      if (oldest_ms == 0 && !unsaved_.empty()) oldest_ms = CreatedAtMs(unsaved_.front());
    }
    return oldest_ms == 0 ? 0 : std::max<std::int64_t>(0, runtime_.Wall().ms - oldest_ms);
  }

 private:
  struct Loss {
    std::size_t before = 0;
    std::size_t after = 0;
  };

  static void End(std::unique_ptr<Task>& task) { std::exchange(task, nullptr)->Join(); }

  Loss Lose(std::size_t rows) {  // mutex_ is held
    const std::size_t before = lost_;
    lost_ += rows;
    return {before, lost_};
  }

  // The first one, then one line in so many.
  void Report(const Loss& loss) {
    const auto lines = [](std::size_t rows) {
      return (rows + kLossesPerLogLine - 1) / kLossesPerLogLine;
    };
    if (lines(loss.before) == lines(loss.after)) return;
    log_.Write(LogLevel::kError, "usage_rows_lost",
               {{"count", static_cast<std::int64_t>(loss.after)}});
  }

  std::size_t Unsaved() const { return unsaved_.size() + being_saved_; }
  std::size_t WaitingRows() const { return Unsaved() + queue_.Waiting(); }
  bool Drained() const { return (db_ != nullptr ? WaitingRows() : Unsaved()) == 0; }

  // What an earlier process left. A segment that cannot be read is left to an operator.
  void LoadLeftovers() {
    const Result<std::vector<std::string>> segments = outbox_.Segments();
    if (!segments) {
      ReportUnusable(segments.error());
      saves_ = false;
      return;
    }
    for (const std::string& file : *segments) {
      Result<UsageOutbox::Lines> lines = outbox_.Read(file);
      if (!lines) {
        ReportUnusable(lines.error());
        continue;
      }
      ReportMalformed(*lines);
      const std::int64_t begun_ms = lines->rows.empty() ? 0 : CreatedAtMs(lines->rows.front());
      const Lock lock(mutex_);
      queue_.Add(queue_.Begin(file, begun_ms, false), std::move(lines->rows));
    }
  }

  void SaveLoop() {
    for (bool last = false; !last;) {
      std::vector<std::string> rows;
      {
        Lock lock(mutex_);
        while (!closing_ && unsaved_.empty()) save_cv_->WaitUntil(lock, kNever);
        last = closing_;
        rows.swap(unsaved_);
        being_saved_ = rows.size();
      }
      // Half the interval, so that the write itself has the other half (USG-4).
      const Instant next =
          runtime_.Now() + std::chrono::milliseconds(options_.disk_interval_ms) / 2;
      if (!rows.empty() && !(saves_ && Save(rows))) KeepInMemory(std::move(rows));
      Lock lock(mutex_);
      while (!closing_ && runtime_.Now() < next) save_cv_->WaitUntil(lock, next);
    }
  }

  // False, with the rows as they were, when the disk does not take them.
  bool Save(std::vector<std::string>& rows) {
    {
      const Lock lock(mutex_);
      writing_ = queue_.Open();
      if (writing_ == nullptr) {
        writing_ =
            &queue_.Begin(outbox_.NewSegment(runtime_.Wall().ms), CreatedAtMs(rows.front()), true);
      }
    }
    const Status saved = outbox_.Append(writing_->file, rows);
    ReportDisk(saved, save_failures_);
    const Lock lock(mutex_);
    UsageSegment& segment = *std::exchange(writing_, nullptr);
    if (saved) {
      queue_.Add(segment, std::move(rows));
      being_saved_ = 0;
      unsynced_.insert(segment.file);
      sync_cv_->NotifyOne();
    }
    send_cv_->NotifyOne();
    done_cv_->NotifyAll();
    return saved.ok();
  }

  // Without a disk a row can still reach D1; when that fails too, the newest ones are lost.
  void KeepInMemory(std::vector<std::string> rows) {
    Loss loss;
    {
      const Lock lock(mutex_);
      being_saved_ = 0;
      if (db_ != nullptr) {
        loss = Lose(queue_.AddInMemory(std::move(rows)));
        send_cv_->NotifyOne();
      } else {
        unsaved_.insert(unsaved_.begin(), std::make_move_iterator(rows.begin()),
                        std::make_move_iterator(rows.end()));
      }
      done_cv_->NotifyAll();
    }
    Report(loss);
  }

  void SyncLoop() {
    for (;;) {
      std::set<std::string> files;
      {
        Lock lock(mutex_);
        while (!all_saved_ && unsynced_.empty()) sync_cv_->WaitUntil(lock, kNever);
        if (unsynced_.empty()) return;
        files.swap(unsynced_);
      }
      for (const std::string& file : files) ReportDisk(outbox_.Sync(file), sync_failures_);
    }
  }

  // When the next batch may go. A D1 that refuses them is asked less and less often, but for a
  // process that stops.
  struct Pace {
    Instant usual, patient;
    Nanos pause = Nanos::zero();

    void Sent(bool ok, Instant now, Nanos interval) {
      usual = now + interval;
      pause = ok ? interval : std::min(std::max(pause * 2, interval), kLongestPause);
      patient = now + pause;
    }
  };

  void SendLoop() {
    Pace pace;
    while (UsageSegment* segment = TakeSegment(pace)) {
      for (;;) {
        const std::vector<std::string> batch = NextBatch(*segment, pace);
        if (batch.empty()) break;
        SendBatch(*segment, batch, pace);
      }
      DropIfDone(*segment);
    }
  }

  // Waits for one whose rows may go, all of them in memory; null when this process ends.
  UsageSegment* TakeSegment(const Pace& pace) {
    Lock lock(mutex_);
    for (;;) {
      UsageSegment* next = queue_.Next();
      while (!closing_ && (next == nullptr || !MaySend(pace))) {
        send_cv_->WaitUntil(lock, next == nullptr ? kNever : NextSend(pace));
        next = queue_.Next();
      }
      if (closing_) return nullptr;
      queue_.Close(*next);
      while (writing_ == next) send_cv_->WaitUntil(lock, kNever);
      if (!next->spilled || Reread(*next, lock)) return next;
    }
  }

  bool Reread(UsageSegment& segment, Lock& lock) {
    lock.unlock();
    Result<UsageOutbox::Lines> lines = outbox_.Read(segment.file);
    if (lines) {
      ReportMalformed(*lines);
    } else {
      ReportUnusable(lines.error());
    }
    lock.lock();
    if (lines) {
      queue_.Reread(segment, std::move(lines->rows));
    } else {
      queue_.Drop(segment);
    }
    return lines.ok();
  }

  // Empty when there are no more, or when this process ends.
  std::vector<std::string> NextBatch(const UsageSegment& segment, const Pace& pace) {
    Lock lock(mutex_);
    while (!closing_ && !segment.rows.empty() && !MaySend(pace))
      send_cv_->WaitUntil(lock, NextSend(pace));
    if (closing_) return {};
    const auto count = static_cast<std::ptrdiff_t>(std::min(segment.rows.size(), kRowsPerBatch));
    return {segment.rows.begin(), segment.rows.begin() + count};
  }

  void SendBatch(UsageSegment& segment, const std::vector<std::string>& batch, Pace& pace) {
    const Status sent = Send(batch);
    pace.Sent(sent.ok(), runtime_.Now(), std::chrono::milliseconds(options_.batch_interval_ms));
    ReportSend(sent, batch.size());
    const Lock lock(mutex_);
    send_failed_ = !sent;
    if (!sent) return;
    delivered_ += batch.size();
    queue_.Delivered(segment, batch.size());
    done_cv_->NotifyAll();
  }

  void DropIfDone(UsageSegment& segment) {
    std::string file;
    {
      const Lock lock(mutex_);
      if (segment.waiting > 0) return;
      file = segment.file;
      unsynced_.erase(file);
      queue_.Drop(segment);
    }
    if (!file.empty()) ReportDisk(outbox_.Remove(file), remove_failures_);
  }

  // A stop does not wait for the pace, unless D1 is failing.
  bool MaySend(const Pace& pace) const {
    return (stopping_ && !send_failed_) || runtime_.Now() >= NextSend(pace);
  }
  Instant NextSend(const Pace& pace) const { return stopping_ ? pace.usual : pace.patient; }

  Status Send(const std::vector<std::string>& batch) {
    const D1Statement insert{std::string(kInsertBatch), {JsonArray(batch)}};
    for (std::size_t attempt = 0;; ++attempt) {
      const Result<D1Answer> answer = db_->Query(insert, cancel_);
      if (answer) return Ok();
      CountRetry();
      if (attempt == std::size(kRetryWaitsMs) || !MayPass(answer.error())) return answer.error();
      const Instant again = runtime_.Now() + std::chrono::milliseconds(kRetryWaitsMs[attempt]);
      if (!SleepUnlessCancelled(runtime_, again, cancel_)) return answer.error();
    }
  }

  // A batch that failed is always sent again, by this process or the next.
  void CountRetry() {
    const Lock lock(mutex_);
    ++retries_;
  }

  void ReportSend(const Status& sent, std::size_t rows) {
    const auto count = static_cast<std::int64_t>(rows);
    if (!sent && send_failures_.Begins()) {
      log_.Write(LogLevel::kWarn, "usage_write_failed",
                 {{"rows", count}, {"reason", sent.error().message}});
    } else if (sent && send_failures_.Ends()) {
      log_.Write(LogLevel::kInfo, "usage_write_recovered", {{"rows", count}});
    }
  }

  void ReportDisk(const Status& status, FailureStreak& failures) {
    if (!status && failures.Begins()) {
      log_.Write(LogLevel::kError, "usage_outbox_failed", {{"reason", status.error().message}});
    } else if (status && failures.Ends()) {
      log_.Write(LogLevel::kInfo, "usage_outbox_recovered", {});
    }
  }

  void ReportUnusable(const Error& error) {
    log_.Write(LogLevel::kError, "usage_outbox_unusable", {{"reason", error.message}});
  }

  void ReportMalformed(const UsageOutbox::Lines& lines) {
    if (lines.malformed == 0) return;
    log_.Write(LogLevel::kWarn, "usage_outbox_malformed_lines",
               {{"count", static_cast<std::int64_t>(lines.malformed)}});
  }

  const UsageOptions options_;
  D1Client* const db_;
  Runtime& runtime_;
  Random& random_;
  Log& log_;
  UsageOutbox outbox_;
  bool saves_;  // rows go to disk first; as it was when the tasks began
  CancelToken cancel_;
  std::unique_ptr<Task> save_, sync_, send_;
  FailureStreak save_failures_, sync_failures_, remove_failures_, send_failures_;

  Mutex mutex_;
  const std::unique_ptr<CondVar> save_cv_, sync_cv_, send_cv_, done_cv_;
  std::vector<std::string> unsaved_;  // recorded, not yet on disk
  std::size_t being_saved_ = 0;       // in the save task's hands
  UsageSegment* writing_ = nullptr;   // the save task appends to it just now
  std::set<std::string> unsynced_;    // files of segments
  UsageQueue queue_;
  std::size_t lost_ = 0;
  std::size_t delivered_ = 0;
  std::size_t retries_ = 0;
  bool send_failed_ = false;
  bool stopping_ = false;   // send without pause
  bool closing_ = false;    // save what is left, send nothing more
  bool all_saved_ = false;  // sync what is left
};

Usage::Usage(UsageOptions options, D1Client* db, Disk& disk, Runtime& runtime, Random& random,
             Log& log)
    : impl_(std::make_unique<Impl>(std::move(options), db, disk, runtime, random, log)) {}

// Finds the tasks still there only when a start was broken off; Stop is the way to end them.
Usage::~Usage() {
  impl_->Stop(Instant{});
}

void Usage::Record(const UsageRow& row) {
  impl_->Record(row);
}

void Usage::Start() {
  impl_->Start();
}

void Usage::Stop(Instant deadline) {
  impl_->Stop(deadline);
}

std::size_t Usage::Waiting() const {
  return impl_->Waiting();
}

std::size_t Usage::Lost() const {
  return impl_->Lost();
}

std::size_t Usage::Delivered() const {
  return impl_->Delivered();
}

std::size_t Usage::Retries() const {
  return impl_->Retries();
}

std::int64_t Usage::OldestAgeMs() const {
  return impl_->OldestAgeMs();
}

}  // namespace mg
