// KV's namespaces on SQLite. Keys order by their bytes; an entry whose time has come is not there.
//
// Thread-safety: all members. Errors: nullopt, false or kFailed when SQLite failed.
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

struct Namespace {
  std::string id;
  std::string title;
};

struct Entry {
  std::string key;
  std::string value;  // empty in a list
  std::optional<std::string> metadata_json;
  std::optional<std::int64_t> expires_at;  // seconds since the epoch
};

class Store {
 public:
  enum class Change { kDone, kTitleTaken, kFull, kNotFound, kFailed };

  explicit Store(const std::string& path);

  Change AddNamespace(const Namespace& added);
  Change RenameNamespace(const std::string& id, const std::string& title);
  Change RemoveNamespace(const std::string& id);  // with all its entries
  std::optional<std::vector<Namespace>> Namespaces(bool by_title, bool descending);
  std::optional<Namespace> FindNamespace(const std::string& id);
  std::int64_t NextNumber();  // 1, 2, ...; never twice, restarts included

  // Get's inner optional is "no such key".
  std::optional<std::optional<Entry>> Get(const std::string& space, std::string_view key,
                                          std::int64_t now_seconds);
  // All of them or none.
  bool Put(const std::string& space, const std::vector<Entry>& entries, std::int64_t now_seconds);
  bool Delete(const std::string& space, const std::vector<std::string>& keys);
  // At most `limit` entries with `prefix` whose keys are greater than `after` (empty: from the
  // first).
  std::optional<std::vector<Entry>> List(const std::string& space, std::string_view prefix,
                                         std::string_view after, std::size_t limit,
                                         std::int64_t now_seconds);
  void Clear();

 private:
  // The schema comes before the statements that name it.
  struct Schema {
    explicit Schema(Database& db);
  };

  Change Changed(int code) const;
  bool Finish(bool ok);

  Mutex mutex_;
  Database db_;
  Schema schema_;
  Statement get_;
  Statement put_;
  Statement delete_;
  Statement delete_expired_;
  Statement list_;
  Statement find_namespace_;
};

}  // namespace mg::fake::kv
