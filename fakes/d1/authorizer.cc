#include "fakes/d1/authorizer.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace mg::fake::d1 {
namespace {

enum class PragmaArgument { kNone, kBoolOrNone, kName, kNameOrNone, kNumberOrNone, kAnyOrNone };

struct Pragma {
  std::string_view name;
  PragmaArgument argument;
};

constexpr Pragma kPragmas[] = {
    {"data_version", PragmaArgument::kNone},
    {"page_size", PragmaArgument::kNone},
    {"table_list", PragmaArgument::kNone},
    {"case_sensitive_like", PragmaArgument::kBoolOrNone},
    {"foreign_keys", PragmaArgument::kBoolOrNone},
    {"defer_foreign_keys", PragmaArgument::kBoolOrNone},
    {"ignore_check_constraints", PragmaArgument::kBoolOrNone},
    {"legacy_alter_table", PragmaArgument::kBoolOrNone},
    {"recursive_triggers", PragmaArgument::kBoolOrNone},
    {"reverse_unordered_selects", PragmaArgument::kBoolOrNone},
    {"foreign_key_list", PragmaArgument::kName},
    {"index_info", PragmaArgument::kName},
    {"index_list", PragmaArgument::kName},
    {"index_xinfo", PragmaArgument::kName},
    {"table_info", PragmaArgument::kName},
    {"table_xinfo", PragmaArgument::kName},
    {"foreign_key_check", PragmaArgument::kNameOrNone},
    {"optimize", PragmaArgument::kNumberOrNone},
    {"quick_check", PragmaArgument::kAnyOrNone},
};

// Sorted, for the binary search.
// clang-format off
constexpr std::string_view kFunctions[] = {
    "->", "->>", "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg", "bm25",
    "ceil", "ceiling", "changes", "char", "coalesce", "concat", "concat_ws", "cos", "cosh",
    "count", "cume_dist", "current_date", "current_time", "current_timestamp", "date", "datetime",
    "degrees", "dense_rank", "exp", "first_value", "floor", "format", "glob", "group_concat",
    "hex", "highlight", "ifnull", "iif", "instr", "json", "json_array", "json_array_length",
    "json_error_position", "json_extract", "json_group_array", "json_group_object", "json_insert",
    "json_object", "json_patch", "json_quote", "json_remove", "json_replace", "json_set",
    "json_type", "json_valid", "julianday", "lag", "last_insert_rowid", "last_value", "lead",
    "length", "like", "likelihood", "likely", "ln", "load_extension", "log", "log10", "log2",
    "lower", "ltrim", "match", "max", "min", "mod", "nth_value", "ntile", "nullif",
    "octet_length", "percent_rank", "pi", "pow", "power", "printf", "quote", "radians", "random",
    "randomblob", "rank", "replace", "round", "row_number", "rtrim", "sign", "sin", "sinh",
    "snippet", "sqlite_drop_column", "sqlite_rename_column", "sqlite_rename_quotefix",
    "sqlite_rename_table", "sqlite_rename_test", "sqrt", "strftime", "string_agg", "substr",
    "substring", "sum", "tan", "tanh", "time", "timediff", "total", "total_changes", "trim",
    "trunc", "typeof", "unhex", "unicode", "unixepoch", "unlikely", "upper", "zeroblob",
};
// clang-format on
static_assert(std::is_sorted(std::begin(kFunctions), std::end(kFunctions)));

std::string_view View(const char* text) {
  return text != nullptr ? std::string_view(text) : std::string_view();
}

// D1's own tables; no user's SQL may see, make or touch them.
bool IsReserved(std::string_view name) {
  constexpr std::string_view kPrefix = "_cf_";
  return EqualsIgnoreCase(name.substr(0, kPrefix.size()), kPrefix);
}

bool IsNumber(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (text.substr(0, 2) == "0x") return text.size() > 2;
  return ParseUint(text).has_value();
}

// As the service does it: the argument, unquoted, starts with one of these words.
bool IsBool(std::string_view text) {
  while (!text.empty() && (text.front() == '\'' || text.front() == '"')) text.remove_prefix(1);
  for (const std::string_view word : {"true", "false", "yes", "no", "on", "off", "1", "0"}) {
    if (EqualsIgnoreCase(text.substr(0, word.size()), word)) return true;
  }
  return false;
}

bool AllowsPragma(std::string_view name, const char* argument) {
  const auto found =
      std::find_if(std::begin(kPragmas), std::end(kPragmas),
                   [&](const Pragma& pragma) { return EqualsIgnoreCase(pragma.name, name); });
  if (found == std::end(kPragmas)) return false;
  if (argument == nullptr) return found->argument != PragmaArgument::kName;
  const std::string_view text = argument;
  switch (found->argument) {
    case PragmaArgument::kNone:
      return false;
    case PragmaArgument::kBoolOrNone:
      return IsBool(text);
    case PragmaArgument::kNumberOrNone:
      return IsNumber(text);
    case PragmaArgument::kName:
    case PragmaArgument::kNameOrNone:
    case PragmaArgument::kAnyOrNone:
      return !IsReserved(text);
  }
  return false;
}

bool AllowsFunction(std::string_view name) {
  return std::binary_search(std::begin(kFunctions), std::end(kFunctions), AsciiLower(name));
}

bool AllowsModule(std::string_view module) {
  return EqualsIgnoreCase(module, "fts5") || EqualsIgnoreCase(module, "fts5vocab");
}

}  // namespace

void Authorizer::Install(sqlite3* db) {
  sqlite3_set_authorizer(db, &Callback, this);
}

void Authorizer::StartStatement() {
  refused_transaction_ = false;
  altered_table_ = false;
}

int Authorizer::Callback(void* self, int action, const char* first, const char* second, const char*,
                         const char*) {
  auto& authorizer = *static_cast<Authorizer*>(self);
  return authorizer.trusted_ || authorizer.Allows(action, first, second) ? SQLITE_OK : SQLITE_DENY;
}

bool Authorizer::Allows(int action, const char* first, const char* second) {
  switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      refused_transaction_ = true;
      return false;
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
    case SQLITE_DROP_TEMP_INDEX:
    case SQLITE_DROP_TEMP_TABLE:
    case SQLITE_DROP_TEMP_TRIGGER:
    case SQLITE_DROP_TEMP_VIEW:
      return false;
    case SQLITE_PRAGMA:
      return AllowsPragma(View(first), second);
    case SQLITE_FUNCTION:
      return AllowsFunction(View(second));
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_VTABLE:
      return AllowsModule(View(second)) && !IsReserved(View(first));
    case SQLITE_ALTER_TABLE:
      altered_table_ = true;
      return !IsReserved(View(second));
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return true;
    case SQLITE_READ:  // table and column: a column may be called anything
    case SQLITE_UPDATE:
      return !IsReserved(View(first));
    default:  // the rest names one or two of tables, indexes, triggers and views
      return !IsReserved(View(first)) && !IsReserved(View(second));
  }
}

}  // namespace mg::fake::d1
