#include "core/adapters/output_ring.h"

#include <algorithm>
#include <utility>

namespace mg {

void OutputRing::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::size_t room = kMaxLineBytes - open_line_.size();
    open_line_ += bytes.substr(0, std::min(end, room));
    if (end == bytes.size()) return;
    lines_.push_back(std::exchange(open_line_, {}));
    if (lines_.size() > kMaxLines) lines_.pop_front();
    bytes.remove_prefix(end + 1);
  }
}

void OutputRing::EndLine() {
  if (!open_line_.empty()) Append("\n");
}

std::vector<std::string> OutputRing::Lines() const {
  std::vector<std::string> lines(lines_.begin(), lines_.end());
  if (!open_line_.empty()) lines.push_back(open_line_);
  return lines;
}

}  // namespace mg
