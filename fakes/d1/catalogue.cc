#include "fakes/d1/catalogue.h"

#include <stdexcept>

#include "fakes/d1/limits.h"

namespace mg::fake::d1 {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS databases("
    "  n INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,"
    "  created_at TEXT NOT NULL, region TEXT NOT NULL, jurisdiction TEXT NOT NULL,"
    "  replication TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS numbers(last INTEGER NOT NULL);"
    "INSERT INTO numbers SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM numbers);";

constexpr const char* kColumns =
    "SELECT uuid, name, created_at, region, jurisdiction, replication FROM databases";

DatabaseInfo InfoOf(const Statement& row) {
  return {row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4), row.Text(5)};
}

Catalogue::Change Changed(Database& db, int code) {
  if (code == SQLITE_CONSTRAINT_UNIQUE) return Catalogue::Change::kNameTaken;
  if (code != SQLITE_DONE) return Catalogue::Change::kFailed;
  return sqlite3_changes(db.handle()) > 0 ? Catalogue::Change::kDone : Catalogue::Change::kNotFound;
}

}  // namespace

Catalogue::Schema::Schema(Database& db) {
  if (db.Execute(kSchema) != SQLITE_OK) {
    throw std::runtime_error("cannot make D1's catalogue: " + db.Message());
  }
}

Catalogue::Catalogue(const std::string& path)
    : db_(path),
      schema_(db_),
      find_(db_, std::string(kColumns) +
                     " WHERE uuid = lower(?1) OR name = ?1"
                     " ORDER BY uuid = lower(?1) DESC LIMIT 1") {}

Catalogue::Change Catalogue::Add(const DatabaseInfo& info) {
  Lock lock(mutex_);
  Statement count(db_, "SELECT count(*) FROM databases");
  if (count.Step() != SQLITE_ROW) return Change::kFailed;
  if (count.Int(0) >= kMaxDatabases) return Change::kFull;
  Statement insert(db_,
                   "INSERT INTO databases(uuid, name, created_at, region, jurisdiction,"
                   " replication) VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
  const std::string* values[] = {&info.uuid,   &info.name,         &info.created_at,
                                 &info.region, &info.jurisdiction, &info.replication};
  for (int i = 0; i < 6; ++i) insert.BindText(i + 1, *values[i]);
  return Changed(db_, insert.Step());
}

Catalogue::Change Catalogue::SetReplication(const std::string& uuid, const std::string& mode) {
  Lock lock(mutex_);
  Statement update(db_, "UPDATE databases SET replication = ?2 WHERE uuid = ?1");
  update.BindText(1, uuid);
  update.BindText(2, mode);
  return Changed(db_, update.Step());
}

Catalogue::Change Catalogue::Remove(const std::string& uuid) {
  Lock lock(mutex_);
  Statement remove(db_, "DELETE FROM databases WHERE uuid = ?1");
  remove.BindText(1, uuid);
  return Changed(db_, remove.Step());
}

std::optional<DatabaseInfo> Catalogue::Find(const std::string& uuid_or_name) {
  Lock lock(mutex_);
  Rewound rewound(find_);
  find_.BindText(1, uuid_or_name);
  if (find_.Step() != SQLITE_ROW) return std::nullopt;
  return InfoOf(find_);
}

std::vector<DatabaseInfo> Catalogue::List() {
  Lock lock(mutex_);
  Statement select(db_, std::string(kColumns) + " ORDER BY n");
  std::vector<DatabaseInfo> all;
  while (select.Step() == SQLITE_ROW) all.push_back(InfoOf(select));
  return all;
}

std::int64_t Catalogue::NextNumber() {
  Lock lock(mutex_);
  Statement next(db_, "UPDATE numbers SET last = last + 1 RETURNING last");
  return next.Step() == SQLITE_ROW ? next.Int(0) : 0;
}

void Catalogue::Clear() {
  Lock lock(mutex_);
  db_.Execute("DELETE FROM databases; UPDATE numbers SET last = 0");
}

}  // namespace mg::fake::d1
