#include "scenarios/run/seed.h"

#include <algorithm>
#include <utility>

#include "scenarios/run/check_shape.h"
#include "scenarios/run/shapes.h"
#include "scenarios/run/source.h"

namespace mg::scenario {
namespace {

// Where one of several keys says what a thing is.
void NeedOneOf(const JsoncNode* list, const std::vector<std::string>& keys, ShapeChecker& checker) {
  if (list == nullptr) return;
  std::string words;
  for (const std::string& key : keys) words += (words.empty() ? "\"" : ", \"") + key + "\"";
  for (const JsoncNode& item : list->items) {
    const auto count = std::count_if(keys.begin(), keys.end(), [&item](const std::string& key) {
      return item.Find(key) != nullptr;
    });
    if (count != 1) checker.Add(item.at, "exactly one of " + words + " is needed here");
  }
}

void CheckTables(const JsoncNode* tables, ShapeChecker& checker) {
  if (tables == nullptr) return;
  for (const JsoncNode& table : tables->items) {
    if ((table.Find("table") == nullptr) != (table.Find("rows") == nullptr))
      checker.Add(table.at, "\"table\" and \"rows\" go together");
  }
}

}  // namespace

LoadedSeed LoadSeed(const std::string& path, ReadFile read) {
  LoadedSeed loaded;
  auto source = ReadSource(path, path, {}, read, loaded.problems);
  if (!source) return loaded;
  ShapeChecker checker(source->path, loaded.problems);
  checker.Check(source->root, SeedShape(), "a seed");
  if (loaded.problems.empty()) {
    NeedOneOf(source->root.Find("kv"), {"value", "json"}, checker);
    NeedOneOf(source->root.Find("objects"), {"text", "json", "base64", "file"}, checker);
    NeedOneOf(source->root.Find("d1"), {"sql", "table"}, checker);
    CheckTables(source->root.Find("d1"), checker);
  }
  if (loaded.problems.empty()) loaded.document = std::move(source);
  return loaded;
}

}  // namespace mg::scenario
