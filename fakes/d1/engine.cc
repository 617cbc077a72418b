#include "fakes/d1/engine.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "fakes/d1/errors.h"
#include "fakes/d1/functions.h"

namespace mg::fake::d1 {
namespace {

constexpr std::int64_t kPageBytes = 4096;
constexpr int kProgressInterval = 1000;        // virtual machine steps between two looks
constexpr std::size_t kOutcomeOverhead = 512;  // what meta takes in the answer
constexpr std::size_t kValueOverhead = 32;     // a name and punctuation, or a variant
constexpr std::size_t kBytesPerBlobByte = 4;   // "255,"
constexpr std::int64_t kRowsWrittenByDdl = 2;
constexpr int kPrimaryMask = 0xff;
// In the header of a database file.
constexpr std::size_t kWriteVersionAt = 18;
constexpr std::size_t kReadVersionAt = 19;
constexpr char kRollbackJournal = 1;

struct Limit {
  int id;
  int value;
};

constexpr Limit kLimits[] = {
    {SQLITE_LIMIT_LENGTH, kMaxValueBytes},
    {SQLITE_LIMIT_SQL_LENGTH, kMaxSqlBytes},
    {SQLITE_LIMIT_COLUMN, kMaxColumns},
    {SQLITE_LIMIT_EXPR_DEPTH, kMaxExprDepth},
    {SQLITE_LIMIT_COMPOUND_SELECT, kMaxCompoundSelect},
    {SQLITE_LIMIT_VDBE_OP, kMaxVdbeOps},
    {SQLITE_LIMIT_FUNCTION_ARG, kMaxFunctionArgs},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, kMaxLikePatternBytes},
    {SQLITE_LIMIT_VARIABLE_NUMBER, kMaxParams},
    {SQLITE_LIMIT_TRIGGER_DEPTH, kMaxTriggerDepth},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

RandomSource& SourceOf(sqlite3_context* context) {
  return *static_cast<RandomSource*>(sqlite3_user_data(context));
}

void RandomFunction(sqlite3_context* context, int, sqlite3_value**) {
  sqlite3_result_int64(context, static_cast<sqlite3_int64>(SourceOf(context).Next()));
}

void RandomBlobFunction(sqlite3_context* context, int, sqlite3_value** arguments) {
  const std::int64_t wanted = std::max<std::int64_t>(sqlite3_value_int64(arguments[0]), 1);
  if (wanted > kMaxValueBytes) {
    sqlite3_result_error_toobig(context);
    return;
  }
  std::string bytes(static_cast<std::size_t>(wanted), '\0');
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i, word >>= 8) {
    if (i % sizeof word == 0) word = SourceOf(context).Next();
    bytes[i] = static_cast<char>(word & 0xff);
  }
  sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

Value ColumnValue(sqlite3_stmt* statement, int column) {
  const auto bytes = [&](const void* data) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
    return data != nullptr ? std::string(static_cast<const char*>(data), size) : std::string();
  };
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_TEXT:
      return bytes(sqlite3_column_text(statement, column));
    case SQLITE_BLOB:
      return Blob{bytes(sqlite3_column_blob(statement, column))};
    default:
      return nullptr;
  }
}

std::size_t AnswerBytes(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return kValueOverhead + text->size();
  if (const auto* blob = std::get_if<Blob>(&value)) {
    return kValueOverhead + kBytesPerBlobByte * blob->bytes.size();
  }
  return kValueOverhead;
}

int BindValue(sqlite3_stmt* statement, int index, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, index, *integer);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return sqlite3_bind_double(statement, index, *real);
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<Blob>(&value)) {
    return sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(),
                               SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, index);
}

}  // namespace

