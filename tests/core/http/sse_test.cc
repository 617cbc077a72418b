#include "core/http/sse.h"

#include <gtest/gtest.h>

#include <vector>

namespace mg {
namespace {

using Events = std::vector<std::string>;

// Fed in pieces of `step` bytes.
Events Read(std::string_view stream, std::size_t step, std::size_t max_bytes = 1000) {
  Events events;
  SseReader reader(max_bytes, [&](std::string_view data) { events.emplace_back(data); });
  for (std::size_t at = 0; at < stream.size(); at += step) reader.Feed(stream.substr(at, step));
  reader.End();
  return events;
}

struct Case {
  const char* what;
  std::string stream;
  Events events;
};

const Case kCases[] = {
    {"one event", "data: a\n\n", {"a"}},
    {"no space after the colon", "data:a\n\n", {"a"}},
    {"one space alone is taken off", "data:  a \n\n", {" a "}},
    {"a field without a colon is empty", "data\n\n", {""}},
    {"several lines are one text", "data: a\ndata: b\ndata\n\n", {"a\nb\n"}},
    {"every line end", "data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\n\n", {"a", "b", "c", "d"}},
    {"a return before a feed is one end", "data: a\r\ndata: b\r\n\r\n", {"a\nb"}},
    {"comments are nothing", ": ping\n\n:\n\ndata: a\n:b\n\n", {"a"}},
    {"other fields are nothing", "event: error\nid: 7\nretry: 1\ndatax: n\ndata: a\n\n", {"a"}},
    {"an event without data is none", "event: x\n\n\n\n\ndata: a\n\n", {"a"}},
    {"the mark of UTF-8",
     "\xef\xbb\xbf"
     "data: a\n\n",
     {"a"}},
    {"the mark is one at the start alone",
     "data: a\n\n\xef\xbb\xbf"
     "data: b\n\n",
     {"a"}},
    {"an event that was cut off counts", "data: a\n\ndata: b", {"a", "b"}},
    {"and with its line end", "data: b\n", {"b"}},
    {"text that is no stream", "<html>\n<body>x</body>", {}},
    {"nothing", "", {}},
    {"bytes of any kind", std::string("data: \0\xff\xfe\n\n", 11), {std::string("\0\xff\xfe", 3)}},
};

TEST(SseReading, FindsTheSameEventsHoweverTheBytesAreCut) {
  for (const Case& c : kCases)
    for (std::size_t step = 1; step <= c.stream.size() + 1; ++step)
      EXPECT_EQ(Read(c.stream, step), c.events) << c.what << ", pieces of " << step;
}

TEST(SseReading, DropsAnEventThatIsTooLongAndGoesOn) {
  const std::string longer(21, 'x');
  const std::string streams[] = {
      "data: " + longer + "\n\ndata: a\n\n", "data: 0123456789\ndata: 0123456789\n\ndata: a\n\n",
      "data: b\n: " + longer + "\n\ndata: a\n\n",
      "\xef\xbb\xbf" + std::string("data: 0123456789ab\n\ndata: a\n\n"),  // 21 bytes with it
  };
  for (const std::string& stream : streams)
    for (std::size_t step = 1; step <= stream.size(); ++step)
      EXPECT_EQ(Read(stream, step, 20), Events{"a"}) << stream << step;
}

TEST(SseReading, KeepsNoMoreThanItsBound) {
  std::size_t events = 0;
  SseReader reader(100, [&](std::string_view) { ++events; });
  for (int i = 0; i < 100'000; ++i) reader.Feed("data: never ends ");
  reader.Feed("\n\ndata: a\n\n");
  EXPECT_EQ(events, 1U);
}

}  // namespace
}  // namespace mg
