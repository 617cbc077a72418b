#include "fakes/d1/dump.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "fakes/d1/limits.h"

namespace mg::fake::d1 {
namespace {

// The rows of a query, as texts; empty when it fails.
std::vector<std::vector<std::string>> Rows(sqlite3* db, const std::string& sql) {
  std::vector<std::vector<std::string>> rows;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK) {
    const int columns = sqlite3_column_count(statement);
    while (sqlite3_step(statement) == SQLITE_ROW) {
      auto& row = rows.emplace_back();
      for (int i = 0; i < columns; ++i) {
        const void* text = sqlite3_column_text(statement, i);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
        row.emplace_back(text == nullptr ? "" : static_cast<const char*>(text), size);
      }
    }
  }
  sqlite3_finalize(statement);
  return rows;
}

std::string Quoted(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

Status AppendRows(sqlite3* db, const std::string& table, std::string& out) {
  std::string names, values;
  for (const auto& column : Rows(db, "PRAGMA table_xinfo(" + Quoted(table) + ")")) {
    if (column[6] != "0") continue;  // generated
    names += (names.empty() ? "" : ",") + Quoted(column[1]);
    values += (values.empty() ? "" : "||','||") + ("quote(" + Quoted(column[1]) + ")");
  }
  const std::string start = "INSERT INTO " + Quoted(table) + " (" + names + ") VALUES(";
  const std::string sql = "SELECT " + values + " FROM " + Quoted(table);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    return Error{Code::kInvalid, sqlite3_errmsg(db), false};
  }
  while (sqlite3_step(statement) == SQLITE_ROW && out.size() <= kMaxExportBytes) {
    const void* text = sqlite3_column_text(statement, 0);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, 0));
    if (text != nullptr) out.append(start).append(static_cast<const char*>(text), size);
    out += ");\n";
  }
  sqlite3_finalize(statement);
  if (out.size() <= kMaxExportBytes) return Ok();
  return Error{Code::kExhausted, "the export is too large for this emulator", false};
}

}  // namespace

Result<std::string> DumpSql(sqlite3* db, const DumpOptions& options) {
  const auto wanted = [&](const std::string& table) {
    const auto& tables = options.tables;
    return tables.empty() || std::find(tables.begin(), tables.end(), table) != tables.end();
  };
  std::string out = "PRAGMA defer_foreign_keys=TRUE;\n";
  const auto schema = Rows(db,
                           "SELECT type, tbl_name, name, sql FROM sqlite_master"
                           " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
                           " AND lower(substr(name, 1, 4)) <> '_cf_' ORDER BY type = 'table' DESC,"
                           " rowid");
  for (const auto& row : schema) {
    if (row[0] != "table" || !wanted(row[1])) continue;
    if (EqualsIgnoreCase(row[3].substr(0, 14), "CREATE VIRTUAL")) {
      return Error{Code::kInvalid, kNoVirtualTables, false};
    }
    if (options.schema) out += row[3] + ";\n";
    if (options.data) MG_RETURN_IF_ERROR(AppendRows(db, row[1], out));
  }
  std::string counters;  // without AUTOINCREMENT there is no such table
  for (const auto& row : Rows(db, "SELECT quote(name), quote(seq), name FROM sqlite_sequence")) {
    if (!wanted(row[2])) continue;
    counters += "INSERT INTO \"sqlite_sequence\" (\"name\",\"seq\") VALUES(" + row[0] + "," +
                row[1] + ");\n";
  }
  if (options.data && !counters.empty()) out += "DELETE FROM sqlite_sequence;\n" + counters;
  for (const auto& row : schema) {
    if (options.schema && row[0] != "table" && wanted(row[1])) out += row[3] + ";\n";
  }
  return out;
}

}  // namespace mg::fake::d1
