// The syntax of heads, checked strictly from left to right, also while a head is incomplete: the
// verdict never depends on how the bytes were split, and a wrong byte is refused when it arrives.
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/http/wire.h"
#include "core/http/wire_chars.h"

namespace mg::wire {

// One left-to-right pass. Each step moves past what it read and returns kDone, or ends the pass.
class Scanner {
 public:
  Scanner(std::string_view input, const Limits& limits, Refused& refused)
      : at_(input.data()),
        begin_(input.data()),
        end_(input.data() + std::min(input.size(), limits.head_bytes)),
        limits_(limits),
        refused_(refused) {}

  Progress RequestLine(std::string_view& method, std::string_view& target, bool& http_1_0);
  Progress StatusLine(int& status, bool& http_1_0);
  // Calls on_line(name, value) for each line, up to and including the blank one.
  template <class OnLine>
  Progress Lines(OnLine on_line);

  std::size_t consumed() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  Progress Refuse(int status, std::string_view reason) {
    refused_ = {status, std::string(reason)};
    return Progress::kRefused;
  }
  // Out of bytes: more may come, unless the head has used up its room.
  Progress More() {
    if (static_cast<std::size_t>(end_ - begin_) < limits_.head_bytes) return Progress::kMore;
    return Refuse(431, "head is too long");
  }
  std::string_view TakeTo(const char* p) {
    const std::string_view taken(at_, static_cast<std::size_t>(p - at_));
    at_ = p;
    return taken;
  }
  Progress Word(CharClass wanted, std::size_t max_bytes, int status_when_long,
                std::string_view what, std::string_view& word);
  Progress Literal(std::string_view text, std::string_view what);
  Progress Version(bool& http_1_0);
  Progress Line(std::string_view& name, std::string_view& value);

  const char* at_;
  const char* begin_;
  const char* end_;
  const Limits& limits_;
  Refused& refused_;
};

template <class OnLine>
Progress Scanner::Lines(OnLine on_line) {
  for (std::size_t count = 0;; ++count) {
    if (at_ == end_) return More();
    if (*at_ == '\r') return Literal("\r\n", "bare CR");
    if (count == limits_.header_lines) return Refuse(431, "too many header lines");
    std::string_view name;
    std::string_view value;
    if (Progress p = Line(name, value); p != Progress::kDone) return p;
    on_line(name, value);
  }
}

}  // namespace mg::wire
