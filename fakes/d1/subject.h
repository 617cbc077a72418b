// What SQL does, in a few words that hold none of its values: "insert usage", "select tenants".
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace mg::fake::d1 {

// Keyword and table of each statement, joined with "; ", the same one after another once; bounded.
// Total: any bytes. Tables are the first named, in lower case; a statement that begins with no
// keyword of SQL is "other".
std::string SubjectOf(const std::vector<std::string_view>& sqls);

}  // namespace mg::fake::d1
