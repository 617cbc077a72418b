#include "fakes/ai/model_arithmetic.h"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "core/base/bytes.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMaxTokens = 64;  // of one expression
constexpr int kMaxDepth = 16;
constexpr int kMaxDecimals = 6;

// kind: '0' a number; one of + - * / ( ); ' ' for what ends an expression; '?' for what belongs to
// one but is beyond whole numbers ("1.5", "y", "2^3"), so that no part of it is answered alone.
struct Token {
  char kind = ' ';
  std::int64_t value = 0;
};

constexpr Token kBeyond{'?', 0};
constexpr std::string_view kOperators = "+-*/()";
constexpr std::string_view kTimesSign = "\xc3\x97";
constexpr std::string_view kDivisionSign = "\xc3\xb7";

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (static_cast<unsigned char>(c) & 0x80U);
}

struct Word {
  std::string_view text;
  Token token;
};
// The tens, hundreds and so on are words of numbers that are not built in.
constexpr Word kWords[] = {
    {"plus", {'+', 0}},     {"minus", {'-', 0}},   {"times", {'*', 0}},   {"x", {'*', 0}},
    {"zero", {'0', 0}},     {"one", {'0', 1}},     {"two", {'0', 2}},     {"three", {'0', 3}},
    {"four", {'0', 4}},     {"five", {'0', 5}},    {"six", {'0', 6}},     {"seven", {'0', 7}},
    {"eight", {'0', 8}},    {"nine", {'0', 9}},    {"ten", {'0', 10}},    {"eleven", {'0', 11}},
    {"twelve", {'0', 12}},  {"twenty", kBeyond},   {"thirty", kBeyond},   {"forty", kBeyond},
    {"fifty", kBeyond},     {"sixty", kBeyond},    {"seventy", kBeyond},  {"eighty", kBeyond},
    {"ninety", kBeyond},    {"hundred", kBeyond},  {"thousand", kBeyond}, {"million", kBeyond},
    {"thirteen", kBeyond},  {"fourteen", kBeyond}, {"fifteen", kBeyond},  {"sixteen", kBeyond},
    {"seventeen", kBeyond}, {"eighteen", kBeyond}, {"nineteen", kBeyond}, {"half", kBeyond},
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::optional<Token> Next() {
    while (IsSpace(At(at_)) && at_ < text_.size()) ++at_;
    if (at_ >= text_.size()) return std::nullopt;
    const char c = text_[at_];
    if (IsDigit(c)) return Number();
    if (Skip(kTimesSign)) return Token{'*', 0};
    if (Skip(kDivisionSign)) return Token{'/', 0};
    if (IsLetter(c)) return WordToken();
    ++at_;
    if (kOperators.find(c) != std::string_view::npos) return Token{c, 0};
    if (c == '^' || c == '%') return kBeyond;
    if (c != '.' || !IsDigit(At(at_))) return Token{};
    (void)Number();
    return kBeyond;
  }

 private:
  char At(std::size_t i) const { return i < text_.size() ? text_[i] : ' '; }

  bool Skip(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  // "1.5", "1,000", "10:30" and "2nd" are not whole numbers.
  Token Number() {
    const std::size_t begin = at_;
    while (IsDigit(At(at_))) ++at_;
    const auto value = ParseInt(text_.substr(begin, at_ - begin));
    const char next = At(at_);
    const bool times = (next == 'x' || next == 'X') && IsDigit(At(at_ + 1));
    const bool ends = !MarkBeforeDigit() && (!IsLetter(next) || times || NextIsSign());
    if (value && ends) return {'0', *value};
    while (IsDigit(At(at_)) || IsLetter(At(at_)) || MarkBeforeDigit()) ++at_;
    return kBeyond;
  }

  bool MarkBeforeDigit() const {
    return std::string_view(".,:").find(At(at_)) != std::string_view::npos && IsDigit(At(at_ + 1));
  }

  bool NextIsSign() const {
    const std::string_view next = text_.substr(at_, 2);
    return next == kTimesSign || next == kDivisionSign;
  }

  Token WordToken() {
    const std::size_t begin = at_;
    // "3x4": the letter alone, so that the digits after it stay a number.
    const bool after_number = begin > 0 && IsDigit(At(begin - 1));
    ++at_;
    if (!after_number)
      while (IsLetter(At(at_)) || IsDigit(At(at_)) || At(at_) == '_') ++at_;
    const std::string word = AsciiLower(text_.substr(begin, at_ - begin));
    if (word == "divided" || word == "multiplied") {
      const std::size_t after = at_;
      while (At(at_) == ' ') ++at_;
      if (AsciiLower(text_.substr(at_, 2)) == "by" && !IsLetter(At(at_ + 2))) {
        at_ += 2;
        return {word == "divided" ? '/' : '*', 0};
      }
      at_ = after;
      return {};
    }
    for (const Word& known : kWords)
      if (known.text == word) return known.token;
    const bool one_letter = word.size() == 1;
    return one_letter ? kBeyond : Token{};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// A fraction in lowest terms with a positive denominator.
struct Fraction {
  std::int64_t over = 0;
  std::int64_t under = 1;
};

enum class Fault { kNone, kNotAnExpression, kTooLarge, kDivisionByZero };

class Evaluator {
 public:
  explicit Evaluator(const std::vector<Token>& tokens) : tokens_(tokens) {}

  std::optional<Fraction> Whole() {
    const auto value = Sum(0);
    if (value && at_ != tokens_.size()) return Fail(Fault::kNotAnExpression);
    return value;
  }
  Fault fault() const { return fault_; }
  bool has_operator() const { return has_operator_; }

 private:
  using Value = std::optional<Fraction>;

  std::nullopt_t Fail(Fault fault) {
    // A sentence that is no expression is not "too large" for anyone.
    if (fault_ == Fault::kNone || fault == Fault::kNotAnExpression) fault_ = fault;
    return std::nullopt;
  }
  char Peek() const { return at_ < tokens_.size() ? tokens_[at_].kind : ' '; }

  Value Sum(int depth) {
    Value left = Product(depth);
    while (left && (Peek() == '+' || Peek() == '-')) {
      const bool minus = tokens_[at_++].kind == '-';
      has_operator_ = true;
      Value right = Product(depth);
      if (!right) return std::nullopt;
      if (minus && __builtin_mul_overflow(right->over, -1, &right->over))
        return Fail(Fault::kTooLarge);
      left = Add(*left, *right);
    }
    return left;
  }

  Value Product(int depth) {
    Value left = Atom(depth);
    while (left && (Peek() == '*' || Peek() == '/')) {
      const bool divide = tokens_[at_++].kind == '/';
      has_operator_ = true;
      Value right = Atom(depth);
      if (!right) return std::nullopt;
      left = divide ? Divide(*left, *right) : Multiply(*left, *right);
    }
    return left;
  }

  Value Atom(int depth) {
    if (depth > kMaxDepth) return Fail(Fault::kNotAnExpression);
    if (Peek() == '-' || Peek() == '+') {
      const bool minus = tokens_[at_++].kind == '-';
      Value value = Atom(depth + 1);
      if (value && minus && __builtin_mul_overflow(value->over, -1, &value->over))
        return Fail(Fault::kTooLarge);
      return value;
    }
    if (Peek() == '0') return Fraction{tokens_[at_++].value, 1};
    if (Peek() != '(') return Fail(Fault::kNotAnExpression);
    ++at_;
    Value inner = Sum(depth + 1);
    if (!inner) return std::nullopt;
    if (Peek() != ')') return Fail(Fault::kNotAnExpression);
    ++at_;
    return inner;
  }

  Value Reduced(std::int64_t over, std::int64_t under) {
    if (over == INT64_MIN || under == INT64_MIN) return Fail(Fault::kTooLarge);
    const std::int64_t divisor = std::gcd(over, under);
    const std::int64_t sign = under < 0 ? -1 : 1;
    return Fraction{sign * (over / divisor), sign * (under / divisor)};
  }
  Value Add(Fraction a, Fraction b) {
    std::int64_t left = 0;
    std::int64_t right = 0;
    std::int64_t over = 0;
    std::int64_t under = 0;
    if (__builtin_mul_overflow(a.over, b.under, &left) ||
        __builtin_mul_overflow(b.over, a.under, &right) ||
        __builtin_add_overflow(left, right, &over) ||
        __builtin_mul_overflow(a.under, b.under, &under))
      return Fail(Fault::kTooLarge);
    return Reduced(over, under);
  }
  Value Multiply(Fraction a, Fraction b) {
    std::int64_t over = 0;
    std::int64_t under = 0;
    if (__builtin_mul_overflow(a.over, b.over, &over) ||
        __builtin_mul_overflow(a.under, b.under, &under))
      return Fail(Fault::kTooLarge);
    return Reduced(over, under);
  }
  Value Divide(Fraction a, Fraction b) {
    if (b.over == 0) return Fail(Fault::kDivisionByZero);
    return Multiply(a, Fraction{b.under, b.over});
  }

  const std::vector<Token>& tokens_;
  std::size_t at_ = 0;
  Fault fault_ = Fault::kNone;
  bool has_operator_ = false;
};

// Long division, so that no digit passes through a floating-point number. `exact` is false when
// digits remain beyond the last one shown. Needs 10 * under to stay in 64 bits.
std::string DecimalText(Fraction value, bool& exact) {
  const bool negative = value.over < 0;
  const auto over = static_cast<std::uint64_t>(negative ? -value.over : value.over);
  const auto under = static_cast<std::uint64_t>(value.under);
  const std::string whole = std::to_string(over / under);
  std::uint64_t rest = over % under;
  std::string decimals;
  while (rest != 0 && decimals.size() < kMaxDecimals) {
    rest *= 10;
    decimals.push_back(static_cast<char>('0' + rest / under));
    rest %= under;
  }
  exact = rest == 0;
  std::string text = (negative ? "-" : "") + whole;
  if (!decimals.empty()) text += "." + decimals;
  return text;
}

std::string ExpressionText(const std::vector<Token>& tokens) {
  std::string text;
  bool after_value = false;
  for (const Token& token : tokens) {
    const bool binary = after_value && token.kind != ')' && token.kind != '(';
    if (binary) text += ' ';
    text += token.kind == '0' ? std::to_string(token.value) : std::string(1, token.kind);
    if (binary) text += ' ';
    after_value = token.kind == '0' || token.kind == ')';
  }
  return text;
}

std::optional<std::string> AnswerOf(const std::vector<Token>& tokens) {
  Evaluator evaluator(tokens);
  const auto value = evaluator.Whole();
  if (!evaluator.has_operator()) return std::nullopt;
  const bool too_fine = value && value->under > INT64_MAX / 10;
  if (evaluator.fault() == Fault::kTooLarge || too_fine)
    return "That is too large a number for me to work out exactly.";
  if (evaluator.fault() == Fault::kDivisionByZero) return "Nothing can be divided by zero.";
  if (!value) return std::nullopt;
  bool exact = true;
  const std::string result = DecimalText(*value, exact);
  return ExpressionText(tokens) + " = " + result + (exact ? "" : "...");
}

}  // namespace

std::optional<std::string> AnswerArithmetic(std::string_view text) {
  Lexer lexer(text);
  std::vector<Token> run;
  for (auto token = lexer.Next();; token = lexer.Next()) {
    if (token && token->kind != ' ') {
      if (run.size() <= kMaxTokens) run.push_back(*token);
      continue;
    }
    const bool fits = run.size() >= 3 && run.size() <= kMaxTokens && run.front().kind != '+';
    if (fits)
      if (auto answer = AnswerOf(run)) return answer;
    if (!token) return std::nullopt;
    run.clear();
  }
}

}  // namespace mg::fake
