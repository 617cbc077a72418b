#include "fakes/r2/xml_reader.h"

#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"

namespace mg::fake {
namespace {

constexpr std::size_t kMaxDepth = 8;  // S3's deepest has five
constexpr std::size_t kMaxNodes = 64 * 1024;
constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxReference = 10;  // "&#x10ffff;"
constexpr std::string_view kSpace = " \t\r\n";

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool IsName(char c) {
  return IsNameStart(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

bool IsXmlCharacter(std::uint64_t c) {
  if (c == 0) return false;  // other control characters are in keys
  return c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
}

std::string Utf8(std::uint64_t c) {
  const auto byte = [](std::uint64_t b) { return static_cast<char>(b); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xc0 | c >> 6), byte(0x80 | (c & 0x3f))};
  if (c < 0x10000)
    return {byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 0x3f)), byte(0x80 | (c & 0x3f))};
  return {byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 0x3f)), byte(0x80 | (c >> 6 & 0x3f)),
          byte(0x80 | (c & 0x3f))};
}

std::optional<std::uint64_t> HexNumber(std::string_view text) {
  if (text.empty() || text.size() > 6) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    const char lower = static_cast<char>(c | 0x20);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(lower >= 'a' && lower <= 'f')) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(digit ? c - '0' : lower - 'a' + 10);
  }
  return value;
}

// What stands between '&' and ';'.
std::optional<std::string> Referred(std::string_view name) {
  if (name == "amp") return "&";
  if (name == "lt") return "<";
  if (name == "gt") return ">";
  if (name == "quot") return "\"";
  if (name == "apos") return "'";
  if (name.size() < 2 || name.front() != '#') return std::nullopt;
  name.remove_prefix(1);
  const auto number = name.front() == 'x' ? HexNumber(name.substr(1)) : ParseUint(name);
  if (!number || !IsXmlCharacter(*number)) return std::nullopt;
  return Utf8(*number);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<XmlNode> Document() {
    Take("\xef\xbb\xbf");
    if (rest_.substr(0, 5) == "<?xml" && !SkipThrough("?>")) return std::nullopt;
    if (!SkipBetween()) return std::nullopt;
    XmlNode root;
    if (!Element(root, 0) || !SkipBetween() || !rest_.empty()) return std::nullopt;
    return root;
  }

 private:
  bool Take(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  bool SkipThrough(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) return false;
    rest_.remove_prefix(at + end.size());
    return true;
  }

  void SkipSpace() {
    const std::size_t at = rest_.find_first_not_of(kSpace);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at);
  }

  bool SkipBetween() {  // space and comments
    for (SkipSpace(); Take("<!--"); SkipSpace())
      if (!SkipThrough("-->")) return false;
    return true;
  }

  bool Name(std::string& out) {
    std::size_t size = 0;
    if (rest_.empty() || !IsNameStart(rest_.front())) return false;
    while (size < rest_.size() && IsName(rest_[size])) ++size;
    if (size > kMaxNameBytes) return false;
    out = std::string(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return true;
  }

  bool Attributes() {
    std::string name;
    while (true) {
      const bool spaced = !rest_.empty() && kSpace.find(rest_.front()) != std::string_view::npos;
      SkipSpace();
      if (rest_.empty()) return false;
      if (rest_.front() == '>' || rest_.front() == '/') return true;
      if (!spaced || !Name(name)) return false;
      SkipSpace();
      if (!Take("=")) return false;
      SkipSpace();
      if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
      const char quote = rest_.front();
      rest_.remove_prefix(1);
      const std::size_t end = rest_.find(quote);
      if (end == std::string_view::npos || rest_.find('<') < end) return false;
      rest_.remove_prefix(end + 1);
    }
  }

  bool Element(XmlNode& node, std::size_t depth) {
    if (depth >= kMaxDepth || ++nodes_ > kMaxNodes) return false;
    if (!Take("<") || !Name(node.name) || !Attributes()) return false;
    if (Take("/>")) return true;
    if (!Take(">") || !Content(node, depth)) return false;
    if (!Take(node.name)) return false;
    SkipSpace();
    return Take(">");
  }

  // Up to and with "</".
  bool Content(XmlNode& node, std::size_t depth) {
    while (!rest_.empty()) {
      if (Take("</")) return Settle(node);
      if (Take("<!--")) {
        if (!SkipThrough("-->")) return false;
      } else if (Take("<![CDATA[")) {
        const std::size_t end = rest_.find("]]>");
        if (end == std::string_view::npos) return false;
        node.text.append(rest_.substr(0, end));
        rest_.remove_prefix(end + 3);
      } else if (rest_.front() == '<') {
        if (!Element(node.children.emplace_back(), depth + 1)) return false;
      } else if (!Characters(node.text)) {
        return false;
      }
    }
    return false;
  }

  // Text beside elements is no document of S3's; a NUL is no character, however it is written.
  static bool Settle(XmlNode& node) {
    if (node.children.empty())
      return IsValidUtf8(node.text) && node.text.find('\0') == std::string::npos;
    if (node.text.find_first_not_of(kSpace) != std::string::npos) return false;
    node.text.clear();
    return true;
  }

  bool Characters(std::string& out) {
    const std::size_t end = rest_.find_first_of("<&");
    const std::string_view plain = rest_.substr(0, end);
    out.append(plain);
    rest_.remove_prefix(plain.size());
    if (rest_.empty() || rest_.front() == '<') return true;
    const std::size_t semicolon = rest_.substr(0, kMaxReference).find(';');
    if (semicolon == std::string_view::npos) return false;
    const auto referred = Referred(rest_.substr(1, semicolon - 1));
    if (!referred) return false;
    out += *referred;
    rest_.remove_prefix(semicolon + 1);
    return true;
  }

  std::string_view rest_;
  std::size_t nodes_ = 0;
};

}  // namespace

const XmlNode* XmlNode::Find(std::string_view child) const {
  for (const XmlNode& node : children)
    if (node.name == child) return &node;
  return nullptr;
}

std::string_view XmlNode::TextOf(std::string_view child) const {
  const XmlNode* found = Find(child);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

std::optional<XmlNode> ParseXml(std::string_view text) {
  return Reader(text).Document();
}

}  // namespace mg::fake
