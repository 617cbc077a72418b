// Ten thousand damaged heads from one seed: the codec always ends in a verdict, and the verdict
// does not depend on how the bytes were split.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "core/http/wire.h"

namespace mg::wire {
namespace {

constexpr int kRounds = 10'000;

constexpr std::array<std::string_view, 4> kSeeds = {
    "GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\nConnection: close\r\n\r\n",
    "POST http://a.example/x HTTP/1.1\r\nHost: A.example\r\nContent-Length: 5\r\n\r\nhello",
    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    "5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\n0\r\n\r\n"};

constexpr std::array<std::string_view, 14> kDictionary = {
    "\r",   "\n",      "\r\n",        "\r\n\r\n",
    ":",    " ",       "\t",          "Content-Length: 5\r\n",
    "\x7f", "chunked", "Host: a\r\n", "Transfer-Encoding: chunked\r\n",
    "1.0",  "ffffffff"};

using Dice = std::mt19937;

std::size_t Roll(Dice& dice, std::size_t sides) {
  return std::uniform_int_distribution<std::size_t>(0, sides - 1)(dice);
}

std::string Mutated(std::string text, Dice& dice) {
  for (std::size_t edits = Roll(dice, 3) + 1; edits > 0; --edits) {
    const std::size_t at = Roll(dice, text.size() + 1);
    switch (Roll(dice, 4)) {
      case 0:
        text.insert(at, kDictionary[Roll(dice, kDictionary.size())]);
        break;
      case 1:
        text.erase(at, Roll(dice, 4) + 1);
        break;
      case 2:
        text.insert(at, 1, static_cast<char>(Roll(dice, 256)));
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(Roll(dice, 256));
        break;
    }
  }
  return text;
}

// All that a connection's end can see of what it was sent.
struct Verdict {
  Progress progress = Progress::kMore;
  int status = 0;
  std::string reason;
  Framing framing = Framing::kNone;
  std::uint64_t length = 0;
  std::size_t header_lines = 0;
  std::string body;
  std::string rest;
  bool done = false;
  bool malformed = false;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

Progress ParseHead(bool is_request, std::string_view bytes, Verdict& verdict,
                   std::size_t& consumed) {
  Refused refused;
  Progress progress = Progress::kMore;
  if (is_request) {
    RequestHead head;
    progress = ParseRequestHead(bytes, Limits{}, head, consumed, refused);
    if (progress == Progress::kDone) {
      verdict.framing = head.framing;
      verdict.length = head.content_length;
      verdict.header_lines = head.request.headers.lines().size();
    }
  } else {
    ResponseHead head;
    progress = ParseResponseHead(bytes, "GET", Limits{}, head, consumed, refused);
    if (progress == Progress::kDone) {
      verdict.framing = head.framing;
      verdict.length = head.content_length;
      verdict.header_lines = head.headers.lines().size();
    }
  }
  if (progress == Progress::kRefused) {
    verdict.status = refused.status;
    verdict.reason = refused.reason;
  }
  verdict.progress = progress;
  return progress;
}

Verdict Feed(bool is_request, const std::string& bytes, std::size_t step) {
  Verdict verdict;
  std::optional<BodyDecoder> decoder;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    verdict.rest += bytes.substr(at, step);
    if (!decoder) {
      std::size_t consumed = 0;
      const Progress progress = ParseHead(is_request, verdict.rest, verdict, consumed);
      if (progress == Progress::kRefused) break;
      if (progress == Progress::kMore) continue;
      EXPECT_LE(consumed, verdict.rest.size());
      verdict.rest.erase(0, consumed);
      decoder.emplace(verdict.framing, verdict.length);
    }
    verdict.rest.erase(0, decoder->Decode(verdict.rest, verdict.body));
    verdict.done = decoder->done();
    verdict.malformed = decoder->malformed();
    if (verdict.malformed) break;
  }
  const bool refused = verdict.progress == Progress::kRefused || verdict.malformed;
  if (refused) verdict.rest.clear();  // the connection closes, whatever had arrived by then
  return verdict;
}

TEST(WireMutation, EveryDamagedMessageHasOneVerdictHoweverItIsSplit) {
  Dice dice(20'260'101);
  int refused = 0;
  int done = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::size_t seed = Roll(dice, kSeeds.size());
    const std::string bytes = Mutated(std::string(kSeeds[seed]), dice);
    const bool is_request = seed + 1 < kSeeds.size();
    const Verdict whole = Feed(is_request, bytes, bytes.size() + 1);
    const Verdict split = Feed(is_request, bytes, round % 4 == 0 ? 1 : Roll(dice, 40) + 1);
    ASSERT_TRUE(whole == split) << "round " << round << ": " << testing::PrintToString(bytes);
    refused += whole.progress == Progress::kRefused || whole.malformed;
    done += whole.done;
  }
  EXPECT_GT(refused, kRounds / 4);  // the damage is neither harmless nor always fatal
  EXPECT_GT(done, kRounds / 20);
}

}  // namespace
}  // namespace mg::wire
