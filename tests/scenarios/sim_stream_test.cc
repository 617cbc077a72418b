// A model's stream in virtual time: how long it takes, and what happens when its reader goes.
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "fakes/ai/knobs_json.h"
#include "fakes/fake_settings.h"
#include "scenarios/sim/world.h"
#include "tests/scenarios/sim_support.h"

namespace mg::sim {
namespace {

class SimStream : public testing::Test {
 protected:
  // Runs `read` with the stream of a sum that takes a second a token, of which there are five.
  template <class Read>
  void Run(Read read) {
    WorldOptions options;
    ASSERT_TRUE(fake::SetAiKnobs(*ParseJson(R"({"tokens_per_second":1})"), options.ai));
    World world(std::move(options));
    world.runtime().Run([&] {
      const fake::Credentials& credentials = world.credentials();
      Request request;
      request.method = "POST";
      request.origin = kApiOrigin;
      request.target = "/v1/" + credentials.account_id + "/" + credentials.ai_gateway_id +
                       "/workers-ai/@cf/meta/llama-3.1-8b-instruct-fp8-fast";
      request.headers = {{"cf-aig-authorization", "Bearer " + credentials.ai_gateway_token},
                         {"authorization", "Bearer " + credentials.api_token}};
      request.body = Body(R"({"prompt":"2+2","stream":true})");
      CancelToken cancel;
      auto answer = world.transport().Send(request, {}, cancel);
      ASSERT_TRUE(answer);
      read(world.runtime(), answer->body, cancel);
      world.runtime().SleepUntil(world.runtime().Now() + 1ms);  // the other side notices
    });
    for (const fake::JournalEntry& entry : world.journal().Since(0))
      if (entry.operation == "ai.run") call = entry;
  }

  fake::JournalEntry call;
};

TEST_F(SimStream, TakesItsTimeAndIsRecordedAtItsEnd) {
  Run([](SimRuntime& runtime, Body& body, CancelToken&) {
    ASSERT_TRUE(body.Buffer(10'000, kNever));
    EXPECT_EQ(runtime.Now(), At(4s));
  });
  EXPECT_EQ(call.outcome, "ok");
  EXPECT_EQ(call.duration_us, 4'000'000);
}

TEST_F(SimStream, EndsWhenItsReaderIsCancelled) {
  Run([](SimRuntime& runtime, Body& body, CancelToken& cancel) {
    auto canceller = runtime.Spawn("canceller", [&] {
      runtime.SleepUntil(At(2500ms));
      cancel.Cancel();
    });
    const Status read = body.Buffer(10'000, kNever);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::kCancelled);
    EXPECT_EQ(runtime.Now(), At(2500ms));
    canceller->Join();
  });
  EXPECT_EQ(call.outcome, "cancelled");
  EXPECT_EQ(call.duration_us, 2'500'000);
}

TEST_F(SimStream, EndsWhenItIsDropped) {
  Run([](SimRuntime&, Body& body, CancelToken&) {
    ASSERT_TRUE(body.stream()->Next(kNever));
    ASSERT_TRUE(body.stream()->Next(kNever));
    body = Body();
  });
  EXPECT_EQ(call.outcome, "cancelled");
  EXPECT_EQ(call.status, 200);
}

TEST_F(SimStream, EndsAtTheDeadlineBetweenChunks) {
  Run([](SimRuntime& runtime, Body& body, CancelToken&) {
    ASSERT_TRUE(body.stream()->Next(kNever));
    ASSERT_TRUE(body.stream()->Next(kNever));
    const auto late = body.stream()->Next(runtime.Now() + 300ms);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Code::kUnknownOutcome);
    EXPECT_EQ(runtime.Now(), At(1300ms));
  });
  EXPECT_EQ(call.outcome, "cancelled");
}

}  // namespace
}  // namespace mg::sim
