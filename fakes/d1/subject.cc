#include "fakes/d1/subject.h"

#include <algorithm>
#include <cstddef>

#include "core/base/bytes.h"

namespace mg::fake::d1 {
namespace {

constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxSubjectBytes = 240;

struct Token {
  enum class Kind { kWord, kName, kValue, kMark, kEnd } kind = Kind::kEnd;
  std::string text;  // of words (lower case), names and marks; never of values

  bool Is(std::string_view word) const { return kind == Kind::kWord && text == word; }
  bool IsMark(char mark) const { return kind == Kind::kMark && text[0] == mark; }
  bool IsName() const { return kind == Kind::kWord || kind == Kind::kName; }
};

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// What could be no name, or break a line of the journal, becomes '?'.
std::string CleanName(std::string_view name) {
  std::string clean = AsciiLower(name.substr(0, kMaxNameBytes));
  for (char& c : clean) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == ';' || c == '*') c = '?';
  }
  return clean;
}

class Tokens {
 public:
  explicit Tokens(std::string_view sql) : left_(sql) {}

  Token Next() {
    SkipSpace();
    if (left_.empty()) return {};
    const char c = left_.front();
    if (c == '\'') return Quoted('\'', Token::Kind::kValue);
    if (c == '"' || c == '`') return Quoted(c, Token::Kind::kName);
    if (c == '[') return Quoted(']', Token::Kind::kName);
    if (!IsWordByte(c)) return {Token::Kind::kMark, std::string(Take(1))};
    std::size_t length = 1;
    while (length < left_.size() && IsWordByte(left_[length])) ++length;
    if (IsDigit(c)) return Take(length), Token{Token::Kind::kValue, ""};
    return {Token::Kind::kWord, CleanName(Take(length))};
  }

 private:
  std::string_view Take(std::size_t length) {
    const std::string_view taken = left_.substr(0, length);
    left_.remove_prefix(taken.size());
    return taken;
  }

  // Up to `end` and past it, or to the end of the text: where a comment that is never closed goes.
  void SkipPast(std::string_view end, std::size_t from) {
    const std::size_t at = left_.find(end, from);
    Take(at == std::string_view::npos ? left_.size() : at + end.size());
  }

  void SkipSpace() {
    while (!left_.empty()) {
      if (left_.substr(0, 2) == "--") {
        SkipPast("\n", 2);
      } else if (left_.substr(0, 2) == "/*") {
        SkipPast("*/", 2);
      } else if (static_cast<unsigned char>(left_.front()) <= 0x20) {
        Take(1);
      } else {
        return;
      }
    }
  }

  // A doubled quote stands for itself.
  Token Quoted(char end, Token::Kind kind) {
    std::string text;
    Take(1);
    while (!left_.empty()) {
      const char c = Take(1).front();
      if (c == end && left_.substr(0, 1) != std::string_view(&end, 1)) break;
      if (c == end) Take(1);
      text += c;
    }
    return {kind, kind == Token::Kind::kName ? CleanName(text) : std::string()};
  }

  std::string_view left_;
};

constexpr std::string_view kPlain[] = {  // what these act on is of no interest
    "analyze", "attach",  "begin",    "commit",    "detach", "end",   "explain",
    "reindex", "release", "rollback", "savepoint", "vacuum", "values"};

// The statements of one text, one after the other.
class Reader {
 public:
  explicit Reader(std::string_view sql) : tokens_(sql) { Step(); }

  // "" at the end.
  std::string Statement() {
    while (token_.IsMark(';')) Step();
    if (token_.kind == Token::Kind::kEnd) return "";
    depth_ = 0;
    if (token_.Is("with")) SkipToVerb();
    if (AtEnd()) return "other";
    const std::string verb = token_.kind == Token::Kind::kWord ? token_.text : "";
    Step();
    std::string subject = Subject(verb);
    while (!AtEnd()) Step();
    return subject;
  }

 private:
  bool AtEnd() const { return token_.kind == Token::Kind::kEnd || token_.IsMark(';'); }

  void Step() {
    if (token_.IsMark('(')) ++depth_;
    if (token_.IsMark(')')) --depth_;
    token_ = tokens_.Next();
  }

