#include "fakes/sqlite.h"

#include <stdexcept>

namespace mg::fake {
namespace {

constexpr int kBusyTimeoutMs = 5000;  // a shell or a backup may hold the file for a moment

constexpr const char* kDurable =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";

}  // namespace

Database::Database(const std::string& path, const char* vfs) {
  const bool in_memory = path.empty();
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(in_memory ? ":memory:" : path.c_str(), &db_, flags, vfs);
  if (code == SQLITE_OK) {
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, kBusyTimeoutMs);
    if (Execute(kDurable) == SQLITE_OK) return;
  }
  const std::string reason = db_ != nullptr ? Message() : sqlite3_errstr(code);
  sqlite3_close_v2(db_);
  throw std::runtime_error("cannot open " + (in_memory ? "a store in memory" : path) + ": " +
                           reason);
}

Database::~Database() {
  sqlite3_close_v2(db_);
}

int Database::Execute(const std::string& sql) {
  return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
}

std::string Database::Message() const {
  return sqlite3_errmsg(db_);
}

Statement::Statement(Database& db, std::string_view sql) {
  const int code = sqlite3_prepare_v3(db.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &stmt_, nullptr);
  if (code != SQLITE_OK || stmt_ == nullptr) {
    throw std::runtime_error("cannot prepare \"" + std::string(sql) + "\": " + db.Message());
  }
}

Statement::~Statement() {
  sqlite3_finalize(stmt_);
}

void Statement::Keep(int code) {
  if (bind_error_ == SQLITE_OK) bind_error_ = code;
}

void Statement::BindText(int index, std::string_view text) {
  // A null pointer would bind NULL; an empty view may hold one.
  const char* data = text.data() != nullptr ? text.data() : "";
  Keep(sqlite3_bind_text64(stmt_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::BindBlob(int index, std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  Keep(sqlite3_bind_blob64(stmt_, index, data, bytes.size(), SQLITE_TRANSIENT));
}

void Statement::BindInt(int index, std::int64_t value) {
  Keep(sqlite3_bind_int64(stmt_, index, value));
}

void Statement::BindNull(int index) {
  Keep(sqlite3_bind_null(stmt_, index));
}

int Statement::Step() {
  return bind_error_ == SQLITE_OK ? sqlite3_step(stmt_) : bind_error_;
}

void Statement::Reset() {
  sqlite3_reset(stmt_);
  sqlite3_clear_bindings(stmt_);
  bind_error_ = SQLITE_OK;
}

std::string Statement::Text(int column) const {
  const void* data = sqlite3_column_blob(stmt_, column);
  const int size = sqlite3_column_bytes(stmt_, column);
  return data != nullptr ? std::string(static_cast<const char*>(data), static_cast<size_t>(size))
                         : std::string();
}

std::int64_t Statement::Int(int column) const {
  return sqlite3_column_int64(stmt_, column);
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(stmt_, column) == SQLITE_NULL;
}

}  // namespace mg::fake
