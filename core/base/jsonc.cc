#include "core/base/jsonc.h"

#include <cmath>
#include <cstdlib>
#include <optional>
#include <unordered_map>

#include "core/base/bytes.h"

namespace mg {
namespace {

constexpr int kMaxDepth = 64;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::string Written(TextPosition at) {
  return std::to_string(at.line) + ":" + std::to_string(at.column);
}

void AppendUtf8(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  const auto tail = [&](int shift) { byte(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    byte(0xf0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

// Recursive descent; every method leaves `at_` on what stopped it.
class Parser {
 public:
  Parser(std::string_view text, std::string_view file_name) : text_(text), file_name_(file_name) {}

  Result<JsoncNode> Document() {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.substr(0, kByteOrderMark.size()) == kByteOrderMark) offset_ = kByteOrderMark.size();
    MG_RETURN_IF_ERROR(SkipBlank());
    MG_TRY(root, Value());
    MG_RETURN_IF_ERROR(SkipBlank());
    if (!AtEnd()) return Fail(at_, "nothing may follow the document, but " + Here() + " does");
    return std::move(root);
  }

 private:
  bool AtEnd() const { return offset_ >= text_.size(); }
  char Peek(std::size_t ahead = 0) const {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
  }

  char Take() {
    const char c = text_[offset_++];
    if (c == '\n') {
      ++at_.line;
      at_.column = 1;
    } else {
      ++at_.column;
    }
    return c;
  }

  void Take(std::size_t count) {
    while (count-- > 0) Take();
  }

  bool TakeIf(char c) {
    if (AtEnd() || Peek() != c) return false;
    Take();
    return true;
  }

  Error Fail(TextPosition at, std::string_view what) const {
    return Error{Code::kInvalid, file_name_ + ":" + Written(at) + ": " + std::string(what), false};
  }

  // What stands at the cursor, for an error.
  std::string Here() const {
    if (AtEnd()) return "the end of the file";
    const char c = Peek();
    if (c > ' ' && c < 0x7f) return "'" + std::string(1, c) + "'";
    return "byte 0x" + HexEncode(std::string_view(&text_[offset_], 1));
  }

  Status SkipBlank() {
    while (!AtEnd()) {
      const char c = Peek();
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        Take();
      } else if (c == '/') {
        MG_RETURN_IF_ERROR(SkipComment());
      } else {
        break;
      }
    }
    return Ok();
  }

  Status SkipComment() {
    const TextPosition start = at_;
    if (Peek(1) == '/') {
      while (!AtEnd() && Peek() != '\n') Take();
      return Ok();
    }
    if (Peek(1) != '*') return Fail(start, "'/' starts a comment only as // or /*");
    Take(2);
    while (!AtEnd() && !(Peek() == '*' && Peek(1) == '/')) Take();
    if (AtEnd()) return Fail(start, "this comment is not closed with */");
    Take(2);
    return Ok();
  }

  Result<JsoncNode> Value() {
    const char c = Peek();
    if (!AtEnd() && (c == '{' || c == '[')) return Container();
    if (!AtEnd() && c == '"') return StringValue();
    if (c == '-' || IsDigit(c)) return Number();
    return Word();
  }

  Result<JsoncNode> Container() {
    if (depth_ == kMaxDepth) {
      return Fail(at_, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    ++depth_;
    auto container = Peek() == '{' ? Object() : Array();
    --depth_;
    return container;
  }

  // After a value: true when the container goes on, false when `close` ended it.
  Result<bool> NextItem(TextPosition start, char close) {
    MG_RETURN_IF_ERROR(SkipBlank());
    const bool comma = TakeIf(',');
    MG_RETURN_IF_ERROR(SkipBlank());
    if (TakeIf(close)) return false;
    if (AtEnd()) return Fail(start, std::string("this is not closed with '") + close + "'");
    if (!comma) return Fail(at_, std::string("expected ',' or '") + close + "', found " + Here());
    return true;
  }

  Result<JsoncNode> Array() {
    JsoncNode node;
    node.kind = JsoncNode::Kind::kArray;
    node.at = at_;
    Take();
    MG_RETURN_IF_ERROR(SkipBlank());
    if (TakeIf(']')) return node;
    for (bool more = true; more;) {
      MG_TRY(item, Value());
      node.items.push_back(std::move(item));
      MG_TRY(next, NextItem(node.at, ']'));
      more = next;
    }
    return node;
  }

  Result<JsoncNode> Object() {
    JsoncNode node;
    node.kind = JsoncNode::Kind::kObject;
    node.at = at_;
    Take();
    MG_RETURN_IF_ERROR(SkipBlank());
    if (TakeIf('}')) return node;
    std::unordered_map<std::string, TextPosition> seen;
    for (bool more = true; more;) {
      MG_TRY(member, Member());
      const auto [earlier, is_new] = seen.emplace(member.key, member.at);
      if (!is_new) {
        return Fail(member.at,
                    "\"" + member.key + "\" is given twice; first at " + Written(earlier->second));
      }
      node.members.push_back(std::move(member));
      MG_TRY(next, NextItem(node.at, '}'));
      more = next;
    }
    return node;
  }

  Result<JsoncNode::Member> Member() {
    JsoncNode::Member member;
    member.at = at_;
    if (AtEnd() || Peek() != '"') {
      return Fail(at_, "expected a key in double quotes, found " + Here());
    }
    MG_TRY(key, String());
    member.key = std::move(key);
    MG_RETURN_IF_ERROR(SkipBlank());
    if (!TakeIf(':')) {
      return Fail(at_, "expected ':' after \"" + member.key + "\", found " + Here());
    }
    MG_RETURN_IF_ERROR(SkipBlank());
    MG_TRY(value, Value());
    member.value = std::move(value);
    return member;
  }

  Result<JsoncNode> StringValue() {
    JsoncNode node;
    node.kind = JsoncNode::Kind::kString;
    node.at = at_;
    MG_TRY(text, String());
    node.text = std::move(text);
    return node;
  }

  Result<std::string> String() {
    const TextPosition start = at_;
    Take();
    std::string out;
    while (!AtEnd() && Peek() != '"') {
      const TextPosition here = at_;
      const char c = Peek();
      if (c == '\n') break;
      if (static_cast<unsigned char>(c) < 0x20) {
        return Fail(here, "a control character in a string must be written as \\u00xx");
      }
      if (c == '\\') {
        MG_RETURN_IF_ERROR(Escape(out));
      } else {
        out += Take();
      }
    }
    if (AtEnd() || Peek() != '"') return Fail(start, "this string is not closed with '\"'");
    Take();
    if (!IsValidUtf8(out)) return Fail(start, "this string is not valid UTF-8");
    return out;
  }

  Status Escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const TextPosition start = at_;
    Take();
    if (AtEnd()) return Fail(start, "an escape is cut off by the end of the file");
    if (Peek() == 'u') return UnicodeEscape(start, out);
    const std::size_t which = kNames.find(Peek());
    if (which == std::string_view::npos) {
      return Fail(start, "no such escape: a backslash before " + Here());
    }
    Take();
    out += kMeanings[which];
    return Ok();
  }

  Status UnicodeEscape(TextPosition start, std::string& out) {
    const auto first = CodeUnit();
    if (!first) return Fail(start, "\\u needs four hex digits");
    std::uint32_t code = *first;
    if (code >= 0xd800 && code <= 0xdbff) {
      std::optional<std::uint32_t> second;
      if (TakeIf('\\')) second = CodeUnit();
      if (!second || *second < 0xdc00 || *second > 0xdfff) {
        return Fail(start, "the first half of a surrogate pair needs its second half");
      }
      code = 0x10000 + ((code - 0xd800) << 10) + (*second - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
      return Fail(start, "the second half of a surrogate pair stands alone");
    }
    AppendUtf8(out, code);
    return Ok();
  }

  // "uXXXX" at the cursor.
  std::optional<std::uint32_t> CodeUnit() {
    if (AtEnd() || Peek() != 'u') return std::nullopt;
    Take();
    const auto bytes = HexDecode(text_.substr(offset_, 4));
    if (!bytes || bytes->size() != 2) return std::nullopt;
    Take(4);
    const auto high = static_cast<unsigned char>((*bytes)[0]);
    const auto low = static_cast<unsigned char>((*bytes)[1]);
    return static_cast<std::uint32_t>(high) << 8 | low;
  }

  std::size_t DigitsFrom(std::size_t from) const {
    std::size_t count = 0;
    while (IsDigit(Peek(from + count))) ++count;
    return count;
  }

  Result<JsoncNode> Number() {
    JsoncNode node;
    node.kind = JsoncNode::Kind::kNumber;
    node.at = at_;
    const Error malformed = Fail(at_, "a number is digits, as in 60, -1 or 2.5e3");
    std::size_t length = Peek() == '-' ? 1 : 0;
    const std::size_t whole = DigitsFrom(length);
    if (whole == 0 || (whole > 1 && Peek(length) == '0')) return malformed;
    length += whole;
    if (Peek(length) == '.') {
      const std::size_t fraction = DigitsFrom(length + 1);
      if (fraction == 0) return malformed;
      length += 1 + fraction;
    }
    if (Peek(length) == 'e' || Peek(length) == 'E') {
      const bool has_sign = Peek(length + 1) == '+' || Peek(length + 1) == '-';
      const std::size_t lead = has_sign ? 2 : 1;
      const std::size_t exponent = DigitsFrom(length + lead);
      if (exponent == 0) return malformed;
      length += lead + exponent;
    }
    node.text = std::string(text_.substr(offset_, length));
    node.number = std::strtod(node.text.c_str(), nullptr);
    if (!std::isfinite(node.number)) return Fail(at_, "this number is too large");
    Take(length);
    return node;
  }

  Result<JsoncNode> Word() {
    JsoncNode node;
    node.at = at_;
    std::size_t length = 0;
    while (Peek(length) >= 'a' && Peek(length) <= 'z') ++length;
    const std::string_view word = text_.substr(offset_, length);
    if (word == "true" || word == "false") {
      node.kind = JsoncNode::Kind::kBool;
      node.boolean = word == "true";
    } else if (word != "null") {
      constexpr std::size_t kShown = 32;
      return Fail(at_,
                  "expected a value, found " +
                      (word.empty() ? Here() : "'" + std::string(word.substr(0, kShown)) + "'"));
    }
    Take(length);
    return node;
  }

  std::string_view text_;
  std::string file_name_;
  std::size_t offset_ = 0;
  TextPosition at_;
  int depth_ = 0;
};

}  // namespace

const JsoncNode* JsoncNode::Find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Result<JsoncNode> ParseJsonc(std::string_view text, std::string_view file_name) {
  return Parser(text, file_name).Document();
}

}  // namespace mg