std::uint64_t RandomSource::Next() {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

bool HasSql(std::string_view sql) {
  while (!sql.empty()) {
    if (std::string_view(" \t\n\f\r;").find(sql.front()) != std::string_view::npos) {
      sql.remove_prefix(1);
      continue;
    }
    const std::string_view start = sql.substr(0, 2);
    if (start != "--" && start != "/*") return true;
    const std::string_view close = start == "--" ? "\n" : "*/";
    const std::size_t end = sql.find(close, 2);
    if (end == std::string_view::npos) return false;
    sql.remove_prefix(end + close.size());
  }
  return false;
}

// A user's statement, finalized at the end of its scope.
class Engine::Prepared {
 public:
  Prepared() = default;
  ~Prepared() { sqlite3_finalize(handle); }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  sqlite3_stmt* handle = nullptr;
};

Engine::Engine(const std::string& path, const char* vfs, RandomSource random, Runtime& runtime,
               EngineLimits limits)
    : runtime_(runtime),
      random_(random),
      limits_(limits),
      db_(path, vfs),
      page_count_(db_, "PRAGMA page_count"),
      table_count_(db_,
                   "SELECT count(*) FROM sqlite_master"
                   " WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"),
      reserved_names_(db_,
                      "SELECT count(*) FROM sqlite_master"
                      " WHERE lower(substr(name, 1, 4)) = '_cf_'"),
      index_count_(db_,
                   "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = ?1") {
  Configure();
}

void Engine::Configure() {
  sqlite3* db = db_.handle();
  const std::string max_pages = "PRAGMA max_page_count=" + std::to_string(kMaxDatabasePages);
  bool ok = db_.Execute(max_pages) == SQLITE_OK;
  // Of the modules that Debian's SQLite has, these are D1's.
  const char* kept_modules[] = {"fts5", "fts5vocab", "json_each", "json_tree", nullptr};
  ok = ok && sqlite3_drop_modules(db, kept_modules) == SQLITE_OK;
  ok = ok && sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr) == SQLITE_OK;
  const int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
  ok = ok && sqlite3_create_function_v2(db, "random", 0, flags, &random_, &RandomFunction, nullptr,
                                        nullptr, nullptr) == SQLITE_OK;
  ok = ok && sqlite3_create_function_v2(db, "randomblob", 1, flags, &random_, &RandomBlobFunction,
                                        nullptr, nullptr, nullptr) == SQLITE_OK;
  ok = ok && AddFunctions(db);
  if (!ok) throw std::runtime_error("cannot set up D1's SQLite: " + db_.Message());
  for (const Limit& limit : kLimits) sqlite3_limit(db, limit.id, limit.value);
  authorizer_.Install(db);
  sqlite3_progress_handler(db, kProgressInterval, &OnProgress, this);
  sqlite3_update_hook(db, &OnUpdate, this);
}

int Engine::OnProgress(void* self) {
  auto& engine = *static_cast<Engine*>(self);
  engine.steps_left_ -= kProgressInterval;
  return engine.steps_left_ < 0 ? 1 : 0;
}

void Engine::OnUpdate(void* self, int action, const char*, const char* table, sqlite3_int64) {
  auto& engine = *static_cast<Engine*>(self);
  if (action == SQLITE_UPDATE) {
    ++engine.updated_;
  } else {
    ++engine.moved_[table];
  }
}

std::variant<std::vector<Outcome>, Failure> Engine::Run(const std::vector<Query>& queries,
                                                        bool import) {
  failure_ = {};
  import_ = import;
  answer_bytes_ = 0;
  steps_left_ = limits_.steps_per_request;
  std::vector<Outcome> outcomes;
  bool ok = Begin();
  for (std::size_t i = 0; ok && i < queries.size(); ++i) ok = RunQuery(queries[i], outcomes);
  steps_left_ = limits_.steps_per_request;  // the end of the transaction must not run short
  if (ok) {
    const int code = ExecuteOwn("COMMIT");
    ok = code == SQLITE_OK || FailWithSqlite(code, false);
  }
  if (ok) return outcomes;
  // Some errors have ended the transaction already.
  if (sqlite3_get_autocommit(db_.handle()) == 0) ExecuteOwn("ROLLBACK");
  return std::move(failure_);
}

bool Engine::Begin() {
  const int code = ExecuteOwn("BEGIN IMMEDIATE");
  authorizer_.StartStatement();
  return code == SQLITE_OK || FailWithSqlite(code, false);
}

