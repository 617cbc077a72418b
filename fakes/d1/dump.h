// A database as SQL text, as D1 exports it (wire/storage.md 3.7).
#pragma once
#include <sqlite3.h>

#include <string>
#include <vector>

#include "core/base/result.h"

namespace mg::fake::d1 {

struct DumpOptions {
  bool schema = true;
  bool data = true;
  std::vector<std::string> tables;  // empty: all
};

// Errors: kInvalid, in D1's words, for what cannot be exported; kExhausted when it grows too long.
Result<std::string> DumpSql(sqlite3* db, const DumpOptions& options);

}  // namespace mg::fake::d1
