#include "fakes/kv/store.h"

#include <stdexcept>

namespace mg::fake::kv {
namespace {

// The value comes last: a list then reads none of its overflow pages.
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS entries("
    "  key BLOB PRIMARY KEY, metadata TEXT, expires_at INTEGER, value BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries(expires_at)"
    "  WHERE expires_at IS NOT NULL;";

constexpr const char* kGet =
    "SELECT metadata, expires_at, value FROM entries"
    " WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)";
constexpr const char* kPut =
    "INSERT INTO entries(key, metadata, expires_at, value) VALUES(?1, ?2, ?3, ?4)"
    " ON CONFLICT(key) DO UPDATE SET metadata = excluded.metadata,"
    " expires_at = excluded.expires_at, value = excluded.value";
constexpr const char* kList =
    "SELECT key, metadata, expires_at FROM entries"
    " WHERE key > ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3)"
    " AND (expires_at IS NULL OR expires_at > ?4) ORDER BY key LIMIT ?5";

// The least byte string greater than every string with this prefix; nullopt when there is none.
std::optional<std::string> EndOfPrefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return std::nullopt;
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

void ReadMeta(const Statement& row, int metadata_column, Entry& entry) {
  if (!row.IsNull(metadata_column)) entry.metadata_json = row.Text(metadata_column);
  if (!row.IsNull(metadata_column + 1)) entry.expires_at = row.Int(metadata_column + 1);
}

}  // namespace

Store::Schema::Schema(Database& db) {
  if (db.Execute(kSchema) != SQLITE_OK) {
    throw std::runtime_error("cannot make the KV store: " + db.Message());
  }
}

Store::Store(const std::string& path)
    : db_(path),
      schema_(db_),
      get_(db_, kGet),
      put_(db_, kPut),
      delete_(db_, "DELETE FROM entries WHERE key = ?1"),
      delete_expired_(db_, "DELETE FROM entries WHERE expires_at <= ?1"),
      list_(db_, kList) {}

std::optional<std::optional<Entry>> Store::Get(std::string_view key, std::int64_t now_seconds) {
  Lock lock(mutex_);
  Rewound rewound(get_);
  get_.BindBlob(1, key);
  get_.BindInt(2, now_seconds);
  const int code = get_.Step();
  if (code == SQLITE_DONE) return std::optional<Entry>();
  if (code != SQLITE_ROW) return std::nullopt;
  Entry entry;
  entry.key = std::string(key);
  ReadMeta(get_, 0, entry);
  entry.value = get_.Text(2);
  return std::optional<Entry>(std::move(entry));
}

bool Store::Put(const Entry& entry, std::int64_t now_seconds) {
  Lock lock(mutex_);
  Rewound expired_rewound(delete_expired_);
  Rewound put_rewound(put_);
  delete_expired_.BindInt(1, now_seconds);
  if (delete_expired_.Step() != SQLITE_DONE) return false;
  put_.BindBlob(1, entry.key);
  if (entry.metadata_json) put_.BindText(2, *entry.metadata_json);
  if (entry.expires_at) put_.BindInt(3, *entry.expires_at);
  put_.BindBlob(4, entry.value);
  return put_.Step() == SQLITE_DONE;
}

bool Store::Delete(std::string_view key) {
  Lock lock(mutex_);
  Rewound rewound(delete_);
  delete_.BindBlob(1, key);
  return delete_.Step() == SQLITE_DONE;
}

std::optional<std::vector<Entry>> Store::List(std::string_view prefix, std::string_view after,
                                              std::size_t limit, std::int64_t now_seconds) {
  Lock lock(mutex_);
  Rewound rewound(list_);
  list_.BindBlob(1, after);
  list_.BindBlob(2, prefix);
  if (const auto end = EndOfPrefix(prefix)) list_.BindBlob(3, *end);
  list_.BindInt(4, now_seconds);
  list_.BindInt(5, static_cast<std::int64_t>(limit));
  std::vector<Entry> entries;
  int code = SQLITE_OK;
  while ((code = list_.Step()) == SQLITE_ROW) {
    Entry& entry = entries.emplace_back();
    entry.key = list_.Text(0);
    ReadMeta(list_, 1, entry);
  }
  if (code != SQLITE_DONE) return std::nullopt;
  return entries;
}

void Store::Clear() {
  Lock lock(mutex_);
  db_.Execute("DELETE FROM entries");
}

}  // namespace mg::fake::kv
