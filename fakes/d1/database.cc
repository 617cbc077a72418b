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
    : path_(std::move(path)),
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
  const std::int64_t now_ms = runtime_.Wall().ms;
  if (import || timeline_.WantsMoment(now_ms)) KeepMoment();
  Ran ran = engine_.Run(queries, import);
  if (const auto* outcomes = std::get_if<0>(&ran)) {
    bool changed = false;
    for (const Outcome& outcome : *outcomes) changed = changed || outcome.changed_db;
    if (changed) timeline_.Wrote(now_ms);
  }
  return ran;
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
  return previous;
}

}  // namespace mg::fake::d1
