// AI Gateway over a WebSocket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "core/base/json.h"
#include "core/http/websocket.h"
#include "tests/support/ai_gateway_fixture.h"
#include "tests/support/model_lever.h"

namespace mg::fake {
namespace {

using test::kFreeModel;
using ::testing::HasSubstr;

constexpr std::string_view kMask = "mask";

// What the client sends, and what it gets.
class Line final : public Duplex {
 public:
  Result<std::string> Read(Instant) override {
    if (sent.empty()) return std::string();
    std::string bytes = std::move(sent.front());
    sent.pop_front();
    return bytes;
  }
  Status Write(std::string_view bytes) override {
    got.Feed(bytes);
    return Ok();
  }
  void Close() override { closed = true; }

  void Say(const std::string& text) {
    sent.push_back(ws::FrameBytes(ws::Opcode::kText, text, kMask));
  }

  std::deque<std::string> sent;
  ws::MessageReader got{false, 1 << 20};
  bool closed = false;
};

class AiSockets : public test::AiGatewayFixture {
 protected:
  Request Handshake() const {
    Request request;
    request.target = base;
    request.headers = {{"upgrade", "websocket"},
                       {"sec-websocket-version", "13"},
                       {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                       {"cf-aig-authorization", "Bearer gateway-token"}};
    return request;
  }
  static std::string Create(const std::string& query, const std::string& more = "") {
    return R"({"type":"universal.create","request":{"eventId":"e1","provider":"workers-ai",)"
           R"("endpoint":")" +
           std::string(kFreeModel) + R"(","headers":{"Authorization":"Bearer workers-token"})" +
           more + R"(,"query":)" + query + "}}";
  }
  // The frames that came back: texts as JSON, others by opcode.
  std::vector<Json> Talk() {
    const Response open = Handle(Handshake());
    EXPECT_EQ(open.status, 101);
    open.upgrade->Run(line, caller);
    std::vector<Json> frames;
    for (auto message = line.got.Next(); message && *message; message = line.got.Next())
      frames.push_back((*message)->opcode == ws::Opcode::kText
                           ? *ParseJson((*message)->payload)
                           : Json(static_cast<int>((*message)->opcode)));
    return frames;
  }

  Line line;
};

TEST_F(AiSockets, OpenWithTheGatewaysTokenInAHeaderOrASubprotocol) {
  const Response open = Handle(Handshake());
  EXPECT_EQ(open.status, 101);
  EXPECT_EQ(open.headers.Get("upgrade"), "websocket");
  EXPECT_EQ(open.headers.Get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  Request browser = Handshake();
  browser.headers.Remove("cf-aig-authorization");
  EXPECT_EQ(CodeOf(Handle(browser)), 2009);
  browser.headers.Set("sec-websocket-protocol", "chat, cf-aig-authorization.gateway-token");
  const Response by_protocol = Handle(browser);
  EXPECT_EQ(by_protocol.status, 101);
  EXPECT_EQ(by_protocol.headers.Get("sec-websocket-protocol"),
            "cf-aig-authorization.gateway-token");
  for (const char* header : {"sec-websocket-version", "sec-websocket-key"}) {
    Request wrong = Handshake();
    wrong.headers.Set(header, "7");
    EXPECT_EQ(Handle(wrong).status, 400) << header;
  }
  Request realtime = Handshake();
  realtime.target = base + "/workers-ai?model=@cf/deepgram/nova-3";
  EXPECT_EQ(Handle(realtime).headers.Get(kGapHeader), "ai.realtime");
}

TEST_F(AiSockets, AnswerAStepInOneFrame) {
  line.Say(Create(R"({"prompt":"2+2"})"));
  const auto frames = Talk();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0]["type"], "universal.created");
  const Json& metadata = frames[0]["metadata"];
  EXPECT_EQ(metadata["cacheStatus"], "MISS");
  EXPECT_EQ(metadata["eventId"], "e1");
  EXPECT_EQ(metadata["step"], "0");
  EXPECT_EQ(metadata["contentType"], "application/json");
  EXPECT_EQ(metadata["logId"].get<std::string>().size(), 26U);
  EXPECT_EQ(frames[0]["response"]["result"]["response"], "2 + 2 = 4");
}

TEST_F(AiSockets, StreamAStepAndSayWhenItIsDone) {
  line.Say(Create(R"({"prompt":"2+2","stream":true})"));
  line.Say(Create(R"({"prompt":"3+3"})"));
  const auto frames = Talk();
  ASSERT_EQ(frames.size(), 10U);  // created, five tokens, tool calls, usage, done; the next one
  EXPECT_EQ(frames[0]["metadata"]["contentType"], "text/event-stream");
  EXPECT_FALSE(frames[0].contains("response"));
  std::string text;
  for (std::size_t i = 1; i < 8; ++i) {
    EXPECT_EQ(frames[i]["type"], "universal.stream");
    EXPECT_EQ(frames[i]["metadata"], Json({{"eventId", "e1"}}));
    text += StringAt(frames[i]["response"], "response");
  }
  EXPECT_EQ(text, "2 + 2 = 4");
  EXPECT_EQ(frames[8]["type"], "universal.done");
  EXPECT_EQ(frames[8]["metadata"], frames[0]["metadata"]);
  EXPECT_EQ(frames[9]["type"], "universal.created");
}

TEST_F(AiSockets, SayErrorsInFrames) {
  test::Pull(faults, kFreeModel, {.status = 429});
  line.Say(Create(R"({"prompt":"2+2"})"));
  line.Say("nonsense");
  line.Say(R"({"type":"universal.create","request":7})");
  const auto frames = Talk();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0]["type"], "error");
  EXPECT_EQ(frames[0]["response"]["errors"][0]["code"], 3040);
  EXPECT_EQ(frames[1]["type"], "error");
  EXPECT_EQ(frames[2]["response"]["error"][0]["code"], 7001);
  EXPECT_FALSE(line.closed);
}

TEST_F(AiSockets, AnswerPingsAndCloses) {
  line.sent.push_back(ws::FrameBytes(ws::Opcode::kPing, "x", kMask));
  line.sent.push_back(ws::FrameBytes(ws::Opcode::kClose, ws::ClosePayload(1000, ""), kMask));
  line.Say(Create(R"({"prompt":"2+2"})"));
  const auto frames = Talk();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0], static_cast<int>(ws::Opcode::kPong));
  EXPECT_EQ(frames[1], static_cast<int>(ws::Opcode::kClose));
  EXPECT_TRUE(line.closed);
}

TEST_F(AiSockets, EndOnWhatIsNoFrameAndWhenAStreamBreaks) {
  line.sent.push_back("GET / HTTP/1.1\r\n");
  EXPECT_EQ(Talk().size(), 1U) << "a close";
  EXPECT_TRUE(line.closed);
  line.closed = false;
  FaultRule rule;
  rule.operation = "ai.run";
  rule.after_chunks = 1;
  rule.then = FaultRule::Then::kCut;
  faults.Add(rule);
  line.Say(Create(R"({"prompt":"2+2","stream":true})"));
  EXPECT_EQ(Talk().size(), 2U);
  EXPECT_TRUE(line.closed);
}

}  // namespace
}  // namespace mg::fake
