#include "core/services/migrations.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include "core/base/bytes.h"

namespace mg {

extern const std::pair<std::string_view, std::string_view> kEmbeddedMigrations[];
extern const unsigned kEmbeddedMigrationCount;

namespace {

// wire/storage.md 3.9: wrangler's own statements, byte for byte.
constexpr std::string_view kCreateTable =
    "CREATE TABLE IF NOT EXISTS \"d1_migrations\"(\n"
    "\t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "\t\tname       TEXT UNIQUE,\n"
    "\t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n"
    ");";
constexpr std::string_view kListApplied =
    "SELECT *\n"
    "\t\tFROM \"d1_migrations\"\n"
    "\t\tORDER BY id";

// A file's leading number; files without one come last.
std::uint64_t NumberOf(std::string_view name) {
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  return ParseUint(name.substr(0, digits)).value_or(std::numeric_limits<std::uint64_t>::max());
}

std::string WithRecord(const Migration& migration) {
  std::string quoted;
  for (const char c : migration.name) quoted += c == '\'' ? "''" : std::string(1, c);
  return std::string(migration.sql) + "\nINSERT INTO \"d1_migrations\" (name)\nvalues ('" + quoted +
         "');";
}

Result<std::set<std::string>> AppliedNames(D1Client& db, CancelToken& cancel) {
  MG_RETURN_IF_ERROR(db.Execute(kCreateTable, cancel));
  MG_TRY(answer, db.Query({std::string(kListApplied), {}}, cancel));
  std::set<std::string> names;
  for (const D1Row& row : answer.rows) names.insert(row.Text("name"));
  return names;
}

}  // namespace

const std::vector<Migration>& EmbeddedMigrations() {
  static const std::vector<Migration> migrations = [] {
    std::vector<Migration> all;
    for (unsigned i = 0; i < kEmbeddedMigrationCount; ++i) {
      all.push_back({kEmbeddedMigrations[i].first, kEmbeddedMigrations[i].second});
    }
    std::sort(all.begin(), all.end(), [](const Migration& a, const Migration& b) {
      return std::pair(NumberOf(a.name), a.name) < std::pair(NumberOf(b.name), b.name);
    });
    return all;
  }();
  return migrations;
}

Result<std::vector<MigrationState>> ListMigrations(D1Client& db, CancelToken& cancel) {
  MG_TRY(applied, AppliedNames(db, cancel));
  std::vector<MigrationState> states;
  for (const Migration& migration : EmbeddedMigrations()) {
    std::string name(migration.name);
    const bool is_applied = applied.count(name) > 0;
    states.push_back({std::move(name), is_applied});
  }
  return states;
}

Result<std::vector<std::string>> ApplyMigrations(D1Client& db, CancelToken& cancel) {
  MG_TRY(applied, AppliedNames(db, cancel));
  std::vector<std::string> names;
  for (const Migration& migration : EmbeddedMigrations()) {
    std::string name(migration.name);
    if (applied.count(name) > 0) continue;
    if (const Status done = db.Execute(WithRecord(migration), cancel); !done) {
      Error error = done.error();
      error.message = "migration " + name + ": " + error.message;
      return error;
    }
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace mg
