// A model's stream over two real connections: how it flows, what a slow reader does to it, and how
// soon its model learns that the caller left.
#include <gtest/gtest.h>

#include <atomic>

#include "core/adapters/http_transport.h"
#include "core/adapters/small_adapters.h"
#include "core/services/models.h"
#include "tests/core/adapters/support.h"
#include "tests/support/recording_log.h"

namespace mg {
namespace {

const std::string kFrame =
    "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(1000, 'a') + "\"}}]}\n\n";
constexpr const char* kHead =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: acme\r\nContent-Length: 56\r\n\r\n";
constexpr const char* kChat = R"({"stream":true,"messages":[{"role":"user","content":1}]})";

// What passes through the gateway, piece by piece.
class CountedStream final : public BodyStream {
 public:
  CountedStream(std::shared_ptr<BodyStream> inner, std::atomic<std::size_t>& pieces,
                std::atomic<std::size_t>& largest)
      : inner_(std::move(inner)), pieces_(pieces), largest_(largest) {}
  Result<std::string> Next(Instant deadline) override {
    auto piece = inner_->Next(deadline);
    if (!piece) return piece;
    ++pieces_;
    largest_ = std::max<std::size_t>(largest_, piece->size());
    return piece;
  }

 private:
  const std::shared_ptr<BodyStream> inner_;
  std::atomic<std::size_t>& pieces_;
  std::atomic<std::size_t>& largest_;
};

class StreamOverSockets : public ::testing::Test {
 protected:
  // A frame whenever the test lets one go; none of them is the last.
  Response Stream(CancelToken& caller_gone) {
    left = caller_gone.OnCancel([this] {
      left_at = upstream.runtime().Now().since_start.count();
      gone = true;
    });
    Response response;
    response.headers.Set("content-type", "text/event-stream");
    response.body = Body(std::make_shared<FunctionStream>([this](Instant) -> Result<std::string> {
      while (!gone && !flood && frames.load() == 0)
        upstream.runtime().SleepUntil(upstream.runtime().Now() + 1ms);
      if (gone) return Error{Code::kCancelled, "gone"};
      if (!flood) --frames;
      sent += kFrame.size();
      return kFrame;
    }));
    return response;
  }

  Response Relay(Request& request, CancelToken& caller_gone) {
    Tenant tenant;
    tenant.sandbox_id = "sk-986c0dc956dc822b";
    ModelAnswer answer = models->Complete(tenant, "", request.body.bytes(), caller_gone);
    if (!answer.stream) return TextResponse(502, answer.cause);
    Response response;
    response.headers.Set("content-type", answer.content_type);
    response.body = Body(std::make_shared<CountedStream>(answer.stream, pieces, largest));
    return response;
  }

  StreamOverSockets() {
    settings.ai_gateway.base = upstream.origin() + "/v1/account/gateway";
    client.emplace(transport, settings.ai_gateway);
    models.emplace(settings, *client, runtime, random, log);
  }

  RawConnection Ask() {
    RawConnection connection = gateway.Connect();
    EXPECT_TRUE(connection.Send(std::string(kHead) + kChat));
    return connection;
  }

  std::atomic<int> frames{0};
  std::atomic<bool> flood{false};
  std::atomic<bool> gone{false};
  std::atomic<Nanos::rep> left_at{0};
  std::atomic<std::size_t> sent{0}, pieces{0}, largest{0};
  CancelToken::Subscription left;

  ThreadRuntime runtime;
  OsRandom random;
  test::RecordingLog log;
  Settings settings;
  HttpTransport transport{{}, runtime};
  std::optional<AiGatewayClient> client;
  std::optional<Models> models;
  ServerFixture upstream{[this](Request& request, const Peer&, CancelToken& caller_gone) {
    static_cast<void>(request.body.Buffer(1 << 20, kNever));
    return Stream(caller_gone);
  }};
  ServerFixture gateway{[this](Request& request, const Peer&, CancelToken& caller_gone) {
    return Relay(request, caller_gone);
  }};
};

TEST_F(StreamOverSockets, PassesEachFrameOnBeforeTheNextIsThere) {
  RawConnection caller = Ask();
  EXPECT_FALSE(caller.Readable(50ms));  // not even the head: everything is still open
  for (int i = 0; i < 5; ++i) {
    ++frames;
    EXPECT_NE(caller.ReadTo("\n\n").find("data: "), std::string::npos);
  }
  caller.Close();
}

// AIG-9: within a second; it is a matter of milliseconds.
TEST_F(StreamOverSockets, TellsTheModelAtOnceThatTheCallerLeft) {
  for (const bool reset : {false, true}) {
    gone = false;
    RawConnection caller = Ask();
    ++frames;
    caller.ReadTo("\n\n");
    const Instant leaves = upstream.runtime().Now();
    if (reset) {
      caller.Reset();
    } else {
      caller.Close();
    }
    ASSERT_TRUE(Eventually([&] { return gone.load(); }, 1s)) << reset;
    EXPECT_LT(Instant{Nanos{left_at}} - leaves, 1s);
  }
}

TEST_F(StreamOverSockets, TellsTheModelBeforeTheFirstByteToo) {
  RawConnection caller = Ask();
  EXPECT_FALSE(caller.Readable(100ms));
  caller.Close();
  EXPECT_TRUE(Eventually([&] { return gone.load(); }, 1s));
}

// The gateway holds the piece that it is sending and nothing else; the rest waits with the model.
TEST_F(StreamOverSockets, LetsASlowReaderHoldItsModelBack) {
  flood = true;
  RawConnection caller = Ask();
  caller.ReadTo("\n\n");
  ASSERT_TRUE(Eventually([&] {
    const std::size_t before = pieces;
    runtime.SleepUntil(runtime.Now() + 200ms);
    return pieces.load() == before;
  }));
  const std::size_t sent_then = sent, pieces_then = pieces;
  runtime.SleepUntil(runtime.Now() + 300ms);
  EXPECT_EQ(pieces, pieces_then);
  EXPECT_EQ(sent, sent_then);
  EXPECT_LE(largest, 64U * 1024);
  caller.ReadBytes(1 << 20);
  caller.ReadBytes(16 << 20);
  EXPECT_GT(pieces, pieces_then);  // and it goes on as soon as there is room
  caller.Close();
}

}  // namespace
}  // namespace mg
