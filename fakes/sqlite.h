// RAII over SQLite's C API for the fakes' stores. Errors: std::runtime_error from Open alone; the
// rest return SQLite's result code and leave the text in Database::Message().
//
// Thread-safety: none; each store guards its own connection with a Mutex.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mg::fake {

class Database {
 public:
  // `path` empty: in memory. Durable: WAL with synchronous=FULL, so that what was acknowledged
  // survives.
  // `vfs`: a registered one, null for SQLite's default.
  explicit Database(const std::string& path, const char* vfs = nullptr);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  sqlite3* handle() const { return db_; }
  int Execute(const std::string& sql);  // several statements, no rows
  std::string Message() const;

 private:
  sqlite3* db_ = nullptr;
};

class Statement {
 public:
  Statement(Database& db,
            std::string_view sql);  // prepared once, reused; throws when `sql` is wrong
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // A value that cannot be bound (too big) makes the next Step return that error.
  void BindText(int index, std::string_view text);  // from 1
  void BindBlob(int index, std::string_view bytes);
  void BindInt(int index, std::int64_t value);
  void BindNull(int index);
  int Step();                          // SQLITE_ROW, SQLITE_DONE or an error (extended codes)
  void Reset();                        // clears the bindings too
  std::string Text(int column) const;  // from 0; blobs too
  std::int64_t Int(int column) const;
  bool IsNull(int column) const;

 private:
  void Keep(int code);

  sqlite3_stmt* stmt_ = nullptr;
  int bind_error_ = SQLITE_OK;
};

// A statement goes back to its start however the function that used it ends.
class Rewound {
 public:
  explicit Rewound(Statement& statement) : statement_(statement) {}
  ~Rewound() { statement_.Reset(); }
  Rewound(const Rewound&) = delete;
  Rewound& operator=(const Rewound&) = delete;

 private:
  Statement& statement_;
};

}  // namespace mg::fake
