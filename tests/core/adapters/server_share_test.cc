// What one client can take from the others: workers and connections.
#include <gtest/gtest.h>

#include <atomic>

#include "core/adapters/server.h"
#include "tests/core/adapters/support.h"

namespace mg {
namespace {

std::string Get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// Counts how many are alive.
std::shared_ptr<const void> Counted(std::atomic<int>& count) {
  ++count;
  return std::shared_ptr<const void>(&count, [&count](const void*) { --count; });
}

constexpr std::size_t kLargeBytes = 8 * 1024 * 1024;  // more than socket buffers take

Response LargeOrSmall(Request& request, const Peer&, CancelToken&) {
  static const std::string large = std::string(kLargeBytes, 'x') + "end";
  return TextResponse(200, request.target == "/small" ? "small" : large);
}

TEST(ServerShare, WhoIsSlowToTakeAWholeAnswerHoldsNoWorker) {
  ServerOptions options;
  options.max_workers = 2;
  ServerFixture fixture(LargeOrSmall, options);
  std::vector<RawConnection> slow;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(fixture.Connect());
    slow.back().Send(Get("/large") + Get("/small"));
  }
  RawConnection quick = fixture.Connect();
  quick.Send(Get("/small"));
  EXPECT_TRUE(EndsWith(quick.ReadAnswer(), "small"));
  for (RawConnection& client : slow) {
    const std::string answer = client.ReadAnswer();
    EXPECT_GT(answer.size(), kLargeBytes);
    EXPECT_TRUE(EndsWith(answer, "xend"));
    EXPECT_TRUE(EndsWith(client.ReadAnswer(), "small")) << "the next one, in its order";
  }
  EXPECT_EQ(fixture.server().worker_count(), 2);
}

TEST(ServerShare, WhoReadsNoAnswersHoldsNoWorkerHoweverManyItAsksFor) {
  ServerOptions options;
  options.max_workers = 2;
  ServerFixture fixture(LargeOrSmall, options);
  std::vector<RawConnection> deaf;
  std::string many;
  for (int i = 0; i < 1000; ++i) many += Get("/small");
  for (int i = 0; i < 3; ++i) {
    deaf.push_back(fixture.Connect());
    // Until neither side has room for more, the server's answers included.
    while (deaf.back().SendNow(many) ||
           Eventually([&] { return deaf.back().SendNow(many); }, 200ms)) {
    }
  }
  RawConnection quick = fixture.Connect();
  quick.Send(Get("/small"));
  EXPECT_TRUE(EndsWith(quick.ReadAnswer(), "small"));
}

TEST(ServerShare, AnAnswerHoldsWhatItHoldsUntilItHasLeftOrIsGivenUp) {
  std::atomic<int> held{0};
  ServerOptions options;
  options.write_timeout_ms = 300;
  ServerFixture fixture(
      [&](Request& request, const Peer& peer, CancelToken& gone) {
        Response response = LargeOrSmall(request, peer, gone);
        response.held = Counted(held);
        return response;
      },
      options);
  RawConnection client = fixture.Connect();
  client.Send(Get("/small"));
  client.ReadAnswer();
  EXPECT_TRUE(Eventually([&] { return held == 0; }));
  client.Send(Get("/large"));
  EXPECT_TRUE(Eventually([&] { return held == 1; }));
  client.ReadAnswer();
  EXPECT_TRUE(Eventually([&] { return held == 0; }));
  client.Send(Get("/large"));
  EXPECT_TRUE(Eventually([&] { return fixture.log().Has("takes no bytes"); }));
  EXPECT_TRUE(Eventually([&] { return held == 0; }));
  RawConnection leaver = fixture.Connect();
  leaver.Send(Get("/large"));
  EXPECT_TRUE(Eventually([&] { return held == 1; }));
  leaver.Reset();
  EXPECT_TRUE(Eventually([&] { return held == 0; }));
}

TEST(ServerShare, AStopWaitsForTheRestOfAnAnswer) {
  ServerFixture fixture(LargeOrSmall);
  RawConnection client = fixture.Connect();
  client.Send(Get("/large"));
  ASSERT_TRUE(client.Readable(5s));
  auto stopper = fixture.runtime().Spawn(
      "stopper", [&] { fixture.server().Stop(fixture.runtime().Now() + 10s); });
  EXPECT_TRUE(EndsWith(client.ReadAnswer(), "xend"));
  stopper->Join();
}

TEST(ServerShare, AStopGivesUpWhoDoesNotTakeTheRestByTheDeadline) {
  ServerFixture fixture(LargeOrSmall);
  RawConnection client = fixture.Connect();
  client.Send(Get("/large"));
  ASSERT_TRUE(client.Readable(5s));
  const Instant before = fixture.runtime().Now();
  fixture.server().Stop(before + 50ms);
  EXPECT_LT(fixture.runtime().Now() - before, 3s);
}

TEST(ServerShare, WorkersThatABurstMadeEndWhenThereIsNothingToDo) {
  std::atomic<int> running{0};
  std::atomic<bool> released{false};
  ServerOptions options;
  options.max_workers = 300;
  options.idle_worker_ms = 50;
  ServerFixture fixture(
      [&](Request&, const Peer&, CancelToken&) {
        ++running;
        Eventually([&] { return released.load(); });
        return TextResponse(200, "done");
      },
      options);
  std::vector<RawConnection> clients;
  for (int i = 0; i < 250; ++i) {
    clients.push_back(fixture.Connect());
    clients.back().Send(Get("/"));
  }
  EXPECT_TRUE(Eventually([&] { return running == 250; }));
  EXPECT_GE(fixture.server().worker_count(), 250);
  released = true;
  for (RawConnection& client : clients) EXPECT_TRUE(EndsWith(client.ReadAnswer(), "done"));
  EXPECT_TRUE(Eventually([&] { return fixture.server().worker_count() == 2; }));
  clients.front().Send(Get("/"));
  EXPECT_TRUE(EndsWith(clients.front().ReadAnswer(), "done"));
}

TEST(ServerShare, OneAddressGetsHalfOfTheConnectionsAndTheRestStaysForOthers) {
  ServerOptions options;
  options.max_connections = 20;
  ServerFixture fixture(LargeOrSmall, options);
  std::vector<RawConnection> greedy;
  for (int i = 0; i < 30; ++i) greedy.push_back(fixture.Connect());
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() == 10; }));
  EXPECT_TRUE(greedy.back().Ended());
  RawConnection other = RawConnection::To(fixture.port(), "127.0.0.2");
  other.Send(Get("/small"));
  EXPECT_TRUE(EndsWith(other.ReadAnswer(), "small"));
  greedy.front().Send(Get("/small"));
  EXPECT_TRUE(EndsWith(greedy.front().ReadAnswer(), "small"));
  greedy.clear();
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() == 1; }));
  RawConnection again = fixture.Connect();
  again.Send(Get("/small"));
  EXPECT_TRUE(EndsWith(again.ReadAnswer(), "small"));
}

}  // namespace
}  // namespace mg
