#include "core/adapters/http_transport.h"

#include <gtest/gtest.h>

#include <atomic>

#include "core/adapters/origin.h"
#include "tests/core/adapters/support.h"

namespace mg {
namespace {

// A peer that answers by script: each connection is handed to the function, in turn.
class ScriptedPeer {
 public:
  using Script = std::function<void(RawConnection&, int number)>;

  explicit ScriptedPeer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    task_ = runtime_.Spawn("peer", [this] { Serve(); });
  }
  ~ScriptedPeer() {
    ::shutdown(listener_, SHUT_RDWR);
    task_->Join();
    ::close(listener_);
  }
  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  void Serve() {
    while (true) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      RawConnection connection(fd);
      script_(connection, ++connections_);
    }
  }

  Script script_;
  ThreadRuntime runtime_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::unique_ptr<Task> task_;
};

// Answers the first request of each connection with `bytes`, and closes.
ScriptedPeer::Script Answer(std::string bytes) {
  return [bytes = std::move(bytes)](RawConnection& connection, int) {
    connection.ReadTo("\r\n\r\n");
    connection.Send(bytes);
  };
}

class HttpTransportTest : public testing::Test {
 protected:
  Result<Response> Send(const std::string& origin, const std::string& method = "GET",
                        Body body = {}) {
    return SendWith(origin, method, std::move(body), Within(5s));
  }
  Result<Response> SendWith(const std::string& origin, const std::string& method, Body body,
                            const Deadlines& deadlines) {
    Request request;
    request.method = method;
    request.origin = origin;
    request.target = "/path?q=1";
    request.body = std::move(body);
    return transport_.Send(request, deadlines, cancel_);
  }
  Deadlines Within(Nanos total) {
    return Deadlines{runtime_.Now() + total, Nanos::max(), runtime_.Now() + total};
  }
  // The whole body, or the error's code and text.
  std::string Text(Result<Response> response) {
    if (!response) return "error: " + response.error().message;
    const Status buffered = response->body.Buffer(100'000'000, kNever);
    if (!buffered) return "body error: " + buffered.error().message;
    return std::to_string(response->status) + " " + response->body.bytes();
  }
  Code BodyError(Result<Response> response) {
    EXPECT_TRUE(response.ok()) << (response ? "" : response.error().message);
    const Status buffered = response->body.Buffer(100'000'000, kNever);
    EXPECT_FALSE(buffered.ok());
    return buffered ? Code::kInternal : buffered.error().code;
  }

  ThreadRuntime runtime_;
  HttpTransport transport_{HttpTransportOptions{}, runtime_};
  CancelToken cancel_;
};

Response EchoBody(Request& request, const Peer&, CancelToken&) {
  if (!request.body.Buffer(100'000'000, kNever)) return TextResponse(400, "no whole body");
  return TextResponse(200, request.method + " " + request.target + " " +
                               std::string(request.headers.Get("host")) + " " +
                               request.body.bytes());
}

TEST_F(HttpTransportTest, SendsARequestAndReusesItsConnectionForTheNext) {
  ServerFixture fixture(EchoBody);
  const std::string host = fixture.origin().substr(7);
  EXPECT_EQ(Text(Send(fixture.origin())), "200 GET /path?q=1 " + host + " ");
  EXPECT_EQ(Text(Send(fixture.origin(), "POST", "hello")), "200 POST /path?q=1 " + host + " hello");
  EXPECT_EQ(Text(Send(fixture.origin(), "POST", std::string(5'000'000, 'x'))),
            "200 POST /path?q=1 " + host + " " + std::string(5'000'000, 'x'));
  EXPECT_EQ(fixture.server().connection_count(), 1u);
}

TEST_F(HttpTransportTest, SendsTheRequestsOwnHostWhenItHasOne) {
  ServerFixture fixture(EchoBody);
  Request request;
  request.origin = fixture.origin();
  request.headers.Add("Host", "acme.localhost");
  EXPECT_EQ(Text(transport_.Send(request, {}, cancel_)), "200 GET / acme.localhost ");
}

