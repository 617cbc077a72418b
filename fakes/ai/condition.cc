#include "fakes/ai/condition.h"

#include <algorithm>
#include <string_view>

#include "core/base/json.h"
#include "fakes/ai/fields.h"

namespace mg::fake {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxMembers = 100;
constexpr std::string_view kOperators = "$eq|$ne|$gt|$gte|$lt|$lte|$in|$nin";
constexpr std::string_view kMetadataRoot = "metadata.";

using Problem = std::optional<std::string>;

Problem CheckComparison(const std::string& field, const Json& wanted) {
  if (field.compare(0, kMetadataRoot.size(), kMetadataRoot) != 0)
    return "\"" + field.substr(0, 64) + "\" is no field of metadata.*";
  if (!wanted.is_object()) {
    if (wanted.is_array()) return "Expected a scalar or operators, received array";
    return std::nullopt;
  }
  if (wanted.empty()) return "Expected an operator, received none";
  for (const auto& [name, value] : wanted.items()) {
    if (!IsOneOf(kOperators, name)) return WrongWord(kOperators, name);
    const bool list = name == "$in" || name == "$nin";
    if (list != value.is_array() || value.is_object())
      return "Expected " + std::string(list ? "array" : "scalar") + " for " + name;
    if (list && value.size() > kMaxMembers) return "Too many values for " + name;
  }
  return std::nullopt;
}

Problem Check(const Json& condition, int depth) {
  if (depth > kMaxDepth) return "Nested too deeply";
  if (condition.is_array()) {  // the API's `conditions`: all of them
    if (condition.size() > kMaxMembers) return "Too many conditions";
    for (const Json& one : condition)
      if (auto wrong = Check(one, depth + 1)) return wrong;
    return std::nullopt;
  }
  if (!condition.is_object())
    return "Expected object, received " + std::string(condition.type_name());
  if (condition.size() > kMaxMembers) return "Too many conditions";
  for (const auto& [name, value] : condition.items()) {
    const bool joins = name == "$and" || name == "$or";
    if (joins && !value.is_array()) return "Expected array for " + name;
    auto wrong = joins ? Check(value, depth + 1) : CheckComparison(name, value);
    if (wrong) return wrong;
  }
  return std::nullopt;
}

// Numbers with numbers and texts with texts; other pairs have no order.
bool Ordered(const Json& a, const Json& b) {
  return (a.is_number() && b.is_number()) || (a.is_string() && b.is_string());
}

bool IsIn(const Json* actual, const Json& list) {
  return actual != nullptr &&
         std::any_of(list.begin(), list.end(), [&](const Json& one) { return *actual == one; });
}

bool Compares(const std::string& name, const Json* actual, const Json& wanted) {
  if (name == "$in") return IsIn(actual, wanted);
  if (name == "$nin") return !IsIn(actual, wanted);
  const bool equal = actual != nullptr && *actual == wanted;
  if (name == "$eq") return equal;
  if (name == "$ne") return !equal;
  if (actual == nullptr || !Ordered(*actual, wanted)) return false;
  if (name == "$gt") return *actual > wanted;
  if (name == "$gte") return *actual >= wanted;
  if (name == "$lt") return *actual < wanted;
  return *actual <= wanted;
}

bool FieldHolds(const std::string& field, const Json& wanted, const Json& metadata) {
  const Json* actual = Find(metadata, std::string_view(field).substr(kMetadataRoot.size()));
  if (!wanted.is_object()) return actual != nullptr && *actual == wanted;
  for (const auto& [name, value] : wanted.items())
    if (!Compares(name, actual, value)) return false;
  return true;
}

}  // namespace

std::optional<std::string> CheckCondition(const Json& condition) {
  return Check(condition, 1);
}

bool Holds(const Json& condition, const Json& metadata) {
  const auto holds = [&](const Json& one) { return Holds(one, metadata); };
  if (condition.is_array()) return std::all_of(condition.begin(), condition.end(), holds);
  for (const auto& [name, value] : condition.items()) {
    bool met = false;
    if (name == "$or") {
      met = std::any_of(value.begin(), value.end(), holds);
    } else {
      met = name == "$and" ? Holds(value, metadata) : FieldHolds(name, value, metadata);
    }
    if (!met) return false;
  }
  return true;
}

}  // namespace mg::fake
