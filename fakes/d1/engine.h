// D1's SQL engine: SQLite with D1's settings, limits and error texts; knows nothing of HTTP or
// JSON.
//
// Thread-safety: none; D1 guards it. Time: none passes in it; SQL sees the Runtime's calendar.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/ports/runtime.h"
#include "fakes/d1/authorizer.h"
#include "fakes/d1/dump.h"
#include "fakes/d1/limits.h"
#include "fakes/sqlite.h"

namespace mg::fake::d1 {

struct Blob {
  std::string bytes;
};
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string, Blob>;

struct Query {
  std::string sql;  // one statement, or several without params
  std::vector<Value> params;
};

struct Outcome {  // of one statement
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
  std::int64_t changes = 0;  // triggers' included
  std::int64_t last_row_id = 0;
  bool changed_db = false;
  std::int64_t size_after_bytes = 0;
  std::int64_t rows_read = 0;     // approximate
  std::int64_t rows_written = 0;  // approximate: with the entries of indexes
  double duration_ms = 0;
};

struct Failure {
  bool malformed = false;  // the request's shape is wrong (7400), not its SQL (7500)
  std::string message;
};

// What SQL's random() draws from (SplitMix64).
struct RandomSource {
  std::uint64_t state = 0;
  std::uint64_t Next();
};

struct EngineLimits {
  std::int64_t steps_per_request = kStepsPerRequest;
  std::size_t answer_bytes = kMaxAnswerBytes;
};

class Engine {
 public:
  // Throws std::runtime_error when `path` (empty: in memory) cannot be opened with that VFS.
  Engine(const std::string& path, const char* vfs, RandomSource random, Runtime& runtime,
         EngineLimits limits = {});
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // All queries in one transaction: every statement of every query takes effect, or none does.
  // `import`: the SQL came as a file; its refusals differ, and rows that it selects are dropped.
  std::variant<std::vector<Outcome>, Failure> Run(const std::vector<Query>& queries,
                                                  bool import = false);

  Result<std::string> Dump(const DumpOptions& options);  // as DumpSql
  // All of it as the bytes of a file; nullopt when it is too large, or memory ran out.
  std::optional<std::string> Snapshot();
  bool Load(const std::string& snapshot);  // in place of all there is

  std::int64_t SizeBytes();
  std::int64_t TableCount();

 private:
  class Prepared;

  void Configure();
  bool Begin();
  bool RunQuery(const Query& query, std::vector<Outcome>& outcomes);
  bool Bind(sqlite3_stmt* statement, const std::vector<Value>& params);
  bool Collect(sqlite3_stmt* statement, Outcome& outcome);
  bool TakeRow(sqlite3_stmt* statement, Outcome& outcome);
  bool CheckNames();
  std::int64_t RowsWritten(const Outcome& outcome, bool writes);
  bool Fail(std::string message, bool malformed = false);
  bool FailWithSqlite(int code, bool preparing);
  int ExecuteOwn(const char* sql);
  std::int64_t AskOwn(Statement& statement);
  static int OnProgress(void* self);
  static void OnUpdate(void* self, int action, const char* database, const char* table,
                       sqlite3_int64 row_id);

  Runtime& runtime_;
  RandomSource random_;
  const EngineLimits limits_;
  Authorizer authorizer_;
  std::int64_t steps_left_ = 0;
  std::size_t answer_bytes_ = 0;
  bool import_ = false;
  // By table, since the statement began: rows that came or went, and rows that changed.
  std::map<std::string, std::int64_t> moved_;
  std::int64_t updated_ = 0;
  Failure failure_;
  Database db_;
  Statement page_count_;
  Statement table_count_;
  Statement reserved_names_;
  Statement index_count_;
};

// True when `sql` holds anything but space, comments and semicolons.
bool HasSql(std::string_view sql);

}  // namespace mg::fake::d1
