#include "scenarios/run/check_shape.h"

#include <algorithm>
#include <cmath>

#include "scenarios/run/match_operators.h"
#include "scenarios/run/values.h"

namespace mg::scenario {
namespace {

using Kind = JsoncNode::Kind;

std::string KindName(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "true or false";
    case Kind::kNumber:
      return "a number";
    case Kind::kString:
      return "a text";
    case Kind::kArray:
      return "an array";
    case Kind::kObject:
      return "an object";
  }
  return "";
}

// What a template becomes is known at run time alone.
bool IsTemplate(const JsoncNode& node) {
  return node.kind == Kind::kString && node.text.find("{{") != std::string::npos;
}

std::string Listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + ("\"" + words[i] + "\"");
  return text;
}

std::string Written(double number) {
  return std::to_string(static_cast<long long>(number));
}

std::string Wanted(const Shape& shape) {
  switch (shape.form) {
    case Form::kText:
      return "a text";
    case Form::kLines:
      return "a text, or an array of lines";
    case Form::kScalar:
      return "a text, a number, true, false or null";
    case Form::kDuration:
      return "a duration: a number and a unit, as in \"250ms\", \"5s\", \"2m\"";
    case Form::kOffset:
      return "a duration that may begin with '-', as in \"-100ms\"";
    case Form::kTime:
      return "a time in UTC, as in \"2026-01-15T09:59:58Z\"";
    case Form::kWhole:
      return "a whole number from " + Written(shape.least) + " to " + Written(shape.most);
    case Form::kNumber:
      return "a number from " + Written(shape.least) + " to " + Written(shape.most);
    case Form::kBool:
      return "true or false";
    case Form::kWord:
      return Listed(shape.words);
    case Form::kName:
      return std::string(NameDescription(shape.name));
    case Form::kList:
      return "an array";
    case Form::kMap:
    case Form::kObject:
      return "an object";
    case Form::kEither: {
      std::string text;
      for (const Shape& one : shape.either) text += (text.empty() ? "" : ", or ") + Wanted(one);
      return text;
    }
    case Form::kAny:
    case Form::kExpected:
      return "any value";
  }
  return "";
}

bool IsJsonKind(const Shape& shape, Kind kind) {
  switch (shape.form) {
    case Form::kList:
      return kind == Kind::kArray;
    case Form::kMap:
    case Form::kObject:
      return kind == Kind::kObject;
    case Form::kWhole:
    case Form::kNumber:
      return kind == Kind::kNumber;
    case Form::kScalar:
      return kind != Kind::kArray && kind != Kind::kObject;
    default:
      return kind == Kind::kString;
  }
}

bool IsOffset(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  return DurationOf(text).has_value();
}

}  // namespace

std::string DidYouMean(std::string_view word, const std::vector<std::string>& known) {
  const std::string nearest = NearestWord(word, known);
  return nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?";
}

void ShapeChecker::Wrong(const JsoncNode& node, const std::string& what,
                         const std::string& wanted) {
  const std::string is =
      node.kind == Kind::kString ? "\"" + node.text.substr(0, 80) + "\"" : KindName(node.kind);
  Add(node.at, what + " must be " + wanted + ", but it is " + is);
}

void ShapeChecker::Check(const JsoncNode& node, const Shape& shape, const std::string& what) {
  switch (shape.form) {
    case Form::kAny:
      return;
    case Form::kExpected:
      return CheckMatchers(node);
    case Form::kScalar:
      if (!IsJsonKind(shape, node.kind)) Wrong(node, what, Wanted(shape));
      return;
    case Form::kLines:
      if (node.kind == Kind::kString) return;
      if (node.kind != Kind::kArray) return Wrong(node, what, Wanted(shape));
      for (const JsoncNode& line : node.items)
        if (line.kind != Kind::kString) Wrong(line, "a line", "a text");
      return;
    case Form::kWhole:
    case Form::kNumber:
      return CheckNumber(node, shape, what);
    case Form::kBool:
      if (node.kind != Kind::kBool && !IsTemplate(node)) Wrong(node, what, Wanted(shape));
      return;
    case Form::kList:
      return CheckList(node, shape, what);
    case Form::kMap:
      return CheckMap(node, shape, what);
    case Form::kObject:
      return CheckObject(node, shape, what);
    case Form::kEither:
      return CheckEither(node, shape, what);
    default:
      return CheckText(node, shape, what);
  }
}

