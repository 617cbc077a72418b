// One D1 database: its engine, its past, its replica and who waits for it.
//
// Thread-safety: all members.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/ports/runtime.h"
#include "fakes/d1/dump.h"
#include "fakes/d1/engine.h"
#include "fakes/d1/replica.h"
#include "fakes/d1/timeline.h"
#include "fakes/d1/turnstile.h"

namespace mg::fake::d1 {

using Ran = std::variant<std::vector<Outcome>, Failure>;

class SqlDatabase {
 public:
  struct Size {
    std::int64_t bytes = 0;
    std::int64_t tables = 0;
  };

  // Throws std::runtime_error when `path` (empty: in memory) cannot be opened.
  SqlDatabase(std::string uuid, std::string path, const char* vfs, std::int64_t life,
              Runtime& runtime);

  Ran Run(const std::vector<Query>& queries, bool import = false);

  // Read replication: off at first.
  void Replicate(bool on);
  struct Served {
    Ran ran;
    std::string bookmark;  // of the state that answered
    bool by_primary = true;
  };
  // Of a session: by the replica where there is one, `reads` says that nothing changes, and it is
  // at least as late as that bookmark ("": whatever it has).
  Served RunInSession(const std::vector<Query>& queries, bool reads, const std::string& at_least);
  // When the replica has this state or a later one; the time now without a replica.
  std::int64_t ReplicaHasAtMs(const std::string& bookmark);

  Size Measure();
  Result<std::string> Dump(const DumpOptions& options);

  std::string Bookmark();                                     // of the state now
  std::optional<std::string> BookmarkAt(std::int64_t at_ms);  // nullopt: its past begins later
  // What the bookmark was before. Errors: kNotFound; kInternal.
  Result<std::string> Restore(const std::string& bookmark);

  Turnstile& turns() { return turns_; }
  const std::string& path() const { return path_; }

 private:
  void KeepMoment();
  void TellReplica();
  Ran RunOnPrimary(const std::vector<Query>& queries, bool import);

  const std::string uuid_;
  const char* const vfs_;
  const std::string path_;
  Runtime& runtime_;
  Turnstile turns_;
  Mutex mutex_;
  Engine engine_;
  Timeline timeline_;
  std::unique_ptr<Replica> replica_;  // null: reads are the primary's
};

}  // namespace mg::fake::d1
