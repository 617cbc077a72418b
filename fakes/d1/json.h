// D1's request and answer bodies (wire/storage.md 3.2).
#pragma once
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "fakes/d1/engine.h"

namespace mg::fake::d1 {

struct Invalid {
  std::string message;  // "Invalid property: sql => Required"
};

// {"sql", "params"?} or {"batch": [{"sql", "params"?}, ...]}.
std::variant<std::vector<Query>, Invalid> ReadQueries(std::string_view body);

// The envelope's `result`: one item a statement. `raw`: columns and rows instead of objects.
std::string ResultJson(const std::vector<Outcome>& outcomes, bool raw, bool by_primary = true);

}  // namespace mg::fake::d1