void ShapeChecker::CheckText(const JsoncNode& node, const Shape& shape, const std::string& what) {
  if (node.kind != Kind::kString) return Wrong(node, what, Wanted(shape));
  if (IsTemplate(node)) return;
  const auto& words = shape.words;
  bool fits = true;
  if (shape.form == Form::kDuration) fits = DurationOf(node.text).has_value();
  if (shape.form == Form::kOffset) fits = IsOffset(node.text);
  if (shape.form == Form::kTime) fits = ParseTime(node.text).has_value();
  if (shape.form == Form::kName) fits = FitsName(shape.name, node.text);
  if (shape.form == Form::kWord)
    fits = std::find(words.begin(), words.end(), node.text) != words.end();
  if (!fits) Wrong(node, what, Wanted(shape));
}

void ShapeChecker::CheckNumber(const JsoncNode& node, const Shape& shape, const std::string& what) {
  if (IsTemplate(node)) return;
  const bool whole = shape.form != Form::kWhole ||
                     (node.kind == Kind::kNumber && std::floor(node.number) == node.number);
  if (node.kind == Kind::kNumber && whole && node.number >= shape.least &&
      node.number <= shape.most)
    return;
  if (node.kind != Kind::kNumber) return Wrong(node, what, Wanted(shape));
  Add(node.at, what + " must be " + Wanted(shape) + ", but it is " + node.text);
}

void ShapeChecker::CheckList(const JsoncNode& node, const Shape& shape, const std::string& what) {
  if (IsTemplate(node)) return;
  if (node.kind != Kind::kArray) return Wrong(node, what, Wanted(shape));
  if (node.items.empty() && !shape.may_be_empty) Add(node.at, what + " must not be empty");
  for (const JsoncNode& item : node.items) Check(item, *shape.item, "an item of " + what);
}

void ShapeChecker::CheckMap(const JsoncNode& node, const Shape& shape, const std::string& what) {
  if (IsTemplate(node)) return;
  if (node.kind != Kind::kObject) return Wrong(node, what, Wanted(shape));
  for (const JsoncNode::Member& member : node.members) {
    if (!FitsName(shape.name, member.key))
      Add(member.at, "a key of " + what + " must be " + std::string(NameDescription(shape.name)) +
                         ", but it is \"" + member.key + "\"");
    Check(member.value, *shape.item, "\"" + member.key + "\"");
  }
}

void ShapeChecker::CheckObject(const JsoncNode& node, const Shape& shape, const std::string& what) {
  if (IsTemplate(node)) return;
  if (node.kind != Kind::kObject) return Wrong(node, what, Wanted(shape));
  std::vector<std::string> known;
  for (const Field& field : shape.fields) known.push_back(field.key);
  for (const JsoncNode::Member& member : node.members) {
    const auto field = std::find_if(shape.fields.begin(), shape.fields.end(),
                                    [&](const Field& one) { return one.key == member.key; });
    if (field != shape.fields.end()) {
      Check(member.value, field->shape, "\"" + member.key + "\"");
    } else {
      Add(member.at,
          "unknown key \"" + member.key + "\" in " + what + DidYouMean(member.key, known));
    }
  }
  for (const Field& field : shape.fields)
    if (field.required && node.Find(field.key) == nullptr)
      Add(node.at, what + " needs \"" + field.key + "\": " + field.about);
}

void ShapeChecker::CheckEither(const JsoncNode& node, const Shape& shape, const std::string& what) {
  for (const Shape& one : shape.either)
    if (IsJsonKind(one, node.kind)) return Check(node, one, what);
  Wrong(node, what, Wanted(shape));
}

void ShapeChecker::CheckMatchers(const JsoncNode& node) {
  for (const JsoncNode& item : node.items) CheckMatchers(item);
  const std::vector<std::string> known = MatcherNames();
  for (const JsoncNode::Member& member : node.members) {
    CheckMatchers(member.value);
    const bool matcher = member.key.size() > 1 && member.key[0] == '$' && member.key[1] != '$';
    if (!matcher) continue;
    if (std::find(known.begin(), known.end(), member.key) == known.end())
      Add(member.at, "unknown matcher \"" + member.key + "\"" + DidYouMean(member.key, known));
    const bool others = std::any_of(
        node.members.begin(), node.members.end(),
        [](const JsoncNode::Member& other) { return other.key.empty() || other.key[0] != '$'; });
    if (others)
      Add(member.at, "a matcher stands alone: write \"$" + member.key + "\" for the key itself");
  }
}

}  // namespace mg::scenario
