#include "fakes/ai/documents.h"

#include <stdexcept>

namespace mg::fake {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS documents("
    "  seq INTEGER PRIMARY KEY AUTOINCREMENT, scope TEXT NOT NULL, id TEXT NOT NULL,"
    "  body TEXT NOT NULL, UNIQUE(scope, id));";
constexpr const char* kPut =
    "INSERT INTO documents(scope, id, body) VALUES(?1, ?2, ?3)"
    " ON CONFLICT(scope, id) DO UPDATE SET body = excluded.body";

}  // namespace

AiDocuments::AiDocuments(const std::string& path) {
  if (path.empty()) return;
  db_.emplace(path);
  if (db_->Execute(kSchema) != SQLITE_OK)
    throw std::runtime_error("cannot make the AI Gateway store: " + db_->Message());
}

std::vector<std::string> AiDocuments::Load(std::string_view scope) {
  std::vector<std::string> bodies;
  if (!db_) return bodies;
  Lock lock(mutex_);
  Statement rows(*db_, "SELECT body FROM documents WHERE scope = ?1 ORDER BY seq");
  rows.BindText(1, scope);
  while (rows.Step() == SQLITE_ROW) bodies.push_back(rows.Text(0));
  return bodies;
}

bool AiDocuments::Put(std::string_view scope, std::string_view id, std::string_view json) {
  if (!db_) return true;
  Lock lock(mutex_);
  Statement put(*db_, kPut);
  put.BindText(1, scope);
  put.BindText(2, id);
  put.BindText(3, json);
  return put.Step() == SQLITE_DONE;
}

bool AiDocuments::Delete(std::string_view scope, std::string_view id) {
  if (!db_) return true;
  Lock lock(mutex_);
  Statement gone(*db_, "DELETE FROM documents WHERE scope = ?1 AND id = ?2");
  gone.BindText(1, scope);
  gone.BindText(2, id);
  return gone.Step() == SQLITE_DONE;
}

void AiDocuments::Clear() {
  if (!db_) return;
  Lock lock(mutex_);
  db_->Execute("DELETE FROM documents");
}

}  // namespace mg::fake
