// One D1 database: its engine, its past and who waits for it.
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

  const std::string path_;
  Runtime& runtime_;
  Turnstile turns_;
  Mutex mutex_;
  Engine engine_;
  Timeline timeline_;
};

}  // namespace mg::fake::d1
