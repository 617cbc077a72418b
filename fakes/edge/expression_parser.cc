// The grammar, loosest first: or, xor, and, not, then a comparison, a function or parentheses.
#include <limits>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ip_address.h"
#include "fakes/edge/expression.h"

namespace mg::fake {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}
bool IsAddressByte(char c) {
  return IsNameByte(c) || c == ':' || c == '/';
}

}  // namespace

class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : text_(text) {}

  Result<Expression> Whole() {
    MG_TRY(node, Or());
    SkipSpace();
    if (at_ < text_.size()) return Wrong("\"and\", \"or\" or the end is expected");
    Expression expression;
    expression.root_ = std::move(node);
    return expression;
  }

 private:
  using Node = Expression::Node;
  using Kind = Expression::Node::Kind;
  using Test = Expression::Test;
  using Op = Expression::Op;
  using Change = Expression::Change;

  Error Wrong(const std::string& what) const {
    return {Code::kInvalid, what + " at byte " + std::to_string(at_ + 1)};
  }

  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t'))
      ++at_;
  }
  bool Take(std::string_view sign) {
    SkipSpace();
    if (text_.substr(at_, sign.size()) != sign) return false;
    at_ += sign.size();
    return true;
  }
  std::string_view PeekName() {
    SkipSpace();
    std::size_t end = at_;
    while (end < text_.size() && IsNameByte(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  bool TakeWord(std::string_view word) {
    if (PeekName() != word) return false;
    at_ += word.size();
    return true;
  }

  Result<Node> Chain(Kind kind, std::string_view word, std::string_view sign,
                     Result<Node> (ExpressionParser::*next)()) {
    MG_TRY(first, (this->*next)());
    Node chain{kind, {}, {}};
    chain.of.push_back(std::move(first));
    while (TakeWord(word) || Take(sign)) {
      MG_TRY(another, (this->*next)());
      chain.of.push_back(std::move(another));
    }
    if (chain.of.size() > 1) return chain;
    Node only = std::move(chain.of.front());
    return only;
  }
  Result<Node> Or() { return Chain(Kind::kOr, "or", "||", &ExpressionParser::Xor); }
  Result<Node> Xor() { return Chain(Kind::kXor, "xor", "^^", &ExpressionParser::And); }
  Result<Node> And() { return Chain(Kind::kAnd, "and", "&&", &ExpressionParser::Not); }

  Result<Node> Not() {
    if (++depth_ > kMaxExpressionDepth) return Wrong("the nesting is too deep");
    auto node = NotOrPrimary();
    --depth_;
    return node;
  }
  Result<Node> NotOrPrimary() {
    if (!TakeWord("not") && !Take("!")) return Primary();
    MG_TRY(inner, Not());
    Node node{Kind::kNot, {}, {}};
    node.of.push_back(std::move(inner));
    return node;
  }

  Result<Node> Primary() {
    if (Take("(")) {
      MG_TRY(inner, Or());
      if (!Take(")")) return Wrong("\")\" is expected");
      return std::move(inner);
    }
    if (TakeWord("true")) return Node{Kind::kTrue, {}, {}};
    if (TakeWord("false")) return Node{Kind::kFalse, {}, {}};
    Test test;
    for (const auto& [word, op] :
         {std::pair{"starts_with", Op::kStartsWith}, std::pair{"ends_with", Op::kEndsWith}}) {
      if (!TakeWord(word)) continue;
      test.op = op;
      MG_RETURN_IF_ERROR(CallOfTwo(test));
      return Node{Kind::kTest, {}, std::move(test)};
    }
    const bool any = TakeWord("any");
    if (any || TakeWord("all")) {
      test.all = !any;
      if (!Take("(")) return Wrong("\"(\" is expected");
      MG_RETURN_IF_ERROR(Comparison(test, true));
      if (!Take(")")) return Wrong("\")\" is expected");
    } else {
      MG_RETURN_IF_ERROR(Comparison(test, false));
    }
    return Node{Kind::kTest, {}, std::move(test)};
  }

  Status CallOfTwo(Test& test) {
    if (!Take("(")) return Wrong("\"(\" is expected");
    MG_RETURN_IF_ERROR(Operand(test, false));
    if (test.number() || test.field.type != Field::Type::kText) return Wrong("a text is expected");
    if (!Take(",")) return Wrong("\",\" is expected");
    MG_RETURN_IF_ERROR(Literal(test));
    if (!Take(")")) return Wrong("\")\" is expected");
    return Ok();
  }

  Status Comparison(Test& test, bool each) {
    MG_RETURN_IF_ERROR(Operand(test, each));
    if (test.field.type == Field::Type::kBool) return Ok();
    const auto op = Operator();
    if (!op) return Wrong("an operator is expected (eq ne lt le gt ge contains in)");
    test.op = *op;
    const bool ordered = test.op == Op::kLt || test.op == Op::kLe || test.op == Op::kGt ||
                         test.op == Op::kGe || test.op == Op::kContains;
    if (ordered && test.field.type == Field::Type::kAddress)
      return Wrong("addresses compare with eq, ne and in");
    if (test.op == Op::kContains && test.number()) return Wrong("a number contains nothing");
    return test.op == Op::kIn ? Set(test) : Literal(test);
  }

  std::optional<Op> Operator() {
    constexpr std::pair<std::string_view, Op> kWords[] = {
        {"eq", Op::kEq}, {"ne", Op::kNe}, {"lt", Op::kLt}, {"le", Op::kLe},
        {"gt", Op::kGt}, {"ge", Op::kGe}, {"in", Op::kIn}, {"contains", Op::kContains}};
    for (const auto& [word, op] : kWords)
      if (TakeWord(word)) return op;
    constexpr std::pair<std::string_view, Op> kSigns[] = {{"==", Op::kEq}, {"!=", Op::kNe},
                                                          {"<=", Op::kLe}, {">=", Op::kGe},
                                                          {"<", Op::kLt},  {">", Op::kGt}};
    for (const auto& [sign, op] : kSigns)
      if (Take(sign)) return op;
    return std::nullopt;
  }

  // A field, with functions round it: lower(http.host).
  Status Operand(Test& test, bool each) {
    constexpr std::pair<std::string_view, Change> kFunctions[] = {
        {"lower", Change::kLower}, {"upper", Change::kUpper}, {"len", Change::kLength}};
    for (const auto& [word, change] : kFunctions) {
      if (!TakeWord(word)) continue;
      if (++depth_ > kMaxExpressionDepth) return Wrong("the nesting is too deep");
      if (!Take("(")) return Wrong("\"(\" is expected");
      MG_RETURN_IF_ERROR(Operand(test, each));
      if (!Take(")")) return Wrong("\")\" is expected");
      --depth_;
      if (test.number() || test.field.type != Field::Type::kText)
        return Wrong("a text is expected");
      test.changes.push_back(change);
      return Ok();
    }
    const std::string_view name = PeekName();
    auto field = FieldOf(name);
    if (!field) return Wrong(field.error().message);
    at_ += name.size();
    test.field = std::move(*field);
    return test.field.keyed() ? KeyAndIndex(test, each) : NoKey(each);
  }

  Status NoKey(bool each) const {
    return each ? Status(Wrong("any and all want a field with [*]")) : Ok();
  }
  Status KeyAndIndex(Test& test, bool each) {
    if (!Take("[")) return Wrong("[\"a name\"] is expected");
    MG_TRY(key, Text());
    if (!Take("]")) return Wrong("\"]\" is expected");
    test.field.key = key;
    if (each) {
      test.index = Expression::kEach;
      return Take("[*]") ? Ok() : Status(Wrong("[*] is expected"));
    }
    if (!Take("[")) return Wrong("[0], or any(...[*] ...), is expected");
    MG_TRY(index, Number());
    if (index < 0 || index > 1000) return Wrong("an index from 0 is expected");
    test.index = static_cast<int>(index);
    return Take("]") ? Ok() : Status(Wrong("\"]\" is expected"));
  }

  Status Set(Test& test) {
    if (!Take("{")) return Wrong("\"{\" is expected");
    while (!Take("}")) {
      if (at_ >= text_.size()) return Wrong("\"}\" is expected");
      MG_RETURN_IF_ERROR(Literal(test));
    }
    if (test.texts.empty() && test.numbers.empty()) return Wrong("the set is empty");
    return Ok();
  }

  Status Literal(Test& test) {
    if (test.number()) {
      MG_TRY(number, Number());
      test.numbers.push_back(number);
      return Ok();
    }
    if (test.field.type == Field::Type::kAddress) {
      MG_TRY(address, Address());
      test.texts.push_back(address);
      return Ok();
    }
    MG_TRY(text, Text());
    test.texts.push_back(text);
    return Ok();
  }

  Result<std::int64_t> Number() {
    const std::string_view name = PeekName();
    const auto number = ParseInt(name);
    if (!number) return Wrong("a whole number is expected");
    at_ += name.size();
    return *number;
  }
  Result<std::string> Address() {
    SkipSpace();
    std::size_t end = at_;
    while (end < text_.size() && IsAddressByte(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    const std::string_view network = word.substr(0, word.find('/'));
    if (!CidrContains(word, network)) return Wrong("an address or a network is expected");
    at_ = end;
    return std::string(word);
  }
  Result<std::string> Text() {
    if (!Take("\"")) return Wrong("a text in double quotes is expected");
    std::string text;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
        if (at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\\'))
          return Wrong("only \\\" and \\\\ are escapes");
      }
      text += text_[at_];
    }
    if (at_ >= text_.size()) return Wrong("the text does not end");
    ++at_;
    return text;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

Result<Expression> Expression::Parse(std::string_view text) {
  if (text.size() > kMaxExpressionBytes) {
    return Error{Code::kInvalid,
                 "the expression is longer than " + std::to_string(kMaxExpressionBytes) + " bytes"};
  }
  return ExpressionParser(text).Whole();
}

}  // namespace mg::fake
