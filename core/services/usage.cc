#include "core/services/usage.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.h"
#include "core/ports/cancel.h"
#include "core/services/failure_streak.h"
#include "core/services/usage_outbox.h"

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

// A row goes unsaved -> active (in the outbox's file) -> sending (in .sending) -> D1. The disk task
// alone touches the files, the send task alone takes rows out of `sending_`; both work on copies
// and hold the lock only to move rows along.
class Usage::Impl {
 public:
  Impl(UsageOptions options, D1Client* db, Disk& disk, Runtime& runtime, Random& random, Log& log)
      : options_(std::move(options)),
        db_(db),
        runtime_(runtime),
        random_(random),
        log_(log),
        outbox_(options_.outbox_path, disk),
        disk_cv_(runtime.MakeCondVar()),
        send_cv_(runtime.MakeCondVar()),
        done_cv_(runtime.MakeCondVar()),
        saves_(!options_.outbox_path.empty()) {}

  void Record(const UsageRow& row) {
    std::string line = UsageLine(row, UuidFromBytes(random_.Bytes(16)), runtime_.Wall().ms);
    Loss loss;
    {
      const Lock lock(mutex_);
      const std::size_t queued = saves_ ? unsaved_.size() + being_saved_ : sending_.size();
      if (queued >= options_.max_rows_in_memory || closing_) {
        loss = Lose(1);
      } else if (saves_) {
        unsaved_.push_back(std::move(line));
        if (queued == 0) disk_cv_->NotifyOne();
      } else {
        sending_.push_back(std::move(line));
        if (queued == 0) send_cv_->NotifyOne();
      }
    }
    Report(loss);
  }

  void Start() {
    if (saves_) LoadLeftovers();
    if (db_ == nullptr) log_.Write(LogLevel::kWarn, "usage_without_database", {});
    if (saves_) tasks_.push_back(runtime_.Spawn("usage-disk", [this] { DiskLoop(); }));
    if (db_ != nullptr) tasks_.push_back(runtime_.Spawn("usage-send", [this] { SendLoop(); }));
  }

