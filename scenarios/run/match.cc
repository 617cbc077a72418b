#include "scenarios/run/match.h"

#include <algorithm>

#include "core/base/json.h"
#include "scenarios/run/match_operators.h"

namespace mg::scenario {
namespace {

constexpr std::size_t kShownBytes = 400;
constexpr std::size_t kShownString = 120;

// The middle of long texts goes.
Json Shortened(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() <= kShownString) return value;
    return text.substr(0, kShownString * 2 / 3) + "..." +
           text.substr(text.size() - kShownString / 3);
  }
  if (!value.is_structured()) return value;
  Json shortened = value;
  for (Json& member : shortened) member = Shortened(member);
  return shortened;
}

std::size_t WidthOf(const JsoncNode& node) {
  switch (node.kind) {
    case JsoncNode::Kind::kString:
      return node.text.size() + 2;
    case JsoncNode::Kind::kNumber:
      return node.text.size();
    case JsoncNode::Kind::kBool:
      return node.boolean ? 4 : 5;
    case JsoncNode::Kind::kNull:
      return 4;
    default:
      return 1;
  }
}

// {"$gte": 1, "$lt": 5}: every one of them must hold.
bool IsMatcher(const JsoncNode& node) {
  const auto is_operator = [](const JsoncNode::Member& member) {
    return member.key.size() > 1 && member.key[0] == '$' && member.key[1] != '$';
  };
  return node.kind == JsoncNode::Kind::kObject && !node.members.empty() &&
         std::all_of(node.members.begin(), node.members.end(), is_operator);
}

std::string KeyOf(const JsoncNode::Member& member) {
  return member.key.compare(0, 2, "$$") == 0 ? member.key.substr(1) : member.key;
}

}  // namespace

Matching::Matching(const Variables& variables, Nanos lateness, std::size_t limit)
    : variables_(variables), lateness_(lateness), limit_(limit) {}

bool Matching::IsInTime(const Json& expected, const Json& actual) const {
  if (lateness_ == Nanos::zero() || !expected.is_string() || !actual.is_string()) return false;
  const auto wanted = DurationOf(expected.get<std::string>());
  const auto took = DurationOf(actual.get<std::string>());
  return wanted && took && *took >= *wanted && *took - *wanted <= lateness_;
}

void Matching::Differ(const JsoncNode& expected, const std::string& path, std::string wanted,
                      std::string actual) {
  if (differences_.size() >= limit_) return;
  differences_.push_back(
      {expected.at, WidthOf(expected), path, std::move(wanted), std::move(actual)});
}

bool Matching::Equal(const JsoncNode& expected, const Json* actual) const {
  Matching inner(variables_, lateness_, 1);
  inner.Compare(expected, actual, "");
  return inner.differences_.empty();
}

std::string Matching::ShownNode(const JsoncNode& node) const {
  const auto value = Resolve(node, variables_);
  return value ? Shown(*value) : value.error().message;
}

// `actual` is null when there is nothing at this place.
void Matching::Compare(const JsoncNode& expected, const Json* actual, const std::string& path) {
  if (IsMatcher(expected)) return CompareWithMatcher(expected, actual, path);
  if (actual == nullptr) return Differ(expected, path, ShownNode(expected), "absent");
  if (expected.kind == JsoncNode::Kind::kObject) return CompareObject(expected, *actual, path);
  if (expected.kind == JsoncNode::Kind::kArray) return CompareArray(expected, *actual, path);
  const auto value = Resolve(expected, variables_);
  if (!value) return Differ(expected, path, value.error().message, Shown(*actual));
  if (*value == *actual || IsInTime(*value, *actual)) return;
  Differ(expected, path, Shown(*value), Shown(*actual));
}

void Matching::CompareObject(const JsoncNode& expected, const Json& actual,
                             const std::string& path) {
  if (!actual.is_object()) return Differ(expected, path, "an object", Shown(actual));
  for (const JsoncNode::Member& member : expected.members) {
    const std::string key = KeyOf(member);
    Compare(member.value, Find(actual, key), path + "/" + key);
  }
}

void Matching::CompareArray(const JsoncNode& expected, const Json& actual,
                            const std::string& path) {
  if (!actual.is_array()) return Differ(expected, path, "an array", Shown(actual));
  if (actual.size() != expected.items.size())
    return Differ(expected, path, std::to_string(expected.items.size()) + " items",
                  std::to_string(actual.size()) + ": " + Shown(actual));
  for (std::size_t i = 0; i < expected.items.size(); ++i)
    Compare(expected.items[i], &actual[i], path + "/" + std::to_string(i));
}

std::vector<Difference> Match(const JsoncNode& expected, const Json& actual,
                              const Variables& variables, Nanos lateness, std::string path,
                              std::size_t limit) {
  Matching matching(variables, lateness, limit);
  matching.Compare(expected, &actual, path);
  return matching.Take();
}

std::size_t MatchingMembers(const JsoncNode& expected, const Json& actual,
                            const Variables& variables) {
  const Matching matching(variables, Nanos::zero(), 1);
  return static_cast<std::size_t>(std::count_if(
      expected.members.begin(), expected.members.end(), [&](const JsoncNode::Member& member) {
        return matching.Equal(member.value, Find(actual, KeyOf(member)));
      }));
}

std::string Shown(const Json& value) {
  std::string text = DumpJson(Shortened(value));
  if (text.size() > kShownBytes) text = text.substr(0, kShownBytes) + "...";
  return text;
}

}  // namespace mg::scenario
