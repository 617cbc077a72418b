// Scalar and aggregate functions that D1's SQLite has and Debian's does not yet.
#pragma once
#include <sqlite3.h>

#include <string_view>

namespace mg::fake::d1 {

// concat, concat_ws, octet_length, unhex and string_agg. False when SQLite refuses one.
bool AddFunctions(sqlite3* db);

// Whether this is SQLite's "no such function" for one that D1 has and this fake does not: jsonb in
// all its forms, timediff, json_error_position.
bool IsMissingFunction(std::string_view message);

}  // namespace mg::fake::d1
