#include "fakes/d1/functions.h"

#include <string>

#include "core/base/bytes.h"

namespace mg::fake::d1 {
namespace {

std::string_view TextOf(sqlite3_value* value) {
  const void* text = sqlite3_value_text(value);
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return text == nullptr ? std::string_view()
                         : std::string_view(static_cast<const char*>(text), size);
}

bool IsNull(sqlite3_value* value) {
  return sqlite3_value_type(value) == SQLITE_NULL;
}

void ReturnText(sqlite3_context* context, const std::string& text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// NULLs are left out.
void Join(sqlite3_context* context, std::string_view separator, int count, sqlite3_value** values) {
  std::string joined;
  bool first = true;
  for (int i = 0; i < count; ++i) {
    if (IsNull(values[i])) continue;
    if (!first) joined += separator;
    first = false;
    joined += TextOf(values[i]);
  }
  ReturnText(context, joined);
}

void Concat(sqlite3_context* context, int count, sqlite3_value** values) {
  Join(context, "", count, values);
}

void ConcatWs(sqlite3_context* context, int count, sqlite3_value** values) {
  if (count < 2)
    return sqlite3_result_error(context, "wrong number of arguments to concat_ws()", -1);
  if (IsNull(values[0])) return sqlite3_result_null(context);
  Join(context, TextOf(values[0]), count - 1, values + 1);
}

void OctetLength(sqlite3_context* context, int, sqlite3_value** values) {
  if (IsNull(values[0])) return sqlite3_result_null(context);
  const bool blob = sqlite3_value_type(values[0]) == SQLITE_BLOB;
  if (!blob) sqlite3_value_text(values[0]);  // numbers as text
  sqlite3_result_int64(context, sqlite3_value_bytes(values[0]));
}

// Characters of the second argument may stand between pairs of digits.
void Unhex(sqlite3_context* context, int count, sqlite3_value** values) {
  if (IsNull(values[0]) || (count > 1 && IsNull(values[1]))) return sqlite3_result_null(context);
  const std::string_view skipped = count > 1 ? TextOf(values[1]) : std::string_view();
  const std::string_view text = TextOf(values[0]);
  std::string bytes;
  for (std::size_t i = 0; i < text.size();) {
    if (skipped.find(text[i]) != std::string_view::npos && !HexDecode(text.substr(i, 2))) {
      ++i;
      continue;
    }
    const auto byte = HexDecode(text.substr(i, 2));
    if (!byte || byte->size() != 1) return sqlite3_result_null(context);
    bytes += *byte;
    i += 2;
  }
  sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

// What an aggregate has so far; null before the first row.
struct Joined {
  std::string* text;
};

void StringAggStep(sqlite3_context* context, int, sqlite3_value** values) {
  if (IsNull(values[0])) return;
  auto* joined = static_cast<Joined*>(sqlite3_aggregate_context(context, sizeof(Joined)));
  if (joined == nullptr) return sqlite3_result_error_nomem(context);
  if (joined->text == nullptr) {
    joined->text = new std::string;
  } else {
    *joined->text += TextOf(values[1]);
  }
  *joined->text += TextOf(values[0]);
}

void StringAggFinal(sqlite3_context* context) {
  auto* joined = static_cast<Joined*>(sqlite3_aggregate_context(context, 0));
  if (joined == nullptr || joined->text == nullptr) return sqlite3_result_null(context);
  ReturnText(context, *joined->text);
  delete joined->text;
}

}  // namespace

bool AddFunctions(sqlite3* db) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  struct Scalar {
    const char* name;
    int arguments;
    void (*function)(sqlite3_context*, int, sqlite3_value**);
  };
  constexpr Scalar kScalars[] = {{"concat", -1, &Concat},
                                 {"concat_ws", -1, &ConcatWs},
                                 {"octet_length", 1, &OctetLength},
                                 {"unhex", 1, &Unhex},
                                 {"unhex", 2, &Unhex}};
  for (const Scalar& one : kScalars) {
    if (sqlite3_create_function_v2(db, one.name, one.arguments, kFlags, nullptr, one.function,
                                   nullptr, nullptr, nullptr) != SQLITE_OK) {
      return false;
    }
  }
  return sqlite3_create_function_v2(db, "string_agg", 2, kFlags, nullptr, nullptr, &StringAggStep,
                                    &StringAggFinal, nullptr) == SQLITE_OK;
}

bool IsMissingFunction(std::string_view message) {
  constexpr std::string_view kStart = "no such function: ";
  if (message.substr(0, kStart.size()) != kStart) return false;
  const std::string name = AsciiLower(message.substr(kStart.size()));
  for (const std::string_view missing : {"jsonb", "timediff", "json_error_position"}) {
    if (name.compare(0, missing.size(), missing) == 0) return true;
  }
  return false;
}

}  // namespace mg::fake::d1
