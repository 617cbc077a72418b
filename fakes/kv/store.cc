#include "fakes/kv/store.h"

#include <stdexcept>

#include "fakes/kv/limits.h"

namespace mg::fake::kv {
namespace {

// The value comes last: a list then reads none of its overflow pages.
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS namespaces(id TEXT PRIMARY KEY, title TEXT NOT NULL UNIQUE);"
    "CREATE TABLE IF NOT EXISTS numbers(last INTEGER NOT NULL);"
    "INSERT INTO numbers SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM numbers);"
    "CREATE TABLE IF NOT EXISTS pairs("
    "  namespace TEXT NOT NULL, key BLOB NOT NULL, metadata TEXT, expires_at INTEGER,"
    "  value BLOB NOT NULL, PRIMARY KEY(namespace, key));"
    "CREATE INDEX IF NOT EXISTS pairs_by_expiry ON pairs(expires_at)"
    "  WHERE expires_at IS NOT NULL;"
    // Of an emulator that had one namespace: its values are caches of other stores.
    "DROP TABLE IF EXISTS entries;";

constexpr const char* kGet =
    "SELECT metadata, expires_at, value FROM pairs"
    " WHERE namespace = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)";
constexpr const char* kPut =
    "INSERT INTO pairs(namespace, key, metadata, expires_at, value) VALUES(?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT(namespace, key) DO UPDATE SET metadata = excluded.metadata,"
    " expires_at = excluded.expires_at, value = excluded.value";
constexpr const char* kList =
    "SELECT key, metadata, expires_at FROM pairs"
    " WHERE namespace = ?1 AND key > ?2 AND key >= ?3 AND (?4 IS NULL OR key < ?4)"
    " AND (expires_at IS NULL OR expires_at > ?5) ORDER BY key LIMIT ?6";

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
      delete_(db_, "DELETE FROM pairs WHERE namespace = ?1 AND key = ?2"),
      delete_expired_(db_, "DELETE FROM pairs WHERE expires_at <= ?1"),
      list_(db_, kList),
      find_namespace_(db_, "SELECT id, title FROM namespaces WHERE id = ?1") {}

Store::Change Store::Changed(int code) const {
  if (code == SQLITE_CONSTRAINT_UNIQUE) return Change::kTitleTaken;
  if (code != SQLITE_DONE) return Change::kFailed;
  return sqlite3_changes(db_.handle()) > 0 ? Change::kDone : Change::kNotFound;
}

Store::Change Store::AddNamespace(const Namespace& added) {
  Lock lock(mutex_);
  Statement count(db_, "SELECT count(*) FROM namespaces");
  if (count.Step() != SQLITE_ROW) return Change::kFailed;
  if (count.Int(0) >= static_cast<std::int64_t>(kMaxNamespaces)) return Change::kFull;
  Statement insert(db_, "INSERT INTO namespaces(id, title) VALUES(?1, ?2)");
  insert.BindText(1, added.id);
  insert.BindText(2, added.title);
  return Changed(insert.Step());
}

Store::Change Store::RenameNamespace(const std::string& id, const std::string& title) {
  Lock lock(mutex_);
  Statement update(db_, "UPDATE namespaces SET title = ?2 WHERE id = ?1");
  update.BindText(1, id);
  update.BindText(2, title);
  return Changed(update.Step());
}

Store::Change Store::RemoveNamespace(const std::string& id) {
  Lock lock(mutex_);
  if (db_.Execute("BEGIN IMMEDIATE") != SQLITE_OK) return Change::kFailed;
  Statement entries(db_, "DELETE FROM pairs WHERE namespace = ?1");
  entries.BindText(1, id);
  Statement itself(db_, "DELETE FROM namespaces WHERE id = ?1");
  itself.BindText(1, id);
  const Change change = entries.Step() == SQLITE_DONE ? Changed(itself.Step()) : Change::kFailed;
  return Finish(change != Change::kFailed) ? change : Change::kFailed;
}

std::optional<std::vector<Namespace>> Store::Namespaces(bool by_title, bool descending) {
  Lock lock(mutex_);
  const std::string order = std::string(by_title ? "title" : "id") + (descending ? " DESC" : "");
  Statement select(db_, "SELECT id, title FROM namespaces ORDER BY " + order);
  std::vector<Namespace> all;
  int code = SQLITE_OK;
  while ((code = select.Step()) == SQLITE_ROW) all.push_back({select.Text(0), select.Text(1)});
  if (code != SQLITE_DONE) return std::nullopt;
  return all;
}

std::optional<Namespace> Store::FindNamespace(const std::string& id) {
  Lock lock(mutex_);
  Rewound rewound(find_namespace_);
  find_namespace_.BindText(1, id);
  if (find_namespace_.Step() != SQLITE_ROW) return std::nullopt;
  return Namespace{find_namespace_.Text(0), find_namespace_.Text(1)};
}

std::int64_t Store::NextNumber() {
  Lock lock(mutex_);
  Statement next(db_, "UPDATE numbers SET last = last + 1 RETURNING last");
  return next.Step() == SQLITE_ROW ? next.Int(0) : 0;
}

std::optional<std::optional<Entry>> Store::Get(const std::string& space, std::string_view key,
                                               std::int64_t now_seconds) {
  Lock lock(mutex_);
  Rewound rewound(get_);
  get_.BindText(1, space);
  get_.BindBlob(2, key);
  get_.BindInt(3, now_seconds);
  const int code = get_.Step();
  if (code == SQLITE_DONE) return std::optional<Entry>();
  if (code != SQLITE_ROW) return std::nullopt;
  Entry entry;
  entry.key = std::string(key);
  ReadMeta(get_, 0, entry);
  entry.value = get_.Text(2);
  return std::optional<Entry>(std::move(entry));
}

// Ends the transaction that is open.
bool Store::Finish(bool ok) {
  if (ok && db_.Execute("COMMIT") == SQLITE_OK) return true;
  db_.Execute("ROLLBACK");
  return false;
}

bool Store::Put(const std::string& space, const std::vector<Entry>& entries,
                std::int64_t now_seconds) {
  Lock lock(mutex_);
  if (db_.Execute("BEGIN IMMEDIATE") != SQLITE_OK) return false;
  bool ok = true;
  {
    Rewound rewound(delete_expired_);
    delete_expired_.BindInt(1, now_seconds);
    ok = delete_expired_.Step() == SQLITE_DONE;
  }
  for (std::size_t i = 0; ok && i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    Rewound rewound(put_);
    put_.BindText(1, space);
    put_.BindBlob(2, entry.key);
    if (entry.metadata_json) put_.BindText(3, *entry.metadata_json);
    if (entry.expires_at) put_.BindInt(4, *entry.expires_at);
    put_.BindBlob(5, entry.value);
    ok = put_.Step() == SQLITE_DONE;
  }
  return Finish(ok);
}

bool Store::Delete(const std::string& space, const std::vector<std::string>& keys) {
  Lock lock(mutex_);
  if (db_.Execute("BEGIN IMMEDIATE") != SQLITE_OK) return false;
  bool ok = true;
  for (std::size_t i = 0; ok && i < keys.size(); ++i) {
    Rewound rewound(delete_);
    delete_.BindText(1, space);
    delete_.BindBlob(2, keys[i]);
    ok = delete_.Step() == SQLITE_DONE;
  }
  return Finish(ok);
}

std::optional<std::vector<Entry>> Store::List(const std::string& space, std::string_view prefix,
                                              std::string_view after, std::size_t limit,
                                              std::int64_t now_seconds) {
  Lock lock(mutex_);
  Rewound rewound(list_);
  list_.BindText(1, space);
  list_.BindBlob(2, after);
  list_.BindBlob(3, prefix);
  if (const auto end = EndOfPrefix(prefix)) list_.BindBlob(4, *end);
  list_.BindInt(5, now_seconds);
  list_.BindInt(6, static_cast<std::int64_t>(limit));
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
  db_.Execute("DELETE FROM pairs; DELETE FROM namespaces; UPDATE numbers SET last = 0");
}

}  // namespace mg::fake::kv
