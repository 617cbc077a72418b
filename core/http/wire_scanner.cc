#include "core/http/wire_scanner.h"

namespace mg::wire {
namespace {

constexpr std::size_t kVersionBytes = 8;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

// A word of 1 to `max_bytes` bytes and the space after it.
Progress Scanner::Word(CharClass wanted, std::size_t max_bytes, int status_when_long,
                       std::string_view what, std::string_view& word) {
  const char* p =
      wanted == kTokenChar ? SkipClass(wanted, at_, end_) : SkipLongClass(wanted, at_, end_);
  if (static_cast<std::size_t>(p - at_) > max_bytes) {
    return Refuse(status_when_long, std::string(what) + " is too long");
  }
  if (p == end_) return More();
  if (*p != ' ' || p == at_) return Refuse(400, "malformed " + std::string(what));
  word = TakeTo(p);
  ++at_;
  return Progress::kDone;
}

Progress Scanner::Literal(std::string_view text, std::string_view what) {
  for (char c : text) {
    if (at_ == end_) return More();
    if (*at_ != c) return Refuse(400, what);
    ++at_;
  }
  return Progress::kDone;
}

Progress Scanner::Version(bool& http_1_0) {
  constexpr std::string_view kPattern = "HTTP/d.d";
  static_assert(kPattern.size() == kVersionBytes);
  const char* start = at_;
  for (char c : kPattern) {
    if (at_ == end_) return More();
    if (c == 'd' ? !IsDigit(*at_) : *at_ != c) return Refuse(400, "malformed HTTP version");
    ++at_;
  }
  const std::string_view version(start, kVersionBytes);
  http_1_0 = version == "HTTP/1.0";
  if (!http_1_0 && version != "HTTP/1.1") return Refuse(505, "HTTP version is not 1.0 or 1.1");
  return Progress::kDone;
}

Progress Scanner::RequestLine(std::string_view& method, std::string_view& target, bool& http_1_0) {
  if (at_ != end_ && *at_ == '\r') {  // RFC 9112 2.2: some clients end a body with a stray CRLF
    if (Progress p = Literal("\r\n", "bare CR"); p != Progress::kDone) return p;
  }
  if (Progress p = Word(kTokenChar, limits_.method_bytes, 400, "method", method);
      p != Progress::kDone) {
    return p;
  }
  if (Progress p = Word(kTargetChar, limits_.target_bytes, 414, "target", target);
      p != Progress::kDone) {
    return p;
  }
  if (Progress p = Version(http_1_0); p != Progress::kDone) return p;
  return Literal("\r\n", "malformed end of the request line");
}

Progress Scanner::StatusLine(int& status, bool& http_1_0) {
  if (Progress p = Version(http_1_0); p != Progress::kDone) return p;
  if (Progress p = Literal(" ", "no space before the status"); p != Progress::kDone) return p;
  status = 0;
  for (int i = 0; i < 3; ++i) {
    if (at_ == end_) return More();
    if (!IsDigit(*at_)) return Refuse(400, "status is not three digits");
    status = status * 10 + (*at_++ - '0');
  }
  if (status < 100 || status > 599) return Refuse(400, "status is not 100 to 599");
  if (Progress p = Literal(" ", "no space after the status"); p != Progress::kDone) return p;
  at_ = SkipLongClass(kValueChar, at_, end_);
  return Literal("\r\n", "malformed end of the status line");
}

Progress Scanner::Line(std::string_view& name, std::string_view& value) {
  const char* p = SkipClass(kTokenChar, at_, end_);
  if (p == end_) return More();
  if (*p != ':' || p == at_) return Refuse(400, "malformed header name");
  name = TakeTo(p);
  ++at_;
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
  value = TakeTo(SkipLongClass(kValueChar, at_, end_));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return Literal("\r\n", "malformed header value or line end");
}

}  // namespace mg::wire