bool Engine::RunQuery(const Query& query, std::vector<Outcome>& outcomes) {
  if (query.sql.find('\0') != std::string::npos) {
    return Fail(SqlErrorText("unrecognized token: \"\\0\"", SQLITE_ERROR, -1));
  }
  const std::size_t before = outcomes.size();
  const char* rest = query.sql.c_str();
  while (HasSql(rest)) {
    authorizer_.StartStatement();
    Prepared statement;
    // Length -1: SQLite then counts its limit for each statement, not for the whole list.
    const int code = sqlite3_prepare_v3(db_.handle(), rest, -1, 0, &statement.handle, &rest);
    if (code != SQLITE_OK) return FailWithSqlite(code, true);
    if (statement.handle == nullptr) continue;
    if (!query.params.empty() && HasSql(rest)) return Fail(kParamsWithSeveral, true);
    if (!Bind(statement.handle, query.params)) return false;
    Outcome outcome;
    if (!Collect(statement.handle, outcome)) return false;
    if (authorizer_.altered_table() && !CheckNames()) return false;
    outcomes.push_back(std::move(outcome));
  }
  return outcomes.size() > before || Fail(kNoStatements);
}

bool Engine::Bind(sqlite3_stmt* statement, const std::vector<Value>& params) {
  const auto wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement));
  if (wanted != params.size()) return Fail(kWrongParamCount);
  for (std::size_t i = 0; i < params.size(); ++i) {
    const int code = BindValue(statement, static_cast<int>(i) + 1, params[i]);
    if (code != SQLITE_OK) return FailWithSqlite(code, false);
  }
  return true;
}

bool Engine::Collect(sqlite3_stmt* statement, Outcome& outcome) {
  sqlite3* db = db_.handle();
  answer_bytes_ += kOutcomeOverhead;
  const std::int64_t changes_before = sqlite3_total_changes64(db);
  const std::int64_t row_id_before = sqlite3_last_insert_rowid(db);
  const std::int64_t size_before = SizeBytes();
  moved_.clear();
  updated_ = 0;
  const bool writes = sqlite3_stmt_readonly(statement) == 0;
  const Instant start = runtime_.Now();
  const int columns = sqlite3_column_count(statement);
  for (int i = 0; i < columns; ++i) {
    const char* name = sqlite3_column_name(statement, i);
    outcome.columns.emplace_back(name != nullptr ? name : "");
  }
  int code = SQLITE_OK;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    if (!import_ && !TakeRow(statement, outcome)) return false;
  }
  if (code != SQLITE_DONE) return FailWithSqlite(code, false);
  const auto elapsed = std::chrono::duration<double, std::milli>(runtime_.Now() - start);
  outcome.duration_ms = elapsed.count();
  outcome.changes = sqlite3_total_changes64(db) - changes_before;
  outcome.last_row_id = sqlite3_last_insert_rowid(db);
  outcome.size_after_bytes = SizeBytes();
  outcome.changed_db = outcome.changes != 0 || outcome.last_row_id != row_id_before ||
                       outcome.size_after_bytes != size_before;
  const int scanned = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0);
  outcome.rows_read = std::max<std::int64_t>(scanned > 0 ? scanned + 1 : 0,
                                             static_cast<std::int64_t>(outcome.rows.size()));
  outcome.rows_written = RowsWritten(outcome, writes);
  return true;
}

// A row that comes or goes takes an entry of each index with it.
std::int64_t Engine::RowsWritten(const Outcome& outcome, bool writes) {
  if (!writes) return outcome.changes;
  if (outcome.changes == 0) return outcome.changed_db ? kRowsWrittenByDdl : 0;
  std::int64_t written = updated_;
  std::int64_t seen = updated_;
  for (const auto& [table, rows] : moved_) {
    index_count_.BindText(1, table);
    written += rows * (1 + AskOwn(index_count_));
    seen += rows;
  }
  // SQLite does not report all rows: none of a table without row ids, or of a whole table's end.
  return written + std::max<std::int64_t>(outcome.changes - seen, 0);
}

Result<std::string> Engine::Dump(const DumpOptions& options) {
  authorizer_.TrustEngine(true);
  steps_left_ = limits_.steps_per_request;
  auto dump = DumpSql(db_.handle(), options);
  authorizer_.TrustEngine(false);
  return dump;
}