TEST_F(HttpTransportTest, SendsStreamsOfKnownAndUnknownLength) {
  ServerFixture fixture(EchoBody);
  const auto stream = [] {
    auto left = std::make_shared<int>(3);
    return std::make_shared<FunctionStream>(
        [left](Instant) { return Result<std::string>(std::string((*left)-- > 0 ? "ab" : "")); });
  };
  const std::string expected = "200 PUT /path?q=1 " + fixture.origin().substr(7) + " ababab";
  EXPECT_EQ(Text(Send(fixture.origin(), "PUT", Body(stream()))), expected);
  EXPECT_EQ(Text(Send(fixture.origin(), "PUT", Body(stream(), 6))), expected);
  EXPECT_EQ(fixture.server().connection_count(), 1u);
}

TEST_F(HttpTransportTest, AFailingRequestStreamIsTheErrorOfTheSend) {
  ServerFixture fixture(EchoBody);
  const auto stream = std::make_shared<FunctionStream>([](Instant) -> Result<std::string> {
    return Error{Code::kDenied, "no more"};
  });
  const Result<Response> response = Send(fixture.origin(), "POST", Body(stream));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kDenied);
}

TEST_F(HttpTransportTest, StreamsAnAnswerChunkByChunk) {
  std::atomic<int> released{0};
  ServerFixture fixture([&](Request&, const Peer&, CancelToken&) {
    auto sent = std::make_shared<int>(0);
    Response response;
    response.body = Body(std::make_shared<FunctionStream>([&, sent](Instant) {
      EXPECT_TRUE(Eventually([&] { return released >= *sent; }));
      return Result<std::string>(++*sent <= 3 ? "chunk" + std::to_string(*sent) : "");
    }));
    return response;
  });
  Result<Response> response = Send(fixture.origin());
  ASSERT_TRUE(response);
  ASSERT_TRUE(response->body.is_stream());
  for (int i = 1; i <= 3; ++i) {
    const Result<std::string> chunk = response->body.stream()->Next(kNever);
    EXPECT_EQ(chunk.value(), "chunk" + std::to_string(i));
    ++released;
  }
  EXPECT_EQ(response->body.stream()->Next(kNever).value(), "");
  EXPECT_EQ(response->body.stream()->Next(kNever).value(), "") << "the end stays the end";
  released = 10;
  EXPECT_EQ(Text(Send(fixture.origin())), "200 chunk1chunk2chunk3");
  EXPECT_EQ(fixture.server().connection_count(), 1u);
}

TEST_F(HttpTransportTest, AStreamDroppedHalfwayClosesItsConnection) {
  std::atomic<bool> cut{false};
  ServerFixture fixture([&](Request&, const Peer&, CancelToken& gone) {
    Response response;
    response.body = Body(std::make_shared<FunctionStream>([&](Instant) -> Result<std::string> {
      if (Eventually([&] { return gone.cancelled(); }, 1ms)) {
        cut = true;
        return Error{Code::kCancelled, "gone"};
      }
      return std::string("more");
    }));
    return response;
  });
  {
    Result<Response> response = Send(fixture.origin());
    ASSERT_TRUE(response);
    EXPECT_TRUE(response->body.stream()->Next(kNever));
  }
  EXPECT_TRUE(Eventually([&] { return cut.load(); }, 1s));
}

TEST_F(HttpTransportTest, AConnectionThatTheServerClosedWhileItWasIdleIsNotUsedAgain) {
  ServerOptions options;
  options.idle_timeout_ms = 1;
  ServerFixture fixture(EchoBody, options);
  EXPECT_EQ(Text(Send(fixture.origin(), "POST", "a")).substr(0, 8), "200 POST");
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() == 0; }));
  EXPECT_EQ(Text(Send(fixture.origin(), "POST", "b")).substr(0, 8), "200 POST");
}

