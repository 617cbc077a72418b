// The last lines that a process wrote, in bounded memory. Not thread-safe.
#pragma once
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace mg {

class OutputRing {
 public:
  static constexpr std::size_t kMaxLines = 100;
  static constexpr std::size_t kMaxLineBytes = 4096;  // the rest of a longer line is dropped

  void Append(std::string_view bytes);
  void EndLine();                          // what comes next starts a line of its own
  std::vector<std::string> Lines() const;  // oldest first, one still being written included

 private:
  std::deque<std::string> lines_;
  std::string open_line_;
};

}  // namespace mg
