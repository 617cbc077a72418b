#include "fakes/d1/database.h"

#include <utility>

namespace mg::fake::d1 {
namespace {

std::uint64_t Fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

// The time of opening keeps a restarted emulator from handing out the same "random" keys again; in
// virtual time it is as fixed as the id.
RandomSource RandomOf(const std::string& uuid, Runtime& runtime) {
  return {Fnv1a(uuid) ^ static_cast<std::uint64_t>(runtime.Wall().ms)};
}

}  // namespace

SqlDatabase::SqlDatabase(std::string uuid, std::string path, const char* vfs, std::int64_t life,
                         Runtime& runtime)
    : uuid_(uuid),
      vfs_(vfs),
      path_(std::move(path)),
      runtime_(runtime),
      turns_(runtime),
      engine_(path_, vfs, RandomOf(uuid, runtime), runtime),
      timeline_(uuid, life, runtime.Wall().ms) {}

void SqlDatabase::KeepMoment() {
  if (timeline_.HasMoment()) return;
  if (auto snapshot = engine_.Snapshot()) timeline_.Keep(std::move(*snapshot));
}

Ran SqlDatabase::Run(const std::vector<Query>& queries, bool import) {
  Lock lock(mutex_);
  return RunOnPrimary(queries, import);
}

Ran SqlDatabase::RunOnPrimary(const std::vector<Query>& queries, bool import) {
  const std::int64_t now_ms = runtime_.Wall().ms;
  if (import || timeline_.WantsMoment(now_ms)) KeepMoment();
  Ran ran = engine_.Run(queries, import);
  if (const auto* outcomes = std::get_if<0>(&ran)) {
    bool changed = false;
    for (const Outcome& outcome : *outcomes) changed = changed || outcome.changed_db;
    if (changed) timeline_.Wrote(now_ms);
    if (changed) TellReplica();
  }
  return ran;
}

// A database that is too large to be copied is served by its primary alone.
void SqlDatabase::TellReplica() {
  if (replica_ == nullptr) return;
  auto snapshot = engine_.Snapshot();
  if (snapshot) {
    replica_->Follow(timeline_.Bookmark(), std::move(*snapshot), runtime_.Wall().ms);
  } else {
    replica_.reset();
  }
}

void SqlDatabase::Replicate(bool on) {
  Lock lock(mutex_);
  if (on == (replica_ != nullptr)) return;
  replica_ = on ? std::make_unique<Replica>(vfs_, RandomOf(uuid_ + "/replica", runtime_), runtime_)
                : nullptr;
  TellReplica();
}

SqlDatabase::Served SqlDatabase::RunInSession(const std::vector<Query>& queries, bool reads,
                                              const std::string& at_least) {
  Lock lock(mutex_);
  if (reads && replica_ != nullptr) {
    std::string bookmark = replica_->CatchUp(runtime_.Wall().ms);
    if (!bookmark.empty() && bookmark >= at_least)
      return {replica_->engine().Run(queries), std::move(bookmark), false};
  }
  Ran ran = RunOnPrimary(queries, false);
  return {std::move(ran), timeline_.Bookmark(), true};
}

std::int64_t SqlDatabase::ReplicaHasAtMs(const std::string& bookmark) {
  Lock lock(mutex_);
  const std::int64_t now_ms = runtime_.Wall().ms;
  return replica_ == nullptr ? now_ms : replica_->HasAtMs(bookmark, now_ms);
}

SqlDatabase::Size SqlDatabase::Measure() {
  Lock lock(mutex_);
  return {engine_.SizeBytes(), engine_.TableCount()};
}

Result<std::string> SqlDatabase::Dump(const DumpOptions& options) {
  Lock lock(mutex_);
  return engine_.Dump(options);
}

std::string SqlDatabase::Bookmark() {
  Lock lock(mutex_);
  KeepMoment();
  return timeline_.Bookmark();
}

std::optional<std::string> SqlDatabase::BookmarkAt(std::int64_t at_ms) {
  Lock lock(mutex_);
  KeepMoment();
  return timeline_.BookmarkAt(at_ms);
}

Result<std::string> SqlDatabase::Restore(const std::string& bookmark) {
  Lock lock(mutex_);
  KeepMoment();
  const Moment* moment = timeline_.Find(bookmark);
  if (moment == nullptr) return Error{Code::kNotFound, "no such bookmark", false};
  const auto snapshot = moment->snapshot;
  std::string previous = timeline_.Bookmark();
  if (!engine_.Load(*snapshot)) return Error{Code::kInternal, kInternal, false};
  timeline_.Restored(runtime_.Wall().ms);
  TellReplica();
  return previous;
}

}  // namespace mg::fake::d1