// The first connection serves one request, and closes when the second has come.
ScriptedPeer::Script ClosesOnTheSecondRequest() {
  return [](RawConnection& connection, int number) {
    connection.ReadTo("\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(number));
    if (number == 1) connection.ReadTo("\r\n\r\n");
  };
}

TEST_F(HttpTransportTest, AStalePooledConnectionIsRetriedOnceWhenTheRequestMayBeRepeated) {
  ScriptedPeer peer(ClosesOnTheSecondRequest());
  EXPECT_EQ(Text(Send(peer.origin())), "200 1");
  EXPECT_EQ(Text(Send(peer.origin())), "200 2");
}

TEST_F(HttpTransportTest, AStalePooledConnectionLeavesThePostsOutcomeUnknown) {
  ScriptedPeer peer(ClosesOnTheSecondRequest());
  EXPECT_EQ(Text(Send(peer.origin())), "200 1");
  const Result<Response> response = Send(peer.origin(), "POST", "x");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnknownOutcome);
  EXPECT_FALSE(response.error().retryable);
  EXPECT_EQ(peer.connections(), 1);
}

TEST_F(HttpTransportTest, AFreshConnectionThatEndsWithoutAnAnswerIsNotRetried) {
  ScriptedPeer peer([](RawConnection& connection, int) { connection.ReadTo("\r\n\r\n"); });
  const Result<Response> response = Send(peer.origin());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnknownOutcome);
  EXPECT_TRUE(response.error().retryable);
  EXPECT_EQ(peer.connections(), 1);
}