std::optional<std::string> Engine::Snapshot() {
  if (SizeBytes() > kMaxSnapshotBytes) return std::nullopt;
  sqlite3_int64 size = 0;
  authorizer_.TrustEngine(true);  // SQLite asks its own pragma for the number of pages
  unsigned char* bytes = sqlite3_serialize(db_.handle(), "main", &size, 0);
  authorizer_.TrustEngine(false);
  if (bytes == nullptr) return size == 0 ? std::optional<std::string>("") : std::nullopt;
  std::string snapshot(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  sqlite3_free(bytes);
  return snapshot;
}

bool Engine::Load(const std::string& snapshot) {
  Database past("");
  std::string bytes = snapshot;
  if (!bytes.empty()) {
    // Its header may say that it has a write-ahead log, which memory cannot have.
    bytes[kReadVersionAt] = bytes[kWriteVersionAt] = kRollbackJournal;
    const auto size = static_cast<sqlite3_int64>(bytes.size());
    if (sqlite3_deserialize(past.handle(), "main", reinterpret_cast<unsigned char*>(bytes.data()),
                            size, size, SQLITE_DESERIALIZE_READONLY) != SQLITE_OK) {
      return false;
    }
  }
  sqlite3_backup* copy = sqlite3_backup_init(db_.handle(), "main", past.handle(), "main");
  if (copy == nullptr) return false;
  sqlite3_backup_step(copy, -1);
  return sqlite3_backup_finish(copy) == SQLITE_OK;
}

bool Engine::TakeRow(sqlite3_stmt* statement, Outcome& outcome) {
  auto& row = outcome.rows.emplace_back();
  row.reserve(outcome.columns.size());
  for (std::size_t i = 0; i < outcome.columns.size(); ++i) {
    row.push_back(ColumnValue(statement, static_cast<int>(i)));
    answer_bytes_ += AnswerBytes(row.back()) + outcome.columns[i].size();
  }
  return answer_bytes_ <= limits_.answer_bytes || Fail(kTooMuchMemory);
}

// A rename's new name passes the authorizer unseen.
bool Engine::CheckNames() {
  return AskOwn(reserved_names_) == 0 || Fail(SqlErrorText("not authorized", SQLITE_AUTH, -1));
}

std::int64_t Engine::SizeBytes() {
  return AskOwn(page_count_) * kPageBytes;
}

std::int64_t Engine::TableCount() {
  return AskOwn(table_count_);
}

bool Engine::Fail(std::string message, bool malformed) {
  failure_ = Failure{malformed, std::move(message)};
  return false;
}

bool Engine::FailWithSqlite(int code, bool preparing) {
  if (authorizer_.refused_transaction()) {
    if (!import_) return Fail(kNoTransactions);
    return Fail(SqlErrorText(kNestedTransaction, SQLITE_ERROR, -1));
  }
  switch (code & kPrimaryMask) {
    case SQLITE_INTERRUPT:
      return Fail(kTooLong);
    case SQLITE_FULL:
      return Fail(kDatabaseFull);
    case SQLITE_NOMEM:
      return Fail(kTooMuchMemory);
    case SQLITE_TOOBIG:
      if (preparing) return Fail(SqlErrorText("statement too long", code, -1));
      break;
    default:
      break;
  }
  // Only a failed prepare leaves an offset that means anything.
  const int offset = preparing ? sqlite3_error_offset(db_.handle()) : -1;
  return Fail(SqlErrorText(db_.Message(), code, offset));
}

int Engine::ExecuteOwn(const char* sql) {
  authorizer_.TrustEngine(true);
  const int code = db_.Execute(sql);
  authorizer_.TrustEngine(false);
  return code;
}

std::int64_t Engine::AskOwn(Statement& statement) {
  authorizer_.TrustEngine(true);
  const std::int64_t answer = statement.Step() == SQLITE_ROW ? statement.Int(0) : 0;
  statement.Reset();
  authorizer_.TrustEngine(false);
  return answer;
}

}  // namespace mg::fake::d1
