// Server-sent events out of bytes that are cut anywhere (WHATWG HTML 9.2.6): the data of each
// event, nothing else of it.
//
// Total: any bytes are a stream of some kind. Memory: at most `max_event_bytes` twice over; an
// event that is longer, or has a longer line, is dropped. Thread-safety: none.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace mg {

class SseReader {
 public:
  using OnData = std::function<void(std::string_view data)>;

  SseReader(std::size_t max_event_bytes, OnData on_data);

  void Feed(std::string_view bytes);
  // The stream is over. A browser would forget an event that no blank line ended; here it counts,
  // for what servers cut off is most often that line.
  void End();

 private:
  void Hold(std::string_view part);
  void TakeLine(std::string_view line);
  void TakeData(std::string_view value);
  void FinishEvent();

  const std::size_t max_event_bytes_;
  const OnData on_data_;
  std::string line_;  // a line whose end has not come yet
  bool line_too_long_ = false;
  bool after_cr_ = false;  // a line feed that comes next belongs to the line end before it
  bool first_line_ = true;
  std::string data_;
  bool has_data_ = false;
  bool spoiled_ = false;  // the event is dropped when it ends
};

}  // namespace mg
