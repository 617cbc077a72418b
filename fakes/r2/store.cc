#include "fakes/r2/store.h"

#include <stdexcept>
#include <utility>

#include "core/base/bytes.h"

namespace mg::fake {
namespace {

// Keys are blobs: any bytes, compared as bytes.
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS objects(key BLOB PRIMARY KEY, etag TEXT NOT NULL,"
    " size INTEGER NOT NULL, modified_ms INTEGER NOT NULL, headers BLOB NOT NULL,"
    " body BLOB NOT NULL)";

// One "name:value" a line: both are single lines by HTTP's grammar, and every byte survives.
std::string EncodeHeaders(const Headers& headers) {
  std::string text;
  for (const Headers::Line& line : headers.lines()) {
    text.append(line.name).append(":").append(line.value).append("\n");
  }
  return text;
}

Headers DecodeHeaders(const std::string& text) {
  Headers headers;
  for (const std::string_view line : Split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) headers.Add(line.substr(0, colon), line.substr(colon + 1));
  }
  return headers;
}

}  // namespace

R2Store::Schema::Schema(Database& db) {
  if (db.Execute(kSchema) != SQLITE_OK) throw std::runtime_error("r2.sqlite: " + db.Message());
}

R2Store::R2Store(const std::string& path)
    : db_(path),
      schema_(db_),
      put_(db_, "INSERT OR REPLACE INTO objects VALUES(?1, ?2, ?3, ?4, ?5, ?6)"),
      get_(db_, "SELECT etag, size, modified_ms, headers, body FROM objects WHERE key = ?1"),
      head_(db_, "SELECT etag, size, modified_ms, headers FROM objects WHERE key = ?1"),
      delete_(db_, "DELETE FROM objects WHERE key = ?1"),
      clear_(db_, "DELETE FROM objects") {}

Status R2Store::Finish(Statement& statement) {
  const int code = statement.Step();
  const std::string reason = code == SQLITE_DONE ? "" : db_.Message();
  statement.Reset();
  if (code == SQLITE_DONE) return Ok();
  return Error{Code::kInternal, "r2.sqlite: " + reason, false};
}

Status R2Store::Put(std::string_view key, const R2Object& object) {
  const Lock lock(mutex_);
  put_.BindBlob(1, key);
  put_.BindText(2, object.etag);
  put_.BindInt(3, object.size_bytes);
  put_.BindInt(4, object.modified_ms);
  put_.BindBlob(5, EncodeHeaders(object.headers));
  put_.BindBlob(6, object.body);
  return Finish(put_);
}

Result<std::optional<R2Object>> R2Store::Get(std::string_view key, bool with_body) {
  const Lock lock(mutex_);
  Statement& statement = with_body ? get_ : head_;
  statement.BindBlob(1, key);
  const int code = statement.Step();
  if (code == SQLITE_ROW) {
    R2Object object;
    object.etag = statement.Text(0);
    object.size_bytes = statement.Int(1);
    object.modified_ms = statement.Int(2);
    object.headers = DecodeHeaders(statement.Text(3));
    if (with_body) object.body = statement.Text(4);
    statement.Reset();
    return std::optional<R2Object>(std::move(object));
  }
  const std::string reason = code == SQLITE_DONE ? "" : db_.Message();
  statement.Reset();
  if (code == SQLITE_DONE) return std::optional<R2Object>();
  return Error{Code::kInternal, "r2.sqlite: " + reason, false};
}

Status R2Store::Delete(std::string_view key) {
  const Lock lock(mutex_);
  delete_.BindBlob(1, key);
  return Finish(delete_);
}

Status R2Store::Clear() {
  const Lock lock(mutex_);
  return Finish(clear_);
}

}  // namespace mg::fake