TEST_F(HttpTransportTest, UnaskedForBytesMakeAPooledConnectionUnfit) {
  ScriptedPeer peer([](RawConnection& connection, int number) {
    connection.ReadTo("\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(number) +
                    "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
  });
  EXPECT_EQ(Text(Send(peer.origin())), "200 1");
  EXPECT_EQ(Text(Send(peer.origin())), "200 2");
}

struct BadAnswer {
  const char* name;
  std::string bytes;
  Code code;
};

class HttpTransportRefuses : public HttpTransportTest,
                             public testing::WithParamInterface<BadAnswer> {};

TEST_P(HttpTransportRefuses, AnAnswerThatIsNotWholeOrNotHttp) {
  ScriptedPeer peer(Answer(GetParam().bytes));
  Result<Response> response = Send(peer.origin());
  if (!response) {
    EXPECT_EQ(response.error().code, GetParam().code) << response.error().message;
    return;
  }
  EXPECT_EQ(BodyError(std::move(response)), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(
    Http, HttpTransportRefuses,
    testing::Values(
        BadAnswer{"CutLength", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                  Code::kUnknownOutcome},
        BadAnswer{"CutChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                  Code::kUnknownOutcome},
        BadAnswer{"NoLastChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
                  Code::kUnknownOutcome},
        BadAnswer{"BadChunkSize",
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nab\r\n0\r\n\r\n",
                  Code::kCorrupt},
        BadAnswer{"BothLengths",
                  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "0\r\n\r\n",
                  Code::kCorrupt},
        BadAnswer{"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n", Code::kCorrupt},
        BadAnswer{"CutHead", "HTTP/1.1 200 OK\r\nContent-", Code::kUnknownOutcome},
        BadAnswer{"EndlessHead", "HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'a'),
                  Code::kCorrupt},
        BadAnswer{"UnaskedUpgrade", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                  Code::kCorrupt}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(HttpTransportTest, ReadsABodyThatEndsWithItsConnection) {
  ScriptedPeer peer(Answer("HTTP/1.1 200 OK\r\n\r\nto the end"));
  EXPECT_EQ(Text(Send(peer.origin())), "200 to the end");
}

TEST_F(HttpTransportTest, SkipsInterimAnswersButNotForEver) {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  ScriptedPeer peer(Answer(interim + interim + "HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_EQ(Text(Send(peer.origin())), "204 ");
  std::string many;
  for (int i = 0; i < 50; ++i) many += interim;
  ScriptedPeer endless(Answer(many));
  EXPECT_EQ(Send(endless.origin()).error().code, Code::kCorrupt);
}

TEST_F(HttpTransportTest, TakesAnEarlyAnswerToABodyItCouldNotFinish) {
  ScriptedPeer peer([](RawConnection& connection, int) {
    connection.ReadTo("\r\n\r\n");
    connection.Send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
    EXPECT_TRUE(connection.Readable(5s));
    connection.FinishWriting();
    connection.ReadTo("never comes");
  });
  EXPECT_EQ(Text(Send(peer.origin(), "POST", std::string(20'000'000, 'x'))), "413 big");
}

TEST_F(HttpTransportTest, ARefusedConnectionNeverArrived) {
  std::string origin;
  {
    ServerFixture fixture(EchoBody);
    origin = fixture.origin();
  }
  const Result<Response> response = Send(origin, "POST", "x");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnavailable);
  EXPECT_TRUE(response.error().retryable);
}

TEST_F(HttpTransportTest, AnUnknownNameNeverArrived) {
  EXPECT_EQ(Send("http://no-such-host.invalid").error().code, Code::kUnavailable);
}

TEST_F(HttpTransportTest, ASilentServerLeavesTheOutcomeUnknownAtTheFirstBytesDeadline) {
  ScriptedPeer peer([](RawConnection& connection, int) { connection.ReadAll(); });
  const Instant before = runtime_.Now();
  Deadlines deadlines;
  deadlines.first_byte = before + 50ms;
  const Result<Response> response = SendWith(peer.origin(), "POST", "x", deadlines);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::kUnknownOutcome);
  EXPECT_LT(runtime_.Now() - before, 2s);
}

TEST_F(HttpTransportTest, AServerThatStopsReadingTimesTheSendOut) {
  std::atomic<bool> done{false};
  ScriptedPeer peer([&](RawConnection&, int) { Eventually([&] { return done.load(); }); });
  const Body large(std::string(20'000'000, 'x'));
  EXPECT_EQ(SendWith(peer.origin(), "PUT", large, Within(50ms)).error().code, Code::kTimeout);
  done = true;
}

TEST_F(HttpTransportTest, APartlySentPostMayHaveHappened) {
  std::atomic<bool> done{false};
  ScriptedPeer peer([&](RawConnection&, int) { Eventually([&] { return done.load(); }); });
  const Body large(std::string(20'000'000, 'x'));
  EXPECT_EQ(SendWith(peer.origin(), "POST", large, Within(50ms)).error().code,
            Code::kUnknownOutcome);
  done = true;
}

TEST_F(HttpTransportTest, AnAnswerThatStallsBetweenItsChunksIsCut) {
  ScriptedPeer peer([](RawConnection& connection, int) {
    connection.ReadTo("\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    connection.ReadAll();
  });
  Deadlines deadlines = Within(10s);
  deadlines.between_chunks = 50ms;
  const Instant before = runtime_.Now();
  Result<Response> response = SendWith(peer.origin(), "GET", {}, deadlines);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body.length(), std::optional<std::uint64_t>(10));
  EXPECT_EQ(BodyError(std::move(response)), Code::kUnknownOutcome);
  EXPECT_LT(runtime_.Now() - before, 3s);
}

TEST_F(HttpTransportTest, AfterAnErrorABodyHasOnlyErrors) {
  ScriptedPeer peer([](RawConnection& connection, int) {
    connection.ReadTo("\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    connection.ReadAll();
  });
  const Result<Response> response = Send(peer.origin());
  ASSERT_TRUE(response);
  const auto& stream = response->body.stream();
  EXPECT_EQ(stream->Next(runtime_.Now()).error().code, Code::kUnknownOutcome);
  EXPECT_EQ(stream->Next(kNever).error().code, Code::kUnknownOutcome);
}

TEST_F(HttpTransportTest, CancellationEndsAWaitForTheAnswerAtOnce) {
  ScriptedPeer peer([&](RawConnection& connection, int) {
    connection.ReadTo("\r\n\r\n");
    cancel_.Cancel();
    EXPECT_TRUE(connection.Ended()) << "the server sees that the caller left";
  });
  EXPECT_EQ(Send(peer.origin()).error().code, Code::kCancelled);
  EXPECT_EQ(Send(peer.origin()).error().code, Code::kCancelled) << "and nothing more is sent";
  EXPECT_EQ(peer.connections(), 1);
}

TEST_F(HttpTransportTest, CancellationEndsABody) {
  ScriptedPeer peer([&](RawConnection& connection, int) {
    connection.ReadTo("\r\n\r\n");
    connection.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    connection.ReadAll();
  });
  const Result<Response> response = Send(peer.origin());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body.stream()->Next(kNever).value(), "abc");
  auto canceller = runtime_.Spawn("canceller", [&] { cancel_.Cancel(); });
  EXPECT_EQ(response->body.stream()->Next(kNever).error().code, Code::kCancelled);
  canceller->Join();
}

TEST_F(HttpTransportTest, ABodyMayOutliveTransportAndToken) {
  ServerFixture fixture(EchoBody);
  auto transport = std::make_unique<HttpTransport>(HttpTransportOptions{}, runtime_);
  auto cancel = std::make_unique<CancelToken>();
  Request request;
  request.method = "POST";
  request.origin = fixture.origin();
  request.body = std::string(1'000'000, 'x');
  Result<Response> response = transport->Send(request, {}, *cancel);
  ASSERT_TRUE(response);
  transport.reset();
  cancel.reset();
  ASSERT_TRUE(response->body.Buffer(10'000'000, kNever));
  EXPECT_GT(response->body.bytes().size(), 1'000'000u);
}

TEST_F(HttpTransportTest, KeepsNoMoreIdleConnectionsThanAllowedAndNoneThatIsOld) {
  HttpTransportOptions options;
  options.idle_per_origin = 2;
  options.idle_ms = 50;
  HttpTransport transport(options, runtime_);
  std::atomic<int> running{0};
  ServerFixture fixture([&](Request&, const Peer&, CancelToken&) {
    ++running;
    EXPECT_TRUE(Eventually([&] { return running >= 4; }));
    return TextResponse(200, "x");
  });
  Request request;
  request.origin = fixture.origin();
  std::vector<std::unique_ptr<Task>> tasks;
  for (int i = 0; i < 4; ++i) {
    tasks.push_back(runtime_.Spawn("client", [&] {
      CancelToken cancel;
      EXPECT_TRUE(transport.Send(request, {}, cancel));
    }));
  }
  for (const auto& task : tasks) task->Join();
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() <= 2; }));
  runtime_.SleepUntil(runtime_.Now() + 60ms);
  EXPECT_TRUE(transport.Send(request, {}, cancel_));
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() == 1; }));
}

