#include "core/services/registry_watch.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/services/failure_streak.h"

namespace mg {
namespace {

constexpr Nanos kPollInterval = std::chrono::seconds(4);
constexpr std::size_t kPageRows = 1000;

// The newest change; and when the last seen one was made, to tell another database from the same.
constexpr std::string_view kNewest =
    "SELECT seq, at, (SELECT at FROM registry_changes WHERE seq = ?1) AS seen_at "
    "FROM registry_changes ORDER BY seq DESC LIMIT 1";

constexpr std::string_view kModelMap = "SELECT map FROM model_map WHERE id = 1";

bool IsMissingModelMap(const Error& error) {
  return error.message.find("no such table: model_map") != std::string::npos;
}

std::string PageSql(std::string_view condition) {
  return "SELECT c.seq, c.kind, c.tenant_id, c.host, c.at, "
         "c.tenant_id IS NOT NULL AND t.id IS NULL AS tenant_gone FROM registry_changes c "
         "LEFT JOIN tenants t ON t.id = c.tenant_id AND t.deleted_at IS NULL WHERE " +
         std::string(condition) + " ORDER BY c.seq LIMIT " + std::to_string(kPageRows);
}

}  // namespace

class RegistryWatch::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(const Settings& settings, D1Client& db, Runtime& runtime, Log& log, Listener listener)
      : span_ms_((settings.tenant_cache_ttl_seconds + kChangeMarginSeconds) * 1000),
        db_(db),
        runtime_(runtime),
        log_(log),
        listener_(std::move(listener)) {}

  Status PollOnce(CancelToken& cancel) {
    for (;;) {
      MG_TRY(answers, Read(cancel));
      const std::optional<D1Row> newest = FirstRow(answers[0]);
      if (IsAnotherDatabase(newest)) {
        StartAgain();
        continue;
      }
      MG_RETURN_IF_ERROR(HandOn(answers[1].rows));
      if (answers.size() > 2) HandOnMap(FirstRow(answers[2]));
      if (answers[1].rows.size() == kPageRows) continue;
      // The first load passes over the rows before its span.
      if (newest) seen_ = {newest->Int("seq"), newest->Int("at")};
      loading_since_ms_.reset();
      loaded_ = true;
      return Ok();
    }
  }

  void Start() {
    task_ = runtime_.Spawn("registry-watch", [self = shared_from_this()] { self->Run(); });
  }

  void Cancel() { cancel_.Cancel(); }

  void Join() {
    if (const auto task = std::move(task_)) task->Join();
  }

 private:
  struct Seen {
    std::int64_t seq = 0;
    std::int64_t at_ms = 0;
  };

  static std::optional<D1Row> FirstRow(const D1Answer& answer) {
    return answer.rows.empty() ? std::nullopt : std::optional(answer.rows.front());
  }

  void Run() {
    while (!cancel_.cancelled()) {
      const Instant next = runtime_.Now() + kPollInterval;
      const Status polled = PollOnce(cancel_);
      if (polled) {
        if (failures_.Ends()) log_.Write(LogLevel::kInfo, "registry_watch_recovered", {});
      } else if (!cancel_.cancelled() && failures_.Begins()) {
        log_.Write(LogLevel::kWarn, "registry_watch_failed", {{"cause", polled.error().message}});
      }
      SleepUnlessCancelled(runtime_, next, cancel_);
    }
  }

  // Changes and model map in one call. A gateway may start before its migrations are applied: where
  // the map's table is missing, tenants are followed all the same.
  Result<std::vector<D1Answer>> Read(CancelToken& cancel) {
    std::vector<D1Statement> reads{{std::string(kNewest), {seen_.seq}}, NextPage()};
    std::vector<D1Statement> all = reads;
    all.push_back({std::string(kModelMap), {}});
    auto answers = db_.Batch(std::move(all), cancel);
    const bool no_map = !answers && IsMissingModelMap(answers.error());
    if (no_map != lacks_map_) {
      lacks_map_ = no_map;
      if (no_map) log_.Write(LogLevel::kWarn, "model_map_missing", {{"apply", "migration 0003"}});
    }
    return no_map ? db_.Batch(std::move(reads), cancel) : answers;
  }

  D1Statement NextPage() {
    if (loaded_) return {PageSql("c.seq > ?1"), {seen_.seq}};
    if (!loading_since_ms_) loading_since_ms_ = runtime_.Wall().ms - span_ms_;
    return {PageSql("c.at >= ?1 AND c.seq > ?2"), {*loading_since_ms_, seen_.seq}};
  }

  bool IsAnotherDatabase(const std::optional<D1Row>& newest) const {
    if (seen_.seq == 0) return false;
    if (!newest || newest->Int("seq") < seen_.seq) return true;
    return newest->Int("seen_at", -1) != seen_.at_ms;
  }

  void StartAgain() {
    log_.Write(LogLevel::kWarn, "registry_reset", {{"seen_seq", seen_.seq}});
    RegistryChange reset;
    reset.kind = kRegistryReset;
    listener_(reset);
    seen_ = {};
    loading_since_ms_.reset();
    loaded_ = false;
  }

  void HandOnMap(const std::optional<D1Row>& row) {
    std::string map = row ? row->Text("map") : "";
    if (map == model_map_) return;
    model_map_ = map;
    RegistryChange changed;
    changed.kind = kModelMapChanged;
    changed.model_map = std::move(map);
    listener_(changed);
  }

  Status HandOn(const std::vector<D1Row>& rows) {
    for (const D1Row& row : rows) {
      const RegistryChange change{row.Int("seq"),   row.Text("kind"), row.Text("tenant_id"),
                                  row.Text("host"), row.Int("at"),    row.Int("tenant_gone") != 0};
      if (change.seq <= seen_.seq) {
        return Error{Code::kCorrupt, "registry_changes: rows are not in order", true};
      }
      listener_(change);
      seen_ = {change.seq, change.at_ms};
    }
    return Ok();
  }

  const std::int64_t span_ms_;
  D1Client& db_;
  Runtime& runtime_;
  Log& log_;
  const Listener listener_;
  CancelToken cancel_;
  std::unique_ptr<Task> task_;
  FailureStreak failures_;
  bool loaded_ = false;
  bool lacks_map_ = false;  // the table, not a row
  std::string model_map_;
  std::optional<std::int64_t> loading_since_ms_;
  Seen seen_;
};

RegistryWatch::RegistryWatch(const Settings& settings, D1Client& db, Runtime& runtime, Log& log,
                             Listener listener)
    : impl_(std::make_shared<Impl>(settings, db, runtime, log, std::move(listener))) {}

// No wait here: a task that nobody stopped ends by itself, on its own share of the state.
RegistryWatch::~RegistryWatch() {
  impl_->Cancel();
}

Status RegistryWatch::PollOnce(CancelToken& cancel) {
  return impl_->PollOnce(cancel);
}

void RegistryWatch::Start() {
  impl_->Start();
}

void RegistryWatch::Stop() {
  impl_->Cancel();
  impl_->Join();
}

}  // namespace mg
