// Answers that never come, or never end.
#include <gtest/gtest.h>

#include <atomic>

#include "core/adapters/server.h"
#include "core/ports/cancel.h"
#include "tests/core/adapters/support.h"

namespace mg {
namespace {

using namespace std::string_literals;

std::string Get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

TEST(ServerCut, ADroppedConnectionEndsWithoutAByte) {
  std::atomic<int> handled{0};
  ServerFixture fixture([&](Request& request, const Peer&, CancelToken&) {
    ++handled;
    Response response;
    response.drop_connection = request.target != "/fine";
    return response;
  });
  for (const std::string& request :
       {Get("/"), "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nunfinished"s}) {
    RawConnection client = fixture.Connect();
    client.Send(request);
    EXPECT_EQ(client.ReadAll(), "");
    EXPECT_TRUE(client.Ended());
  }
  EXPECT_EQ(handled, 2);
  RawConnection fine = fixture.Connect();
  fine.Send(Get("/fine"));
  EXPECT_TRUE(fine.ReadAnswer().rfind("HTTP/1.1 200 ", 0) == 0);
}

TEST(ServerCut, AStalledStreamEndsWithItsCaller) {
  std::atomic<bool> ended{false};
  ServerFixture fixture([&](Request&, const Peer&, CancelToken& caller_gone) {
    auto first = std::make_shared<bool>(true);
    Response response;
    response.body =
        Body(std::make_shared<FunctionStream>([&, first](Instant deadline) -> Result<std::string> {
               if (std::exchange(*first, false)) return std::string("some");
               SleepUnlessCancelled(fixture.runtime(), deadline, caller_gone);
               ended = true;
               return Error{Code::kCancelled, "gone"};
             }),
             10);
    return response;
  });
  RawConnection client = fixture.Connect();
  client.Send(Get("/"));
  EXPECT_NE(client.ReadTo("some").find("\r\n\r\nsome"), std::string::npos);
  EXPECT_FALSE(client.Readable(50ms));
  EXPECT_FALSE(ended);
  client.Close();
  EXPECT_TRUE(Eventually([&] { return ended.load(); }));
  EXPECT_TRUE(Eventually([&] { return fixture.server().connection_count() == 0; }));
}

}  // namespace
}  // namespace mg
