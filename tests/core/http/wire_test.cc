// What the table of bytes cannot say: limits other than the usual ones, and when a refusal comes.
#include "core/http/wire.h"

#include <gtest/gtest.h>

#include <string>

namespace mg::wire {
namespace {

struct Parsed {
  Progress progress = Progress::kMore;
  RequestHead head;
  std::size_t consumed = 0;
  Refused refused;
};

Parsed Parse(std::string_view bytes, const Limits& limits = {}) {
  Parsed parsed;
  parsed.progress = ParseRequestHead(bytes, limits, parsed.head, parsed.consumed, parsed.refused);
  return parsed;
}

// The number of bytes after which the head is refused; 0 when it never is.
std::size_t RefusedAfter(std::string_view bytes) {
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    if (Parse(bytes.substr(0, size)).progress == Progress::kRefused) return size;
  }
  return 0;
}

TEST(ParseRequestHead, RefusesAWrongByteWhenItArrives) {
  EXPECT_EQ(RefusedAfter("\x16\x03\x01"), 1u);
  EXPECT_EQ(RefusedAfter("G\x01T / HTTP/1.1"), 2u);
  EXPECT_EQ(RefusedAfter("GET /\x07"), 6u);
  EXPECT_EQ(RefusedAfter("GET / HTTX"), 10u);
  EXPECT_EQ(RefusedAfter("GET / HTTP/1.1\n"), 15u);
  EXPECT_EQ(RefusedAfter("GET / HTTP/1.1\r\nA B"), 18u);
  EXPECT_EQ(RefusedAfter(std::string_view("GET / HTTP/1.1\r\nA: \0", 20)), 20u);
  EXPECT_EQ(RefusedAfter("GET / HTTP/1.1\r\nA: b\n"), 21u);
  EXPECT_EQ(RefusedAfter("GET / HTTP/1.1\r\nA: b\r\n "), 23u);
  EXPECT_EQ(RefusedAfter(std::string(100, 'M')), 33u);
}

TEST(ParseRequestHead, JudgesTheLinesTogetherOnlyWhenTheyAreWhole) {
  const std::string_view two_hosts = "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
  EXPECT_EQ(RefusedAfter(two_hosts), two_hosts.size());
}

TEST(ParseRequestHead, ObeysItsLimitsToTheByte) {
  const std::string head = "GET /abc HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n";
  Limits exact;
  exact.method_bytes = 3;
  exact.target_bytes = 4;
  exact.header_lines = 2;
  exact.head_bytes = head.size();
  EXPECT_EQ(Parse(head, exact).progress, Progress::kDone);

  Limits limits = exact;
  limits.method_bytes = 2;
  EXPECT_EQ(Parse(head, limits).refused.status, 400);
  limits = exact;
  limits.target_bytes = 3;
  EXPECT_EQ(Parse(head, limits).refused.status, 414);
  limits = exact;
  limits.header_lines = 1;
  EXPECT_EQ(Parse(head, limits).refused.status, 431);
  limits = exact;
  limits.head_bytes = head.size() - 1;
  EXPECT_EQ(Parse(head, limits).refused.status, 431);
}

TEST(ParseRequestHead, LooksAtNoMoreThanItsLimit) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nB: ccc";
  Limits limits;
  limits.head_bytes = head.size();
  EXPECT_EQ(Parse(head + '\0', limits).refused.status, 431);
  limits.head_bytes = head.size() + 1;
  EXPECT_EQ(Parse(head + '\0', limits).refused.status, 400);
}

TEST(ParseRequestHead, ForgetsAnEarlierHead) {
  Parsed parsed = Parse("POST /x HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  ASSERT_EQ(parsed.progress, Progress::kDone);
  const std::string next = "GET / HTTP/1.1\r\nHost: b\r\n\r\n";
  ASSERT_EQ(ParseRequestHead(next, Limits{}, parsed.head, parsed.consumed, parsed.refused),
            Progress::kDone);
  EXPECT_EQ(parsed.consumed, next.size());
  EXPECT_EQ(parsed.head.request.headers.lines().size(), 1u);
  EXPECT_EQ(parsed.head.framing, Framing::kNone);
  EXPECT_EQ(parsed.head.content_length, 0u);
  EXPECT_FALSE(parsed.head.http_1_0);
  EXPECT_TRUE(parsed.head.keep_alive);
}

TEST(BodyDecoder, TakesNothingBeyondTheEndOfTheBody) {
  std::string out;
  BodyDecoder none(Framing::kNone, 0);
  EXPECT_TRUE(none.done());
  EXPECT_EQ(none.Decode("next", out), 0u);
  BodyDecoder length(Framing::kLength, 2);
  EXPECT_EQ(length.Decode("abnext", out), 2u);
  EXPECT_EQ(length.Decode("next", out), 0u);
  EXPECT_EQ(out, "ab");
}

TEST(BodyDecoder, TakesNothingAfterAMalformedByte) {
  BodyDecoder decoder(Framing::kChunked, 0);
  std::string out;
  EXPECT_EQ(decoder.Decode("2\r\nab!", out), 5u);
  EXPECT_TRUE(decoder.malformed());
  EXPECT_EQ(decoder.Decode("\r\n0\r\n\r\n", out), 0u);
  EXPECT_FALSE(decoder.done());
  EXPECT_FALSE(decoder.EndOfInput());
  EXPECT_EQ(out, "ab");
}

TEST(BodyDecoder, OnlyAnOpenEndedBodyMayEndWithTheConnection) {
  std::string out;
  BodyDecoder open(Framing::kUntilClose, 0);
  EXPECT_TRUE(open.EndOfInput());
  EXPECT_EQ(open.Decode("abc", out), 3u);
  EXPECT_FALSE(open.done());
  EXPECT_TRUE(open.EndOfInput());
  BodyDecoder cut(Framing::kLength, 2);
  cut.Decode("a", out);
  EXPECT_FALSE(cut.EndOfInput());
  cut.Decode("b", out);
  EXPECT_TRUE(cut.EndOfInput());
  EXPECT_TRUE(BodyDecoder(Framing::kNone, 0).EndOfInput());
  EXPECT_FALSE(BodyDecoder(Framing::kChunked, 0).EndOfInput());
}

TEST(BodyDecoder, CountsALengthOver32Bits) {
  BodyDecoder decoder(Framing::kLength, 0x1'0000'0001);
  std::string out;
  decoder.Decode("a", out);
  EXPECT_FALSE(decoder.done());
}

TEST(BodyDecoder, ObeysTheLimitsOfExtensionsAndTrailers) {
  Limits limits;
  limits.chunk_extension_bytes = 3;
  limits.head_bytes = 8;
  std::string out;
  BodyDecoder fits(Framing::kChunked, 0, limits);
  fits.Decode("1;abc\r\nx\r\n0\r\nA: b\r\n\r\n", out);
  EXPECT_TRUE(fits.done());
  BodyDecoder extension(Framing::kChunked, 0, limits);
  extension.Decode("1;abcd", out);
  EXPECT_TRUE(extension.malformed());
  BodyDecoder trailer(Framing::kChunked, 0, limits);
  trailer.Decode("0\r\nA: bc\r\n\r\n", out);
  EXPECT_TRUE(trailer.malformed());
}

}  // namespace
}  // namespace mg::wire
