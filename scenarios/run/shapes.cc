#include "scenarios/run/shapes.h"

#include <algorithm>
#include <map>

#include "core/base/bytes.h"

namespace mg::scenario {
namespace {

bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

template <class Allowed>
bool AllOf(std::string_view text, Allowed allowed) {
  return std::all_of(text.begin(), text.end(), allowed);
}

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= 80 && text.front() != '-' &&
         AllOf(text, [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
}

bool IsRule(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || dash < 2 || dash > 3) return false;
  return AllOf(text.substr(0, dash), IsUpper) && text.size() > dash + 1 &&
         AllOf(text.substr(dash + 1), IsDigit);
}

bool IsVariable(std::string_view text) {
  return !text.empty() && IsLower(text.front()) &&
         AllOf(text, [](char c) { return IsLower(c) || IsDigit(c) || c == '_'; });
}

bool IsSetting(std::string_view text) {
  return !text.empty() && IsUpper(text.front()) &&
         AllOf(text, [](char c) { return IsUpper(c) || IsDigit(c) || c == '_'; });
}

bool IsCapture(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view part = text.substr(0, colon);
  if (colon == std::string_view::npos)
    return part == "status" || part == "text" || part == "value" || part == "count";
  const std::string_view rest = text.substr(colon + 1);
  if (part == "header") return !rest.empty();
  const bool has_parts =
      part == "json" || part == "xml" || part == "rows" || part == "lines" || part == "list";
  return has_parts && (rest.empty() || rest.front() == '/');
}

struct NameRow {
  Name name;
  bool (*fits)(std::string_view);
  std::string_view pattern, description;
};

const NameRow kNames[] = {
    {Name::kId, IsId, "^[a-z0-9][a-z0-9-]{0,79}$", "an id of lower-case letters, digits and '-'"},
    {Name::kRule, IsRule, "^[A-Z]{2,3}-[0-9]+$", "a rule such as \"TEN-6\""},
    {Name::kVariable, IsVariable, "^[a-z][a-z0-9_]*$",
     "a name of lower-case letters, digits and '_'"},
    {Name::kSetting, IsSetting, "^[A-Z][A-Z0-9_]*$", "a setting such as \"PUBLIC_RATE_LIMIT_MAX\""},
    {Name::kPath, [](std::string_view text) { return !text.empty() && text.front() == '/'; },
     "^(/|\\{\\{)", "a path that begins with '/'"},
    {Name::kCapture, IsCapture,
     "^(status|text|value|count|(json|xml|rows|lines|list):(/.*)?|header:.+)$",
     "\"status\", \"text\", \"header:<name>\", \"json:/<pointer>\" or \"rows:/<pointer>\""},
};

const NameRow* RowOf(Name name) {
  for (const NameRow& row : kNames)
    if (row.name == name) return &row;
  return nullptr;
}

}  // namespace

bool FitsName(Name name, std::string_view text) {
  const NameRow* row = RowOf(name);
  return row == nullptr || row->fits(text);
}
std::string_view NamePattern(Name name) {
  const NameRow* row = RowOf(name);
  return row == nullptr ? "" : row->pattern;
}
std::string_view NameDescription(Name name) {
  const NameRow* row = RowOf(name);
  return row == nullptr ? "" : row->description;
}

}  // namespace mg::scenario
