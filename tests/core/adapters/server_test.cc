#include "core/adapters/server.h"

#include <gtest/gtest.h>

#include <atomic>

#include "tests/core/adapters/support.h"

namespace mg {
namespace {

using namespace std::string_literals;

Response Echo(Request& request, const Peer&, CancelToken&) {
  return TextResponse(200, request.method + " " + request.target + " " + request.body.bytes());
}

std::string Get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

bool StartsWith(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Server, AnswersSeveralRequestsOnOneConnection) {
  ServerFixture fixture(Echo);
  RawConnection client = fixture.Connect();
  for (int i = 0; i < 3; ++i) {
    client.Send(Get("/" + std::to_string(i)));
    const std::string answer = client.ReadAnswer();
    EXPECT_TRUE(StartsWith(answer, "HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(EndsWith(answer, "GET /" + std::to_string(i) + " ")) << answer;
    EXPECT_TRUE(Contains(answer, "\r\nDate: ")) << answer;
  }
  EXPECT_EQ(fixture.server().connection_count(), 1u);
}

TEST(Server, TellsTheHandlerTheMethodTargetBodyAndPeer) {
  std::string seen;
  ServerFixture fixture([&](Request& request, const Peer& peer, CancelToken&) {
    seen = request.method + "|" + request.target + "|" + request.body.bytes() + "|" + peer.address +
           "|" + std::string(request.headers.Get("X-Mark")) + "|" + request.origin;
    return Response{};
  });
  RawConnection client = fixture.Connect();
  client.Send("PUT /a%2Fb?x=1 HTTP/1.1\r\nHost: h\r\nX-Mark: m\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_TRUE(StartsWith(client.ReadAnswer(), "HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(seen, "PUT|/a%2Fb?x=1|body|127.0.0.1|m|");
}

TEST(Server, ServesPipelinedRequestsInOrderHoweverMany) {
  ServerFixture fixture(Echo);
  RawConnection client = fixture.Connect();
  constexpr int kRequests = 100;  // more than one turn's worth
  std::string all;
  for (int i = 0; i < kRequests; ++i) all += Get("/" + std::to_string(i));
  client.Send(all);
  for (int i = 0; i < kRequests; ++i) {
    EXPECT_TRUE(EndsWith(client.ReadAnswer(), "GET /" + std::to_string(i) + " "));
  }
}

TEST(Server, ATrickledRequestIsAnsweredAndHoldsNoWorkerMeanwhile) {
  ServerOptions options;
  options.max_workers = 2;
  ServerFixture fixture(Echo, options);
  std::vector<RawConnection> slow;
  for (int i = 0; i < 20; ++i) slow.push_back(fixture.Connect());
  const std::string request = "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t at = 0; at < request.size(); ++at) {
    for (RawConnection& client : slow) client.Send(request.substr(at, 1));
    if (at != request.size() / 2) continue;
    RawConnection quick = fixture.Connect();
    quick.Send(Get("/quick"));
    EXPECT_TRUE(EndsWith(quick.ReadAnswer(), "GET /quick "));
  }
  for (RawConnection& client : slow) {
    EXPECT_TRUE(EndsWith(client.ReadAnswer(), "POST /slow hello"));
  }
  EXPECT_EQ(fixture.server().worker_count(), 2);
}

TEST(Server, AThousandIdleConnectionsNeitherDelayANewClientNorAddThreads) {
  ServerFixture fixture(Echo);
  std::vector<RawConnection> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(fixture.Connect());
    idle.back().Send(Get("/"));
  }
  for (RawConnection& client : idle) EXPECT_TRUE(EndsWith(client.ReadAnswer(), "GET / "));
  EXPECT_EQ(fixture.server().connection_count(), 1000u);
  Nanos best = Nanos::max();  // of three: other tests may run beside this one
  for (int i = 0; i < 3; ++i) {
    const Instant before = fixture.runtime().Now();
    RawConnection client = fixture.Connect();
    client.Send(Get("/new"));
    EXPECT_TRUE(EndsWith(client.ReadAnswer(), "GET /new "));
    best = std::min(best, fixture.runtime().Now() - before);
  }
  EXPECT_LT(best, 20ms);
  EXPECT_LE(fixture.server().worker_count(), 16);
}

struct BadRequest {
  const char* name;
  std::string bytes;
  int status;
};

class ServerRefuses : public testing::TestWithParam<BadRequest> {};

TEST_P(ServerRefuses, AndClosesTheConnection) {
  std::atomic<int> calls{0};
  ServerFixture fixture([&](Request& request, const Peer& peer, CancelToken& gone) {
    ++calls;
    return Echo(request, peer, gone);
  });
  RawConnection client = fixture.Connect();
  client.Send(GetParam().bytes);
  const std::string answer = client.ReadAnswer();
  EXPECT_TRUE(StartsWith(answer, "HTTP/1.1 " + std::to_string(GetParam().status) + " ")) << answer;
  EXPECT_TRUE(Contains(answer, "Connection: close\r\n")) << answer;
  EXPECT_TRUE(Contains(answer, "{\"error\":\"")) << answer;
  EXPECT_TRUE(client.Ended());
  EXPECT_EQ(calls, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Server, ServerRefuses,
    testing::Values(
        BadRequest{"LengthWithCoding",
                   "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                   400},
        BadRequest{"TwoLengths",
                   "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
                   "hello",
                   400},
        BadRequest{"SignedLength", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
                   400},
        BadRequest{"ListedLength", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,5\r\n\r\nhello",
                   400},
        BadRequest{"UnknownCoding",
                   "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
        BadRequest{"TwoHosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        BadRequest{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
        BadRequest{"BareLineFeed", "GET / HTTP/1.1\nHost: a\n\n", 400},
        BadRequest{"Folding", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400},
        BadRequest{"SpaceBeforeColon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        BadRequest{"NulInValue", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"s, 400},
        BadRequest{"UnknownVersion", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
        BadRequest{"LowerCaseVersion", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        BadRequest{"ControlByteInMethod", "G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        BadRequest{"LongTarget", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n", 414},
        BadRequest{"EndlessHead", Get("/").substr(0, 25) + "X: " + std::string(200'000, 'a'), 431}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Server, ABadRequestAfterAGoodOneIsRefusedInItsOrder) {
  ServerFixture fixture(Echo);
  RawConnection client = fixture.Connect();
  client.Send(Get("/good") + "nonsense\r\n\r\n" + Get("/smuggled"));
  EXPECT_TRUE(EndsWith(client.ReadAnswer(), "GET /good "));
  EXPECT_TRUE(StartsWith(client.ReadAnswer(), "HTTP/1.1 400 "));
  EXPECT_TRUE(client.Ended());
}

TEST(Server, TellsASlowSenderThatItTookTooLongAndClosesSilentlyOnAnIdleOne) {
  ServerOptions options;
  options.head_timeout_ms = 50;
  options.idle_timeout_ms = 50;
  ServerFixture fixture(Echo, options);
  RawConnection slow = fixture.Connect();
  RawConnection idle = fixture.Connect();
  slow.Send("GET / HTT");
  EXPECT_TRUE(StartsWith(slow.ReadAnswer(), "HTTP/1.1 408 "));
  EXPECT_TRUE(slow.Ended());
  EXPECT_EQ(idle.ReadAll(), "");
  EXPECT_TRUE(idle.Ended());
}

TEST(Server, TheHeadsDeadlineRunsFromItsFirstByteHoweverOftenMoreComes) {
  ServerOptions options;
  options.head_timeout_ms = 300;
  ServerFixture fixture(Echo, options);
  RawConnection client = fixture.Connect();
  const Instant start = fixture.runtime().Now();
  client.Send("GET / HTTP/1.1\r\nX: ");
  while (!client.Readable(20ms)) client.Send("a");
  EXPECT_LT(fixture.runtime().Now() - start, 2s);
  EXPECT_TRUE(StartsWith(client.ReadAnswer(), "HTTP/1.1 408 "));
}

TEST(Server, AsksForABodyOnlyWhenTheHandlerReadsIt) {
  ServerFixture fixture([](Request& request, const Peer&, CancelToken&) {
    if (request.target == "/refused") return TextResponse(401, "no");
    EXPECT_TRUE(request.body.is_stream());
    EXPECT_TRUE(request.body.Buffer(100, kNever));
    return TextResponse(200, request.body.bytes());
  });
  const std::string rest =
      " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  RawConnection client = fixture.Connect();
  client.Send("POST /" + rest);
  EXPECT_EQ(client.ReadTo("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("body");
  EXPECT_TRUE(EndsWith(client.ReadAnswer(), "\r\n\r\nbody"));
  client.Send("POST /refused" + rest);
  EXPECT_TRUE(StartsWith(client.ReadAnswer(), "HTTP/1.1 401 "));
  EXPECT_TRUE(client.Ended());
}

TEST(Server, StreamsAChunkedRequestBodyAndGoesOnAfterIt) {
  ServerFixture fixture([](Request& request, const Peer&, CancelToken&) {
    const Status read = request.body.Buffer(1'000'000, kNever);
    return TextResponse(200, read ? request.body.bytes() : read.error().message);
  });
  RawConnection client = fixture.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  client.Send("lo\r\n1;x=y\r\n!\r\n0\r\nT: x\r\n\r\n" + Get("/next"));
  EXPECT_TRUE(EndsWith(client.ReadAnswer(), "\r\n\r\nhello!"));
  EXPECT_TRUE(StartsWith(client.ReadAnswer(), "HTTP/1.1 200 "));
}

TEST(Server, ReportsAMalformedOrCutOrStalledRequestBodyToTheHandler) {
  ServerOptions options;
  options.body_timeout_ms = 50;
  Mutex mutex;
  std::vector<Code> codes;
  ServerFixture fixture(
      [&](Request& request, const Peer&, CancelToken&) {
        const Status read = request.body.Buffer(1'000, kNever);
        Lock lock(mutex);
        codes.push_back(read ? Code::kInternal : read.error().code);
        return TextResponse(400, "bad body");
      },
      options);
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  RawConnection malformed = fixture.Connect();
  malformed.Send(head + "zz\r\n");
  EXPECT_TRUE(StartsWith(malformed.ReadAnswer(), "HTTP/1.1 400 "));
  EXPECT_TRUE(malformed.Ended());
  RawConnection cut = fixture.Connect();
  cut.Send(head + "5\r\nhe");
  cut.FinishWriting();
  cut.ReadAll();
  RawConnection stalled = fixture.Connect();
  stalled.Send(head + "5\r\nhe");
  EXPECT_TRUE(StartsWith(stalled.ReadAnswer(), "HTTP/1.1 400 "));
  EXPECT_EQ(codes, (std::vector<Code>{Code::kCorrupt, Code::kCancelled, Code::kTimeout}));
}

TEST(Server, SendsEachChunkOfAStreamAsSoonAsItComes) {
  std::atomic<int> released{0};
  ServerFixture fixture([&](Request&, const Peer&, CancelToken&) {
    auto next = std::make_shared<int>(0);
    Response response;
    response.body = Body(std::make_shared<FunctionStream>([&, next](Instant) {
      EXPECT_TRUE(Eventually([&] { return released >= *next; }));
      return Result<std::string>(++*next <= 3 ? "chunk" + std::to_string(*next) : "");
    }));
    return response;
  });
  RawConnection client = fixture.Connect();
  client.Send(Get("/"));
  EXPECT_TRUE(Contains(client.ReadTo("\r\n\r\n"), "Transfer-Encoding: chunked\r\n"));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(client.ReadTo("chunk" + std::to_string(i) + "\r\n"),
              "6\r\nchunk" + std::to_string(i) + "\r\n");
    ++released;
  }
  EXPECT_EQ(client.ReadTo("\r\n\r\n"), "0\r\n\r\n");
  client.Send(Get("/"));  // and the connection is still good
  EXPECT_TRUE(StartsWith(client.ReadTo("\r\n"), "HTTP/1.1 200 "));
  released = 10;
}

TEST(Server, AStreamThatFailsIsCutSoThatTheClientCanSeeIt) {
  ServerFixture fixture([](Request& request, const Peer&, CancelToken&) {
    auto first = std::make_shared<bool>(true);
    Response response;
    std::optional<std::uint64_t> length;
    if (request.target == "/length") length = 100;
    response.body = Body(std::make_shared<FunctionStream>([first](Instant) -> Result<std::string> {
                           if (std::exchange(*first, false)) return std::string("some");
                           return Error{Code::kUnknownOutcome, "upstream broke"};
                         }),
                         length);
    return response;
  });
  RawConnection chunked = fixture.Connect();
  chunked.Send(Get("/"));
  EXPECT_TRUE(EndsWith(chunked.ReadAll(), "\r\n\r\n4\r\nsome\r\n")) << "no last chunk";
  RawConnection length = fixture.Connect();
  length.Send(Get("/length"));
  EXPECT_TRUE(EndsWith(length.ReadAll(), "\r\n\r\nsome"));
  EXPECT_TRUE(Eventually([&] { return fixture.log().Has("reason=upstream broke"); }));
}

TEST(Server, AnHttp10ClientGetsAStreamUnframedAndTheConnectionsEnd) {
  ServerFixture fixture([](Request&, const Peer&, CancelToken&) {
    auto left = std::make_shared<int>(2);
    Response response;
    response.body = Body(std::make_shared<FunctionStream>(
        [left](Instant) { return Result<std::string>(std::string((*left)-- > 0 ? "ab" : "")); }));
    return response;
  });
  RawConnection client = fixture.Connect();
  client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string answer = client.ReadAll();
  EXPECT_TRUE(EndsWith(answer, "\r\n\r\nabab")) << answer;
  EXPECT_TRUE(Contains(answer, "Connection: close\r\n")) << answer;
}

TEST(Server, AHeadRequestGetsTheHeadAlone) {
  ServerFixture fixture(Echo);
  RawConnection client = fixture.Connect();
  client.Send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/y"));
  const std::string head = client.ReadTo("\r\n\r\n");
  EXPECT_TRUE(Contains(head, "Content-Length: 8\r\n")) << head;
  EXPECT_TRUE(EndsWith(client.ReadAnswer(), "GET /y "));
}

TEST(Server, AnEarlyRefusalReachesAClientThatStillSends) {
  ServerFixture fixture(
      [](Request&, const Peer&, CancelToken&) { return TextResponse(413, "too big"); });
  RawConnection client = fixture.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
  client.Send(std::string(60'000, 'x'));  // within what is drained
  const std::string answer = client.ReadAnswer();
  EXPECT_TRUE(StartsWith(answer, "HTTP/1.1 413 ")) << answer;
  EXPECT_TRUE(Contains(answer, "Connection: close\r\n")) << answer;
  EXPECT_TRUE(client.Ended());
  while (client.Send(std::string(60'000, 'x'))) {  // and beyond it the connection is closed
  }
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() == 0; }));
}

TEST(Server, AnUnreadSmallBodyDoesNotSpoilTheNextRequest) {
  ServerFixture fixture([](Request& request, const Peer&, CancelToken&) {
    return TextResponse(200, request.target);
  });
  RawConnection client = fixture.Connect();
  client.Send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\nGET / HTTP/1.1" +
              Get("/b"));
  EXPECT_TRUE(EndsWith(client.ReadAnswer(), "\r\n\r\n/a"));
  EXPECT_TRUE(EndsWith(client.ReadAnswer(), "\r\n\r\n/b"));
}

TEST(Server, ACallerThatLeavesCancelsItsRequestEvenWithAllWorkersButOneBusy) {
  ServerOptions options;
  options.max_workers = 3;
  std::atomic<int> running{0};
  std::atomic<int> cancelled{0};
  ServerFixture fixture(
      [&](Request&, const Peer&, CancelToken& gone) {
        ++running;
        if (Eventually([&] { return gone.cancelled(); }, 10s)) ++cancelled;
        return TextResponse(200, "late");
      },
      options);
  RawConnection first = fixture.Connect();
  first.Send(Get("/"));
  RawConnection second = fixture.Connect();
  second.Send(Get("/"));
  ASSERT_TRUE(Eventually([&] { return running == 2; }));
  EXPECT_EQ(cancelled, 0);
  first.Close();
  EXPECT_TRUE(Eventually([&] { return cancelled == 1; }, 1s));
  second.Reset();
  EXPECT_TRUE(Eventually([&] { return cancelled == 2; }, 1s));
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() == 0; }));
}

TEST(Server, ABurstOfBlockedRequestsGrowsTheWorkersToTheLimitAndTheRestWait) {
  ServerOptions options;
  options.max_workers = 8;
  std::atomic<int> running{0};
  std::atomic<bool> released{false};
  ServerFixture fixture(
      [&](Request&, const Peer&, CancelToken&) {
        ++running;
        Eventually([&] { return released.load(); });
        --running;
        return TextResponse(200, "done");
      },
      options);
  std::vector<RawConnection> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(fixture.Connect());
    clients.back().Send(Get("/"));
  }
  EXPECT_TRUE(Eventually([&] { return running == 8; }));
  EXPECT_EQ(fixture.server().worker_count(), 8);
  released = true;
  for (RawConnection& client : clients) EXPECT_TRUE(EndsWith(client.ReadAnswer(), "done"));
}

TEST(Server, AnExceptionIsLoggedAndAnswered500WithoutItsText) {
  ServerFixture fixture([](Request& request, const Peer&, CancelToken&) -> Response {
    if (request.target == "/number") throw 7;
    if (request.target == "/header") {
      Response response;
      response.headers.Add("X", "a\r\nSet-Cookie: stolen=1");
      return response;
    }
    if (request.target == "/status") return TextResponse(100, "");
    throw std::runtime_error("inner detail");
  });
  RawConnection client = fixture.Connect();
  for (const char* target : {"/", "/number", "/header", "/status"}) {
    client.Send(Get(target));
    const std::string answer = client.ReadAnswer();
    EXPECT_TRUE(StartsWith(answer, "HTTP/1.1 500 ")) << answer;
    EXPECT_TRUE(EndsWith(answer, "{\"error\":\"Internal error\",\"code\":\"internal_error\"}"));
    EXPECT_FALSE(Contains(answer, "detail"));
    EXPECT_FALSE(Contains(answer, "stolen"));
  }
  EXPECT_TRUE(fixture.log().Has("inner detail"));
}

class EchoUpgrade final : public UpgradeHandler {
 public:
  void Run(Duplex& client, CancelToken&) override {
    while (true) {
      const Result<std::string> bytes = client.Read(kNever);
      if (!bytes || bytes->empty()) break;
      if (!client.Write("<" + *bytes + ">")) break;
    }
    if (!client.Write("bye")) return;
  }
};

TEST(Server, AnUpgradedConnectionBelongsToItsHandlerBothWaysUntilTheEnd) {
  ServerFixture fixture([](Request&, const Peer&, CancelToken&) {
    Response response;
    response.status = 101;
    response.headers.Add("Upgrade", "echo");
    response.upgrade = std::make_shared<EchoUpgrade>();
    return response;
  });
  RawConnection client = fixture.Connect();
  client.Send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly");
  const std::string head = client.ReadTo("\r\n\r\n");
  EXPECT_TRUE(StartsWith(head, "HTTP/1.1 101 ")) << head;
  EXPECT_TRUE(Contains(head, "Connection: Upgrade\r\n")) << head;
  EXPECT_EQ(client.ReadTo(">"), "<early>");
  client.Send("more");
  EXPECT_EQ(client.ReadTo(">"), "<more>");
  client.FinishWriting();  // what the handler still says must arrive
  EXPECT_EQ(client.ReadAll(), "bye");
}

TEST(Server, ATakenPortIsAnErrorThatNamesIt) {
  ServerFixture fixture(Echo);
  ServerOptions options;
  options.port = fixture.port();
  FunctionHandler handler(Echo);
  Server second(options, handler, fixture.runtime(), fixture.log());
  const Status started = second.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::kUnavailable);
  EXPECT_TRUE(Contains(started.error().message, "127.0.0.1:" + std::to_string(fixture.port())))
      << started.error().message;
}

TEST(Server, ListensOnIpv6WhenAsked) {
  ServerOptions options;
  options.host = "::1";
  ThreadRuntime runtime;
  MemoryLog log;
  FunctionHandler handler(Echo);
  Server server(options, handler, runtime, log);
  if (!server.Start()) GTEST_SKIP() << "no IPv6 here";
  EXPECT_NE(server.port(), 0);
  server.Stop(runtime.Now());
}

TEST(Server, StopLetsARequestInFlightFinishAndRefusesNewOnes) {
  std::atomic<bool> running{false};
  std::atomic<bool> released{false};
  ServerFixture fixture([&](Request&, const Peer&, CancelToken& gone) {
    running = true;
    Eventually([&] { return released.load(); });
    EXPECT_FALSE(gone.cancelled());
    return TextResponse(200, "whole");
  });
  RawConnection idle = fixture.Connect();
  RawConnection client = fixture.Connect();
  client.Send(Get("/"));
  ASSERT_TRUE(Eventually([&] { return running.load(); }));
  auto stopper = fixture.runtime().Spawn(
      "stopper", [&] { fixture.server().Stop(fixture.runtime().Now() + 10s); });
  EXPECT_TRUE(idle.Ended());
  released = true;
  const std::string answer = client.ReadAnswer();
  EXPECT_TRUE(EndsWith(answer, "whole")) << answer;
  EXPECT_TRUE(Contains(answer, "Connection: close\r\n")) << answer;
  stopper->Join();
  EXPECT_EQ(fixture.server().connection_count(), 0u);
}

TEST(Server, StopCancelsWhatIsNotDoneByTheDeadline) {
  std::atomic<bool> running{false};
  ServerFixture fixture([&](Request&, const Peer&, CancelToken& gone) {
    running = true;
    EXPECT_TRUE(Eventually([&] { return gone.cancelled(); }, 10s));
    return TextResponse(200, "cut");
  });
  RawConnection client = fixture.Connect();
  client.Send(Get("/"));
  ASSERT_TRUE(Eventually([&] { return running.load(); }));
  const Instant before = fixture.runtime().Now();
  fixture.server().Stop(before + 50ms);
  EXPECT_LT(fixture.runtime().Now() - before, 3s);
  EXPECT_TRUE(client.Ended());
}

TEST(Server, AClientThatTakesNoBytesIsGivenUp) {
  ServerOptions options;
  options.write_timeout_ms = 50;
  ServerFixture fixture(
      [](Request&, const Peer&, CancelToken&) {
        return TextResponse(200, std::string(64 * 1024 * 1024, 'x'));
      },
      options);
  RawConnection client = fixture.Connect();
  client.Send(Get("/"));
  EXPECT_TRUE(Eventually([&] { return fixture.log().Has("takes no bytes"); }));
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() == 0; }));
}

TEST(Server, SendsALargeAnswerWhole) {
  std::string large;
  for (int i = 0; i < 1'000'000; ++i) large += static_cast<char>('a' + i % 26);
  ServerFixture fixture(
      [&](Request&, const Peer&, CancelToken&) { return TextResponse(200, large); });
  RawConnection client = fixture.Connect();
  client.Send(Get("/"));
  EXPECT_TRUE(EndsWith(client.ReadAnswer(), large));
}

TEST(Server, HoldsWhenCallersComeAskAndLeaveAtOnce) {
  ServerFixture fixture(Echo);
  std::vector<std::unique_ptr<Task>> tasks;
  for (int t = 0; t < 4; ++t) {
    tasks.push_back(fixture.runtime().Spawn("client", [&fixture, t] {
      for (int i = 0; i < 100; ++i) {
        RawConnection client = fixture.Connect();
        client.Send(Get("/a"));
        if (i % 3 == 0) continue;  // leaves without its answer
        EXPECT_TRUE(EndsWith(client.ReadAnswer(), "GET /a "));
        client.Send(i % 2 == 0 ? Get("/b") : "GET /b HT");
        if (t % 2 == 0) client.Reset();
      }
    }));
  }
  for (const auto& task : tasks) task->Join();
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() == 0; }));
}

}  // namespace
}  // namespace mg
