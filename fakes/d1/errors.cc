#include "fakes/d1/errors.h"

#include <sqlite3.h>

namespace mg::fake::d1 {
namespace {

struct CodeName {
  int code;
  std::string_view name;
};

#define MG_CODE(code) \
  { code, #code }
constexpr CodeName kCodeNames[] = {
    MG_CODE(SQLITE_ERROR),
    MG_CODE(SQLITE_INTERNAL),
    MG_CODE(SQLITE_PERM),
    MG_CODE(SQLITE_ABORT),
    MG_CODE(SQLITE_BUSY),
    MG_CODE(SQLITE_LOCKED),
    MG_CODE(SQLITE_NOMEM),
    MG_CODE(SQLITE_READONLY),
    MG_CODE(SQLITE_INTERRUPT),
    MG_CODE(SQLITE_IOERR),
    MG_CODE(SQLITE_CORRUPT),
    MG_CODE(SQLITE_NOTFOUND),
    MG_CODE(SQLITE_FULL),
    MG_CODE(SQLITE_CANTOPEN),
    MG_CODE(SQLITE_PROTOCOL),
    MG_CODE(SQLITE_SCHEMA),
    MG_CODE(SQLITE_TOOBIG),
    MG_CODE(SQLITE_CONSTRAINT),
    MG_CODE(SQLITE_MISMATCH),
    MG_CODE(SQLITE_MISUSE),
    MG_CODE(SQLITE_AUTH),
    MG_CODE(SQLITE_RANGE),
    MG_CODE(SQLITE_NOTADB),
    MG_CODE(SQLITE_ABORT_ROLLBACK),
    MG_CODE(SQLITE_CORRUPT_VTAB),
    MG_CODE(SQLITE_LOCKED_VTAB),
    MG_CODE(SQLITE_CONSTRAINT_CHECK),
    MG_CODE(SQLITE_CONSTRAINT_COMMITHOOK),
    MG_CODE(SQLITE_CONSTRAINT_DATATYPE),
    MG_CODE(SQLITE_CONSTRAINT_FOREIGNKEY),
    MG_CODE(SQLITE_CONSTRAINT_FUNCTION),
    MG_CODE(SQLITE_CONSTRAINT_NOTNULL),
    MG_CODE(SQLITE_CONSTRAINT_PINNED),
    MG_CODE(SQLITE_CONSTRAINT_PRIMARYKEY),
    MG_CODE(SQLITE_CONSTRAINT_ROWID),
    MG_CODE(SQLITE_CONSTRAINT_TRIGGER),
    MG_CODE(SQLITE_CONSTRAINT_UNIQUE),
    MG_CODE(SQLITE_CONSTRAINT_VTAB),
};
#undef MG_CODE

std::string_view NameOf(int code) {
  for (const CodeName& entry : kCodeNames) {
    if (entry.code == code) return entry.name;
  }
  return "";
}

constexpr int kPrimaryMask = 0xff;

}  // namespace

std::string SqlErrorText(std::string_view message, int code, int offset) {
  std::string text(message);
  if (offset >= 0) text += " at offset " + std::to_string(offset);
  const std::string_view primary = NameOf(code & kPrimaryMask);
  text.append(": ").append(primary.empty() ? "SQLITE_ERROR" : primary);
  const std::string_view extended = NameOf(code);
  if (code != (code & kPrimaryMask) && !extended.empty()) {
    text.append(" (extended: ").append(extended).append(")");
  }
  return text;
}

}  // namespace mg::fake::d1
