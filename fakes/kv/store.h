// KV's one namespace on SQLite. Keys order by their bytes; an entry whose time has come is not
// there.
//
// Thread-safety: all members.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/runtime.h"
#include "fakes/sqlite.h"

namespace mg::fake::kv {

struct Entry {
  std::string key;
  std::string value;  // empty in a list
  std::optional<std::string> metadata_json;
  std::optional<std::int64_t> expires_at;  // seconds since the epoch
};

class Store {
 public:
  explicit Store(const std::string& path);

  // The optional answers are nullopt (false) when SQLite failed; Get's inner one is "no such key".
  std::optional<std::optional<Entry>> Get(std::string_view key, std::int64_t now_seconds);
  bool Put(const Entry& entry, std::int64_t now_seconds);
  bool Delete(std::string_view key);
  // At most `limit` entries with `prefix` whose keys are greater than `after` (empty: from the
  // first).
  std::optional<std::vector<Entry>> List(std::string_view prefix, std::string_view after,
                                         std::size_t limit, std::int64_t now_seconds);
  void Clear();

 private:
  // The schema comes before the statements that name it.
  struct Schema {
    explicit Schema(Database& db);
  };

  Mutex mutex_;
  Database db_;
  Schema schema_;
  Statement get_;
  Statement put_;
  Statement delete_;
  Statement delete_expired_;
  Statement list_;
};

}  // namespace mg::fake::kv
