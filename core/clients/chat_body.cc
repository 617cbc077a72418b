#include "core/clients/chat_body.h"

#include <cstddef>

#include "core/base/json.h"

namespace mg {
namespace {

constexpr std::size_t kMaxDepth = 64;

// Walks over JSON text. Each step is nullopt, or false, when the text is not what it must be there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  bool Take(char expected) {
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }
  bool AtEnd() const { return at_ >= text_.size(); }

  // With its quotes.
  std::optional<std::string_view> TakeString() {
    const std::size_t begin = at_;
    if (!Take('"')) return std::nullopt;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return text_.substr(begin, at_ - begin);
      if (c == '\\') ++at_;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> TakeValue() {
    if (AtEnd()) return std::nullopt;
    const std::size_t begin = at_;
    const char c = text_[at_];
    const bool good = c == '"'               ? TakeString().has_value()
                      : c == '{' || c == '[' ? SkipNested()
                                             : SkipScalar();
    if (!good) return std::nullopt;
    return text_.substr(begin, at_ - begin);
  }

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  bool SkipScalar() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !IsSpace(text_[at_]) &&
           std::string_view(",:{}[]\"").find(text_[at_]) == std::string_view::npos)
      ++at_;
    return at_ > begin;
  }

  // The closers are remembered by kind: a text like [}] must not pass for balanced.
  bool SkipNested() {
    std::string closers;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        if (!TakeString()) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') {
        if (closers.size() == kMaxDepth) return false;
        closers.push_back(c == '{' ? '}' : ']');
      } else if (c == '}' || c == ']') {
        if (closers.back() != c) return false;
        closers.pop_back();
        if (closers.empty()) return true;
      }
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string KeyText(std::string_view quoted) {
  if (quoted.find('\\') == std::string_view::npos)
    return std::string(quoted.substr(1, quoted.size() - 2));
  auto parsed = ParseJson(quoted);
  return parsed && parsed->is_string() ? parsed->get<std::string>() : std::string(quoted);
}

bool TakeMember(Cursor& cursor, ChatBody& body) {
  cursor.SkipSpace();
  const auto key = cursor.TakeString();
  if (!key) return false;
  cursor.SkipSpace();
  if (!cursor.Take(':')) return false;
  cursor.SkipSpace();
  const auto value = cursor.TakeValue();
  if (!value) return false;
  cursor.SkipSpace();

  const std::string name = KeyText(*key);
  if (name == "model") {
    body.model_json = std::string(*value);
  } else if (name == "stream") {
    body.stream = *value == "true";
  } else {
    if (!body.rest.empty()) body.rest += ',';
    body.rest.append(*key).append(":").append(*value);
  }
  return true;
}

Error NotAnObject() {
  return Error{Code::kInvalid, "the chat body is not a JSON object"};
}

}  // namespace

Result<ChatBody> ReadChatBody(std::string_view json) {
  Cursor cursor(json);
  ChatBody body;
  body.rest.reserve(json.size());
  cursor.SkipSpace();
  if (!cursor.Take('{')) return NotAnObject();
  cursor.SkipSpace();
  if (!cursor.Take('}')) {
    do {
      if (!TakeMember(cursor, body)) return NotAnObject();
    } while (cursor.Take(','));
    if (!cursor.Take('}')) return NotAnObject();
  }
  cursor.SkipSpace();
  if (!cursor.AtEnd()) return NotAnObject();
  return body;
}

std::string WithModel(const ChatBody& body, std::string_view model) {
  std::string out = R"({"model":)" + DumpJson(Json(model));
  if (body.stream) out += R"(,"stream":true)";
  if (!body.rest.empty()) out.append(",").append(body.rest);
  out += '}';
  return out;
}

}  // namespace mg
