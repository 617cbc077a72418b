#include "fakes/edge/expression.h"

#include <algorithm>

#include "core/base/bytes.h"
#include "core/base/ip_address.h"

namespace mg::fake {
namespace {

std::string Upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

bool Ends(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

bool Expression::Test::number() const {
  return field.type == Field::Type::kNumber ||
         std::count(changes.begin(), changes.end(), Change::kLength) != 0;
}

bool Expression::Holds(const Node& node, const Traffic& traffic) {
  const auto holds = [&](const Node& one) { return Holds(one, traffic); };
  switch (node.kind) {
    case Node::Kind::kTrue:
      return true;
    case Node::Kind::kFalse:
      return false;
    case Node::Kind::kNot:
      return !holds(node.of.front());
    case Node::Kind::kAnd:
      return std::all_of(node.of.begin(), node.of.end(), holds);
    case Node::Kind::kOr:
      return std::any_of(node.of.begin(), node.of.end(), holds);
    case Node::Kind::kXor:
      return std::count_if(node.of.begin(), node.of.end(), holds) % 2 == 1;
    case Node::Kind::kTest:
      break;
  }
  return Holds(node.test, traffic);
}

// What is not there passes no test, "ne" included.
bool Expression::Holds(const Test& test, const Traffic& traffic) {
  const auto values = ValuesOf(test.field, traffic);
  const auto holds = [&](const std::string& value) { return Holds(test, value); };
  if (test.index == kEach) {
    return test.all ? std::all_of(values.begin(), values.end(), holds)
                    : std::any_of(values.begin(), values.end(), holds);
  }
  const auto index = static_cast<std::size_t>(test.index);
  return index < values.size() && holds(values[index]);
}

bool Expression::Holds(const Test& test, std::string value) {
  for (const Change change : test.changes) {
    if (change == Change::kLower) value = AsciiLower(value);
    if (change == Change::kUpper) value = Upper(std::move(value));
    if (change == Change::kLength) value = std::to_string(value.size());
  }
  const std::int64_t number = test.number() ? ParseInt(value).value_or(0) : 0;
  const auto same = [&](std::size_t i) {
    if (test.number()) return number == test.numbers[i];
    if (test.field.type == Field::Type::kAddress) return CidrContains(test.texts[i], value);
    return value == test.texts[i];
  };
  switch (test.op) {
    case Op::kIs:
      return !value.empty();
    case Op::kEq:
      return same(0);
    case Op::kNe:
      return !same(0);
    case Op::kLt:
      return test.number() ? number < test.numbers[0] : value < test.texts[0];
    case Op::kLe:
      return test.number() ? number <= test.numbers[0] : value <= test.texts[0];
    case Op::kGt:
      return test.number() ? number > test.numbers[0] : value > test.texts[0];
    case Op::kGe:
      return test.number() ? number >= test.numbers[0] : value >= test.texts[0];
    case Op::kContains:
      return value.find(test.texts[0]) != std::string::npos;
    case Op::kStartsWith:
      return value.compare(0, test.texts[0].size(), test.texts[0]) == 0;
    case Op::kEndsWith:
      return Ends(value, test.texts[0]);
    case Op::kIn:
      break;
  }
  const std::size_t count = std::max(test.texts.size(), test.numbers.size());
  for (std::size_t i = 0; i < count; ++i)
    if (same(i)) return true;
  return false;
}

bool Expression::LooksAtResponse(const Node& node) {
  if (node.kind == Node::Kind::kTest && node.test.field.of_response()) return true;
  return std::any_of(node.of.begin(), node.of.end(),
                     [](const Node& one) { return LooksAtResponse(one); });
}

}  // namespace mg::fake
