#include "core/base/json.h"

#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

namespace mg {
namespace {

// "line 3, column 7" of the byte at `offset`, both from 1.
std::string PlaceOf(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  std::size_t line = 1;
  for (const char c : before) line += c == '\n' ? 1 : 0;
  const std::size_t last_break = before.rfind('\n');
  const std::size_t column =
      last_break == std::string_view::npos ? before.size() + 1 : before.size() - last_break;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

Error ErrorAt(std::string_view text, std::size_t offset, std::string_view what) {
  return Error{Code::kInvalid, "JSON: " + PlaceOf(text, offset) + ": " + std::string(what), false};
}

// Tells the SAX handler how far the lexer has read: its callbacks carry no position.
class ReadingIterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  ReadingIterator(const char* at, std::size_t* bytes_read) : at_(at), bytes_read_(bytes_read) {}
  reference operator*() const { return *at_; }
  ReadingIterator& operator++() {
    ++at_;
    ++*bytes_read_;
    return *this;
  }
  ReadingIterator operator++(int) {
    ReadingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const ReadingIterator& a, const ReadingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const ReadingIterator& a, const ReadingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  std::size_t* bytes_read_;
};

// nlohmann's sentence without its "last read", which quotes the input and so could hold a secret.
std::string ReasonOf(const nlohmann::detail::exception& exception) {
  constexpr int kNumberOverflow = 406;
  if (exception.id == kNumberOverflow) return "a number is too large";
  std::string_view what = exception.what();
  for (const std::string_view marker : {"syntax error while parsing ", "column "}) {
    const std::size_t at = what.find(marker);
    if (at == std::string_view::npos) continue;
    what.remove_prefix(at + marker.size());
    break;
  }
  return std::string(what.substr(0, what.find("; last read")));
}

// Builds the document while it enforces what nlohmann's own builder does not: depth and unique
// keys. The method names are nlohmann's SAX interface.
class Builder {
 public:
  Builder(std::string_view text, JsonRules rules) : text_(text), rules_(rules) {}

  std::size_t bytes_read = 0;

  bool null() { return Add(nullptr) != nullptr; }
  bool boolean(bool value) { return Add(value) != nullptr; }
  bool number_integer(std::int64_t value) { return Add(value) != nullptr; }
  bool number_unsigned(std::uint64_t value) { return Add(value) != nullptr; }
  bool number_float(double value, const std::string&) { return Add(value) != nullptr; }
  bool string(std::string& value) { return Add(std::move(value)) != nullptr; }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return Open(Json::object()); }
  bool start_array(std::size_t) { return Open(Json::array()); }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }

  bool key(std::string& name) {
    // An earlier member of that name is in the object already: members are added with their value.
    if (rules_.refuse_duplicate_keys && open_.back()->contains(name)) {
      return Refuse(KeyStart(), "a key is given twice in one object");
    }
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& exception) {
    // nlohmann counts the byte it stumbled over as read; at the end of the text there is none.
    return Refuse(position == 0 ? 0 : position - 1, ReasonOf(exception));
  }

  Result<Json> Take(bool accepted) {
    if (!accepted) return error_;
    return std::move(root_);
  }

 private:
  Json* Add(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    Json& member = parent[key_];
    member = std::move(value);
    return &member;
  }

  bool Open(Json container) {
    if (open_.size() >= rules_.max_depth) {
      return Refuse(bytes_read - 1,
                    "nested deeper than " + std::to_string(rules_.max_depth) + " levels");
    }
    // Stays valid: a parent gets no further member while one of its members is open.
    open_.push_back(Add(std::move(container)));
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  bool Refuse(std::size_t offset, std::string_view what) {
    error_ = ErrorAt(text_, offset, what);
    return false;
  }

  // The opening quote of the key just read. Going back, only it has an even number of backslashes
  // (none) before it.
  std::size_t KeyStart() const {
    std::size_t at = bytes_read - 1;  // the closing quote
    for (;;) {
      at = text_.rfind('"', at - 1);
      std::size_t backslashes = 0;
      while (text_[at - 1 - backslashes] == '\\') ++backslashes;
      if (backslashes % 2 == 0) return at;
    }
  }

  std::string_view text_;
  JsonRules rules_;
  Json root_;
  std::vector<Json*> open_;
  std::string key_;
  Error error_{Code::kInvalid, "JSON: refused", false};
};

}  // namespace

Result<Json> ParseJson(std::string_view text, JsonRules rules) {
  // nlohmann takes a NUL byte as the end of its input; RFC 8259 has no place for one.
  const std::size_t nul = text.find('\0');
  if (nul != std::string_view::npos) return ErrorAt(text, nul, "a NUL byte");
  // A byte order mark would be skipped; RFC 8259 8.1 forbids one, and other readers stumble on it.
  if (text.substr(0, 3) == "\xef\xbb\xbf") return ErrorAt(text, 0, "a byte order mark");
  Builder builder(text, rules);
  const ReadingIterator begin(text.data(), &builder.bytes_read);
  const ReadingIterator end(text.data() + text.size(), &builder.bytes_read);
  const bool accepted = Json::sax_parse(begin, end, &builder);
  return builder.Take(accepted);
}

std::string DumpJson(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string StringAt(const Json& object, std::string_view key, std::string_view fallback) {
  const Json* member = Find(object, key);
  if (member == nullptr || !member->is_string()) return std::string(fallback);
  return member->get_ref<const std::string&>();
}

std::int64_t IntAt(const Json& object, std::string_view key, std::int64_t fallback) {
  const Json* member = Find(object, key);
  if (member == nullptr || !member->is_number_integer()) return fallback;
  if (member->is_number_unsigned() &&
      member->get<std::uint64_t>() >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return fallback;
  }
  return member->get<std::int64_t>();
}

const Json* Find(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace mg
