#include "core/http/sse.h"

#include <utility>

namespace mg {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

SseReader::SseReader(std::size_t max_event_bytes, OnData on_data)
    : max_event_bytes_(max_event_bytes), on_data_(std::move(on_data)) {}

void SseReader::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = bytes.find_first_of("\r\n");
    const std::string_view part = bytes.substr(0, end);
    if (end == std::string_view::npos) return Hold(part);
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (line_.empty() && !line_too_long_) {
      TakeLine(part);
    } else {
      Hold(part);
      TakeLine(line_);
      line_.clear();
      line_too_long_ = false;
    }
  }
}

void SseReader::End() {
  if (!line_.empty() || line_too_long_) TakeLine(line_);
  line_.clear();
  line_too_long_ = false;
  FinishEvent();
}

void SseReader::Hold(std::string_view part) {
  line_too_long_ = line_too_long_ || part.size() > max_event_bytes_ - line_.size();
  if (line_too_long_) {
    line_.clear();
  } else {
    line_ += part;
  }
}

void SseReader::TakeLine(std::string_view line) {
  const bool first = std::exchange(first_line_, false);
  if (line_too_long_ || line.size() > max_event_bytes_) {
    spoiled_ = true;
    return;
  }
  if (first && line.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    line.remove_prefix(kByteOrderMark.size());
  if (line.empty()) return FinishEvent();
  const std::size_t colon = line.find(':');
  if (line.substr(0, colon) != "data") return;
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  TakeData(value);
}

void SseReader::TakeData(std::string_view value) {
  if (value.size() + 1 > max_event_bytes_ - data_.size()) {
    spoiled_ = true;
    return;
  }
  if (std::exchange(has_data_, true)) data_ += '\n';
  data_ += value;
}

void SseReader::FinishEvent() {
  if (has_data_ && !spoiled_) on_data_(data_);
  data_.clear();
  has_data_ = false;
  spoiled_ = false;
}

}  // namespace mg
