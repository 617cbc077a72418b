// D1's error texts from SQLite's (wire/storage.md 3.3).
#pragma once
#include <string>
#include <string_view>

namespace mg::fake::d1 {

// "UNIQUE constraint failed: t.c: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)".
// `code` may be an extended one; `offset` into the statement, or negative for none.
std::string SqlErrorText(std::string_view message, int code, int offset);

}  // namespace mg::fake::d1
