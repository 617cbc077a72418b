#include "core/http/websocket.h"

#include <gtest/gtest.h>

#include "tests/support/fixed_random.h"

namespace mg::ws {
namespace {

constexpr std::size_t kMost = 100'000;
constexpr std::string_view kMask = "\x37\xfa\x21\x3d";

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

// What a reader makes of the bytes: each message as "1:text", then the close code if it refused.
std::string Read(std::string_view bytes, bool masked = false, std::size_t step = kMost) {
  MessageReader reader(masked, kMost);
  std::string seen;
  while (!bytes.empty()) {
    reader.Feed(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (;;) {
      auto message = reader.Next();
      if (!message) return seen + "!" + std::to_string(reader.close_code());
      if (!*message) break;
      seen +=
          std::to_string(static_cast<int>((*message)->opcode)) + ":" + (*message)->payload + " ";
    }
  }
  return seen;
}

TEST(WebSocketHandshake, HoldsTheExampleOfTheRfc) {
  EXPECT_EQ(AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebSocketFrames, HoldTheExamplesOfTheRfc) {
  EXPECT_EQ(FrameBytes(Opcode::kText, "Hello"), Bytes({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
  const std::string masked =
      Bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58});
  EXPECT_EQ(FrameBytes(Opcode::kText, "Hello", kMask), masked);
  EXPECT_EQ(Read(masked, true), "1:Hello ");
  EXPECT_EQ(Read(Bytes({0x01, 0x03, 0x48, 0x65, 0x6c}) + Bytes({0x80, 0x02, 0x6c, 0x6f})),
            "1:Hello ");
  EXPECT_EQ(Read(FrameBytes(Opcode::kPing, "Hello")), "9:Hello ");
}

TEST(WebSocketFrames, OfEveryLengthComeThroughHoweverTheyAreCut) {
  for (const std::size_t size : {0, 1, 125, 126, 127, 65'535, 65'536, 99'999}) {
    const std::string payload(size, 'x');
    for (const bool masked : {false, true}) {
      const std::string frame = FrameBytes(Opcode::kBinary, payload, masked ? kMask : "");
      for (const std::size_t step : {std::size_t{1000}, kMost})
        EXPECT_EQ(Read(frame, masked, step), "2:" + payload + " ") << size;
    }
  }
  EXPECT_EQ(Read(FrameBytes(Opcode::kText, "a") + FrameBytes(Opcode::kText, "b"), false, 1),
            "1:a 1:b ");
}

TEST(WebSocketFrames, LetControlsBetweenThePartsOfAMessage) {
  EXPECT_EQ(
      Read(Bytes({0x01, 0x01, 'a'}) + FrameBytes(Opcode::kPing, "p") + Bytes({0x80, 0x01, 'b'})),
      "9:p 1:ab ");
}

TEST(WebSocketFrames, ThatAreWrongEndTheReading) {
  const struct {
    std::string bytes;
    int close_code;
  } cases[] = {
      {Bytes({0xc1, 0x00}), 1002},              // a reserved bit
      {Bytes({0x83, 0x00}), 1002},              // an unknown opcode
      {Bytes({0x81, 0x80, 0, 0, 0, 0}), 1002},  // masked, to a client
      {Bytes({0x09, 0x00}), 1002},              // a ping in parts
      {Bytes({0x89, 0x7e, 0, 126}), 1002},      // a long ping
      {Bytes({0x80, 0x00}), 1002},              // the rest of nothing
      {Bytes({0x01, 0x00, 0x81, 0x00}), 1002},  // a second start
      {Bytes({0x81, 0x7e, 0x00, 0x05}), 1002},  // a length longer than it need be
      {Bytes({0x81, 0x7f, 0xff, 0, 0, 0, 0, 0, 0, 0}), 1002},
      {Bytes({0x81, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0}), 1009},  // 4 GiB
      {Bytes({0x81, 0x01, 0xff}), 1007},
  };
  for (const auto& c : cases) EXPECT_EQ(Read(c.bytes), "!" + std::to_string(c.close_code));
  EXPECT_EQ(Read(Bytes({0x81, 0x00}), true), "!1002") << "unmasked, to a server";
}

TEST(WebSocketFrames, BoundAMessageOfManyParts) {
  MessageReader reader(false, 10);
  reader.Feed(Bytes({0x01, 0x06, 'a', 'a', 'a', 'a', 'a', 'a'}));
  EXPECT_FALSE((*reader.Next()).has_value());
  reader.Feed(Bytes({0x80, 0x06, 'a', 'a', 'a', 'a', 'a', 'a'}));
  EXPECT_FALSE(reader.Next());
  EXPECT_EQ(reader.close_code(), 1009);
  EXPECT_FALSE(reader.Next());
}

TEST(WebSocketFrames, CutACloseReasonBetweenCharacters) {
  const std::string payload = ClosePayload(1000, std::string(122, 'a') + "\xc3\xa9");
  EXPECT_EQ(payload.size(), 2U + 122U);
  EXPECT_EQ(payload.substr(0, 2), Bytes({0x03, 0xe8}));
}

TEST(WebSocketFrames, SurviveAnyBytes) {
  test::FixedRandom random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = random.Bytes(random.Below(40));
    if (!bytes.empty() && random.Below(2) == 0) bytes[0] = static_cast<char>(0x81);
    Read(bytes, random.Below(2) == 0, 1 + random.Below(5));
  }
}

}  // namespace
}  // namespace mg::ws