TEST_F(HttpTransportTest, RefusesWhatIsNoOriginOrWouldBreakTheRequest) {
  for (const char* origin : {"", "127.0.0.1", "ftp://a", "http://", "http://a:0", "http://a:x",
                             "http://a/b", "http://u@a", "http://[::1", "http://a:65536"}) {
    EXPECT_EQ(Send(origin).error().code, Code::kInvalid) << origin;
  }
  EXPECT_EQ(ParseOrigin("https://api.example.com").value().port, 443);
  EXPECT_EQ(ParseOrigin("http://[::1]:80").value().host, "::1");
  EXPECT_EQ(ParseOrigin("http://[::1]:80").value().authority, "[::1]:80");
  Request request;
  request.origin = "http://127.0.0.1:1";
  request.headers.Add("X", "a\r\nY: b");
  EXPECT_EQ(transport_.Send(request, {}, cancel_).error().code, Code::kInvalid);
}

class EchoUpgrade final : public UpgradeHandler {
 public:
  void Run(Duplex& client, CancelToken&) override {
    while (true) {
      const Result<std::string> bytes = client.Read(kNever);
      if (!bytes || bytes->empty() || !client.Write(*bytes)) return;
    }
  }
};

class UpgradeTest : public HttpTransportTest {
 protected:
  static Response Upgrade(Request& request, const Peer&, CancelToken&) {
    if (request.headers.Get("upgrade") != "echo") return TextResponse(426, "upgrade");
    Response response;
    response.status = 101;
    response.headers.Add("Upgrade", "echo");
    response.upgrade = std::make_shared<EchoUpgrade>();
    return response;
  }
  Result<Upgraded> Ask(const std::string& origin, const std::string& protocol) {
    Request request;
    request.origin = origin;
    request.headers.Add("Upgrade", protocol);
    return transport_.Upgrade(request, Within(5s), cancel_);
  }
};