  // Common table expressions stand in brackets; what follows them says what is done.
  void SkipToVerb() {
    const auto is_verb = [this] {
      return token_.Is("select") || token_.Is("insert") || token_.Is("replace") ||
             token_.Is("update") || token_.Is("delete") || token_.Is("values");
    };
    while (!AtEnd() && (depth_ != 0 || !is_verb())) Step();
  }

  std::string Subject(const std::string& verb) {
    if (verb == "select") return WithName(verb, FromTable());
    if (verb == "insert" || verb == "replace") return SkipTo("into"), WithName(verb, Name());
    if (verb == "delete") return SkipTo("from"), WithName(verb, Name());
    if (verb == "update") return SkipConflictClause(), WithName(verb, Name());
    if (verb == "pragma") return WithName(verb, Name());
    if (verb == "create" || verb == "drop" || verb == "alter") return Definition(verb);
    const bool plain = std::find(std::begin(kPlain), std::end(kPlain), verb) != std::end(kPlain);
    return plain ? verb : "other";
  }

  static std::string WithName(const std::string& verb, const std::string& name) {
    return name.empty() ? verb : verb + " " + name;
  }

  void SkipTo(std::string_view word) {
    while (!AtEnd() && !token_.Is(word)) Step();
    if (!AtEnd()) Step();
  }

  void SkipConflictClause() {  // OR IGNORE
    if (!token_.Is("or")) return;
    Step();
    if (!AtEnd()) Step();
  }

  // Of "main.usage" the last part; "" when no name stands here.
  std::string Name() {
    if (!token_.IsName()) return "";
    std::string name = token_.text;
    Step();
    while (token_.IsMark('.')) {
      Step();
      if (!token_.IsName()) break;
      name = token_.text;
      Step();
    }
    return name;
  }

  // The first table outside brackets, else the first within.
  std::string FromTable() {
    std::string inner;
    bool distinct = false;  // of IS DISTINCT FROM, whose right side is a value
    while (!AtEnd()) {
      const bool from = token_.Is("from") && !distinct;
      distinct = token_.Is("distinct");
      Step();
      if (!from) continue;
      const int depth = depth_;
      const std::string name = token_.Is("select") ? "" : Name();
      if (depth == 0 && !name.empty()) return name;
      if (inner.empty()) inner = name;
    }
    return inner;
  }

  // CREATE [TEMP] [UNIQUE] kind [IF NOT EXISTS] name; DROP and ALTER alike.
  std::string Definition(const std::string& verb) {
    while (token_.Is("temp") || token_.Is("temporary") || token_.Is("unique") ||
           token_.Is("virtual")) {
      Step();
    }
    const bool known =
        token_.Is("table") || token_.Is("index") || token_.Is("view") || token_.Is("trigger");
    if (!known) return verb;
    const std::string kind = token_.text;
    Step();
    while (token_.Is("if") || token_.Is("not") || token_.Is("exists")) Step();
    std::string subject = WithName(verb + " " + kind, Name());
    if (verb == "create" && kind == "trigger") SkipTriggerBody();
    return subject;
  }

  // It ends with "; END" and holds statements of its own.
  void SkipTriggerBody() {
    while (token_.kind != Token::Kind::kEnd && !token_.Is("begin")) Step();
    bool after_semicolon = false;
    while (token_.kind != Token::Kind::kEnd && !(after_semicolon && token_.Is("end"))) {
      after_semicolon = token_.IsMark(';');
      Step();
    }
    if (token_.kind != Token::Kind::kEnd) Step();
  }

  Tokens tokens_;
  Token token_;
  int depth_ = 0;
};

}  // namespace

std::string SubjectOf(const std::vector<std::string_view>& sqls) {
  std::string subject;
  std::string last;
  for (const std::string_view sql : sqls) {
    Reader reader(sql);
    for (std::string one = reader.Statement(); !one.empty(); one = reader.Statement()) {
      if (one == last) continue;
      const std::string separator = subject.empty() ? "" : "; ";
      if (subject.size() + separator.size() + one.size() > kMaxSubjectBytes) {
        return subject + separator + "...";
      }
      subject += separator + one;
      last = one;
    }
  }
  return subject;
}

}  // namespace mg::fake::d1