  void Stop(Instant deadline) {
    if (tasks_.empty()) return;
    {
      Lock lock(mutex_);
      stopping_ = true;
      disk_cv_->NotifyAll();
      send_cv_->NotifyAll();
      while (!Drained() && runtime_.Now() < deadline) done_cv_->WaitUntil(lock, deadline);
      closing_ = true;
      disk_cv_->NotifyAll();
      send_cv_->NotifyAll();
    }
    cancel_.Cancel();
    for (const auto& task : tasks_) task->Join();
    tasks_.clear();
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
  // Rows stand in the order of their making, from `sending_` to `unsaved_`.
  std::int64_t OldestAgeMs() {
    std::string oldest;
    {
      const Lock lock(mutex_);
      if (!sending_.empty()) {
        oldest = sending_.front();
      } else if (!active_.empty()) {
        oldest = active_.front();
      } else if (!unsaved_.empty()) {
        oldest = unsaved_.front();
      }
    }
    if (oldest.empty()) return 0;
    return std::max<std::int64_t>(0, runtime_.Wall().ms - CreatedAtMs(oldest));
  }

 private:
  struct Loss {
    std::size_t before = 0;
    std::size_t after = 0;
  };

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

  std::size_t WaitingRows() const {
    return unsaved_.size() + being_saved_ + active_count_ + sending_.size();
  }

  bool Drained() const {
    if (db_ != nullptr) return WaitingRows() == 0;
    return unsaved_.size() + being_saved_ == 0;
  }

  // An outbox that cannot be read is left as it is: rows written beside or over it would lose what
  // an operator may still save.
  void LoadLeftovers() {
    Result<UsageOutbox::Lines> left = outbox_.Load();
    if (!left) {
      log_.Write(LogLevel::kError, "usage_outbox_unusable", {{"reason", left.error().message}});
      const Lock lock(mutex_);
      saves_ = false;
      std::move(unsaved_.begin(), unsaved_.end(), std::back_inserter(sending_));
      unsaved_.clear();
      return;
    }
    ReportMalformed(*left);
    const Lock lock(mutex_);
    std::move(left->rows.begin(), left->rows.end(), std::back_inserter(sending_));
    sending_on_disk_ = true;
  }

  void ReportMalformed(const UsageOutbox::Lines& lines) {
    if (lines.malformed == 0) return;
    log_.Write(LogLevel::kWarn, "usage_outbox_malformed_lines",
               {{"count", static_cast<std::int64_t>(lines.malformed)}});
  }

  bool CanMoveOn() const {
    return db_ != nullptr && sending_.empty() && (active_count_ > 0 || sending_on_disk_);
  }

  void DiskLoop() {
    for (bool last = false; !last;) {
      std::vector<std::string> rows;
      {
        Lock lock(mutex_);
        while (!closing_ && unsaved_.empty() && !CanMoveOn()) disk_cv_->WaitUntil(lock, kNever);
        last = closing_;
        rows.swap(unsaved_);
        being_saved_ = rows.size();
      }
      // Half the interval, so that the write itself has the other half (USG-4).
      const Instant next =
          runtime_.Now() + std::chrono::milliseconds(options_.disk_interval_ms) / 2;
      if (!rows.empty()) Save(std::move(rows));
      MoveOn();
      Lock lock(mutex_);
      while (!closing_ && runtime_.Now() < next) disk_cv_->WaitUntil(lock, next);
    }
  }

  void Save(std::vector<std::string> rows) {
    const Status saved = outbox_.Append(rows);
    ReportDisk(saved);
    Loss loss;
    {
      const Lock lock(mutex_);
      being_saved_ = 0;
      if (saved) {
        active_count_ += rows.size();
        KeepActive(std::move(rows));
      } else if (db_ != nullptr) {
        loss = SendUnsaved(std::move(rows));
      } else {
        unsaved_.insert(unsaved_.begin(), std::make_move_iterator(rows.begin()),
                        std::make_move_iterator(rows.end()));
      }
      done_cv_->NotifyAll();
    }
    Report(loss);
  }

  // Without a disk a row can still reach D1; when that fails too, the newest ones are lost.
  Loss SendUnsaved(std::vector<std::string> rows) {  // mutex_ is held
    const std::size_t room =
        options_.max_rows_in_memory - std::min(sending_.size(), options_.max_rows_in_memory);
    const std::size_t kept = std::min(rows.size(), room);
    std::move(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(kept),
              std::back_inserter(sending_));
    send_cv_->NotifyOne();
    return Lose(rows.size() - kept);
  }

  // While D1 is away for long, rows stand in the file alone and are read again when it is back.
  void KeepActive(std::vector<std::string> rows) {
    spilled_ = spilled_ || active_.size() + rows.size() > options_.max_rows_in_memory;
    if (spilled_) {
      active_.clear();
      return;
    }
    std::move(rows.begin(), rows.end(), std::back_inserter(active_));
  }

  // When D1 has everything of .sending, what came in meanwhile takes its place.
  void MoveOn() {
    bool rotate = false;
    bool reload = false;
    {
      const Lock lock(mutex_);
      if (!CanMoveOn()) return;
      rotate = active_count_ > 0;
      reload = spilled_;
    }
    std::optional<UsageOutbox::Lines> lines;
    Status moved = rotate && !reload ? outbox_.Rotate() : outbox_.DropSending();
    if (moved && rotate && reload) {
      Result<UsageOutbox::Lines> loaded = outbox_.Load();
      if (loaded) {
        ReportMalformed(*loaded);
        lines = std::move(loaded).value();
      } else {
        moved = loaded.error();
      }
    }
    ReportDisk(moved);
    if (!moved) return;  // tried again with the next turn
    const Lock lock(mutex_);
    std::vector<std::string>& rows = lines ? lines->rows : active_;
    std::move(rows.begin(), rows.end(), std::back_inserter(sending_));
    active_.clear();
    active_count_ = 0;
    spilled_ = false;
    sending_on_disk_ = rotate;
    if (!sending_.empty()) send_cv_->NotifyOne();
    done_cv_->NotifyAll();
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
    for (;;) {
      std::vector<std::string> batch;
      {
        Lock lock(mutex_);
        while (!closing_ && !MaySend(pace))
          send_cv_->WaitUntil(lock, sending_.empty() ? kNever : NextSend(pace));
        if (closing_) return;
        const auto count = static_cast<std::ptrdiff_t>(std::min(sending_.size(), kRowsPerBatch));
        batch.assign(sending_.begin(), sending_.begin() + count);
      }
      const Status sent = Send(batch);
      pace.Sent(sent.ok(), runtime_.Now(), std::chrono::milliseconds(options_.batch_interval_ms));
      ReportSend(sent, batch.size());
      const Lock lock(mutex_);
      send_failed_ = !sent;
      if (sent) {
        delivered_ += batch.size();
        sending_.erase(sending_.begin(),
                       sending_.begin() + static_cast<std::ptrdiff_t>(batch.size()));
      }
      if (sending_.empty()) disk_cv_->NotifyOne();
      done_cv_->NotifyAll();
    }
  }

  // A stop does not wait for the pace, unless D1 is failing.
  bool MaySend(const Pace& pace) const {
    if (sending_.empty()) return false;
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

  void ReportDisk(const Status& status) {
    if (!status && disk_failures_.Begins()) {
      log_.Write(LogLevel::kError, "usage_outbox_failed", {{"reason", status.error().message}});
    } else if (status && disk_failures_.Ends()) {
      log_.Write(LogLevel::kInfo, "usage_outbox_recovered", {});
    }
  }

  const UsageOptions options_;
  D1Client* const db_;
  Runtime& runtime_;
  Random& random_;
  Log& log_;
  UsageOutbox outbox_;  // the disk task's (Start's before it)
  CancelToken cancel_;
  std::vector<std::unique_ptr<Task>> tasks_;
  FailureStreak disk_failures_;
  FailureStreak send_failures_;

  Mutex mutex_;
  const std::unique_ptr<CondVar> disk_cv_;
  const std::unique_ptr<CondVar> send_cv_;
  const std::unique_ptr<CondVar> done_cv_;
  bool saves_;                        // rows go to disk first
  std::vector<std::string> unsaved_;  // recorded, not yet on disk
  std::size_t being_saved_ = 0;       // in the disk task's hands
  std::vector<std::string> active_;   // what the outbox's file holds, unless spilled_
  std::size_t active_count_ = 0;
  bool spilled_ = false;
  std::deque<std::string> sending_;
  bool sending_on_disk_ = false;
  std::size_t lost_ = 0;
  std::size_t delivered_ = 0;
  std::size_t retries_ = 0;
  bool send_failed_ = false;
  bool stopping_ = false;  // send without pause
  bool closing_ = false;   // save what is left, send nothing more
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