TEST_F(UpgradeTest, GivesBytesBothWaysAfterA101) {
  ServerFixture fixture(Upgrade);
  Result<Upgraded> upgraded = Ask(fixture.origin(), "echo");
  ASSERT_TRUE(upgraded);
  ASSERT_TRUE(upgraded->duplex);
  EXPECT_EQ(upgraded->response.status, 101);
  EXPECT_EQ(upgraded->response.headers.Get("upgrade"), "echo");
  ASSERT_TRUE(upgraded->duplex->Write("ping"));
  EXPECT_EQ(upgraded->duplex->Read(kNever).value(), "ping");
  EXPECT_EQ(upgraded->duplex->Read(runtime_.Now()).error().code, Code::kTimeout);
  std::string large(5'000'000, 'x');
  auto writer = runtime_.Spawn("writer", [&] { EXPECT_TRUE(upgraded->duplex->Write(large)); });
  std::size_t echoed = 0;
  while (echoed < large.size()) echoed += upgraded->duplex->Read(kNever).value().size();
  EXPECT_EQ(echoed, large.size());
  writer->Join();
}

TEST_F(UpgradeTest, AnotherAnswerComesBackWithoutDuplex) {
  ServerFixture fixture(Upgrade);
  Result<Upgraded> upgraded = Ask(fixture.origin(), "other");
  ASSERT_TRUE(upgraded);
  EXPECT_FALSE(upgraded->duplex);
  EXPECT_EQ(upgraded->response.status, 426);
  EXPECT_EQ(upgraded->response.body.bytes(), "upgrade");
}

TEST_F(UpgradeTest, BytesThatCameWithThe101AreReadFirst) {
  ScriptedPeer peer(Answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\nearly"));
  Result<Upgraded> upgraded = Ask(peer.origin(), "echo");
  ASSERT_TRUE(upgraded);
  EXPECT_EQ(upgraded->duplex->Read(kNever).value(), "early");
  EXPECT_EQ(upgraded->duplex->Read(kNever).value(), "") << "the peer has finished";
}

TEST_F(UpgradeTest, CloseAndCancellationEndAReadThatWaits) {
  ServerFixture fixture(Upgrade);
  Result<Upgraded> first = Ask(fixture.origin(), "echo");
  auto closer = runtime_.Spawn("closer", [&] { first->duplex->Close(); });
  EXPECT_EQ(first->duplex->Read(kNever).error().code, Code::kCancelled);
  closer->Join();
  Result<Upgraded> second = Ask(fixture.origin(), "echo");
  auto canceller = runtime_.Spawn("canceller", [&] { cancel_.Cancel(); });
  EXPECT_EQ(second->duplex->Read(kNever).error().code, Code::kCancelled);
  canceller->Join();
}

}  // namespace
}  // namespace mg
