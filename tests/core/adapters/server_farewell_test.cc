// Callers that send slowly, or send their whole body before they read what is said to it.
#include <gtest/gtest.h>

#include <string>

#include "core/adapters/server.h"
#include "tests/core/adapters/support.h"

namespace mg {
namespace {

TEST(Server, ASmallBodysDeadlineRunsFromItsHeadHoweverOftenMoreComes) {
  ServerOptions options;
  options.body_timeout_ms = 300;
  ServerFixture fixture([](Request&, const Peer&, CancelToken&) { return TextResponse(200, "ok"); },
                        options);
  RawConnection client = fixture.Connect();
  const Instant start = fixture.runtime().Now();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
  while (!client.Readable(20ms)) client.Send("a");
  EXPECT_LT(fixture.runtime().Now() - start, 2s);
  EXPECT_EQ(client.ReadAnswer().substr(0, 12), "HTTP/1.1 408");
}

// It would get a reset, and its kernel might drop the answer with it.
TEST(Server, ARefusalReachesAClientThatSendsItsWholeBodyBeforeItReads) {
  ServerFixture fixture([](Request& request, const Peer&, CancelToken&) {
    const Status read = request.body.Buffer(8 << 20, kNever);
    return read ? TextResponse(200, "") : TextResponse(413, "too large");
  });
  constexpr std::size_t kBody = 9 << 20;
  const std::string body(kBody, 'x');
  const std::string line = "POST / HTTP/1.1\r\nHost: a\r\n";
  RawConnection known = fixture.Connect();
  EXPECT_TRUE(known.Send(line + "Content-Length: " + std::to_string(kBody) + "\r\n\r\n"));
  EXPECT_TRUE(known.Send(body));
  EXPECT_EQ(known.ReadAnswer().substr(0, 12), "HTTP/1.1 413");
  EXPECT_TRUE(known.Ended());
  RawConnection chunked = fixture.Connect();
  EXPECT_TRUE(chunked.Send(line + "Transfer-Encoding: chunked\r\n\r\n900000\r\n"));
  EXPECT_TRUE(chunked.Send(body));
  EXPECT_EQ(chunked.ReadAnswer().substr(0, 12), "HTTP/1.1 413");
}

TEST(Server, IsDoneWithARefusedClientThatSendsWithoutEnd) {
  ServerFixture fixture(
      [](Request&, const Peer&, CancelToken&) { return TextResponse(401, "no"); });
  RawConnection client = fixture.Connect();
  client.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n");
  const std::string piece(1 << 20, 'x');
  int sent = 0;
  while (sent < 64 && client.Send(piece)) ++sent;
  EXPECT_LT(sent, 64) << "each of a mebibyte; 16 are thrown away, some wait in the kernel";
}

}  // namespace
}  // namespace mg
