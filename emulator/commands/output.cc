#include "emulator/commands/output.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <vector>

namespace mg {
namespace {

using Ordered = nlohmann::ordered_json;
using Row = std::vector<std::string>;

std::string Cell(const Ordered& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "-";
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Ordered& item : value) text += (text.empty() ? "" : ", ") + Cell(item);
  return text.empty() ? "-" : text;
}

std::vector<Row> RowsOf(const Ordered& value) {
  std::vector<Row> rows;
  if (!value.contains("items")) {
    for (const auto& member : value.items()) rows.push_back({member.key(), Cell(member.value())});
    return rows;
  }
  for (const Ordered& item : value["items"]) {
    if (rows.empty()) {
      Row names;
      for (const auto& member : item.items()) names.push_back(member.key());
      rows.push_back(names);
    }
    Row cells;
    for (const auto& member : item.items()) cells.push_back(Cell(member.value()));
    rows.push_back(cells);
  }
  return rows;
}

void PrintRows(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - row[i].size() + 2, ' ');
    }
    std::cout << line << "\n";
  }
}

}  // namespace

int ExitCodeOf(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
    case Code::kNotFound:
    case Code::kConflict:
      return kExitInvalid;
    case Code::kUnauthenticated:
    case Code::kDenied:
      return kExitCredentials;
    default:
      return kExitExternal;
  }
}

int Fail(const std::string& what, const Error& error) {
  std::cerr << "moltgate " << what << ": " << error.message << "\n";
  return ExitCodeOf(error);
}

void Print(const Ordered& value, Format format) {
  if (format == Format::kJson) {
    std::cout << value.dump(2, ' ', false, Ordered::error_handler_t::replace) << "\n";
  } else {
    PrintRows(RowsOf(value));
  }
}

}  // namespace mg
