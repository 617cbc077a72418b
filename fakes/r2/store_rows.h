// How R2's store speaks to SQLite. Failures are thrown within the store, which translates them.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fakes/r2/store.h"

namespace mg::fake {

struct StoreFailed : std::runtime_error {
  using runtime_error::runtime_error;
};

// One run of a statement; rewound at the end.
class R2Store::Row {
 public:
  Row(Statement& statement, Database& db) : statement_(statement), db_(db) {}
  ~Row() { statement_.Reset(); }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  Row& Text(std::string_view text) {
    statement_.BindText(++bound_, text);
    return *this;
  }
  Row& Bytes(std::string_view bytes) {
    statement_.BindBlob(++bound_, bytes);
    return *this;
  }
  Row& Int(std::int64_t value) {
    statement_.BindInt(++bound_, value);
    return *this;
  }
  bool Next() {
    const int code = statement_.Step();
    if (code != SQLITE_ROW && code != SQLITE_DONE) throw StoreFailed(db_.Message());
    return code == SQLITE_ROW;
  }
  std::string TextAt(int column) const { return statement_.Text(column); }
  std::int64_t IntAt(int column) const { return statement_.Int(column); }

 private:
  Statement& statement_;
  Database& db_;
  int bound_ = 0;
};

inline R2Store::Row R2Store::Sql(const char* text) {
  auto& statement = statements_[text];
  if (!statement) statement = std::make_unique<Statement>(opened_.db, text);
  return Row(*statement, opened_.db);
}

// All of `work` or nothing; what it freed is removed once no row names it.
template <class Work>
auto R2Store::Change(Work work) -> Result<decltype(work())> {
  std::vector<BlobId> freed;
  Result<decltype(work())> result = Error{};
  {
    const Lock lock(mutex_);
    try {
      if (opened_.db.Execute("BEGIN") != SQLITE_OK) throw StoreFailed(opened_.db.Message());
      result = work();
      if (opened_.db.Execute("COMMIT") != SQLITE_OK) throw StoreFailed(opened_.db.Message());
      freed.swap(freed_);
    } catch (const std::runtime_error& failure) {
      result = Error{Code::kInternal, std::string("r2.sqlite: ") + failure.what(), false};
      (void)opened_.db.Execute("ROLLBACK");
      freed_.clear();
    }
  }
  if (!freed.empty()) blobs_->Remove(freed);
  return result;
}

// One "name:value" a line: both are single lines by HTTP's grammar, and every byte survives.
std::string EncodeHeaders(const Headers& headers);
Headers DecodeHeaders(const std::string& text);
std::string KeyOf(std::string_view spelled);  // what R2 compares

}  // namespace mg::fake
