#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ai_wire.h"
#include "tests/support/model_lever.h"
#include "tests/support/scripted_stream.h"
#include "tests/support/world.h"

namespace mg::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Then = fake::FaultRule::Then;

class StreamWorld : public World {
 public:
  StreamWorld() {
    tenant = AddTenant("acme");
    key = AddKey("acme");
  }

  Response Stream() { return Chat("acme", key, "What is 17 + 25?", R"(,"stream":true)"); }
  std::vector<RecordingLog::Line> RequestLines() const { return log.Events("request"); }
  std::string Metrics() { return assembly.services().metrics.PrometheusText(); }
  void Variant(fake::StreamVariant variant) {
    fake::AiKnobs knobs = ai.knobs();
    knobs.models.stream = variant;
    ai.SetKnobs(knobs);
  }
  void GoesWrong(std::int64_t after_chunks, Then then) {
    fake::FaultRule rule;
    rule.operation = "ai.run";
    rule.after_chunks = after_chunks;
    rule.then = then;
    rule.code = 3040;
    faults.Add(rule);
  }

  TenantRecord tenant;
  std::string key;
};

TEST(ModelStreamRoute, StreamsWithTheHeadersOfAnAnswer) {
  StreamWorld w;
  const Response answer = w.Stream();
  ASSERT_EQ(answer.status, 200) << answer.body.bytes();
  ASSERT_TRUE(answer.body.is_stream());
  EXPECT_EQ(answer.body.length(), std::nullopt);
  EXPECT_EQ(answer.headers.Get("content-type"), "text/event-stream");
  EXPECT_EQ(answer.headers.Get("cache-control"), "no-cache");
  EXPECT_EQ(answer.headers.Get("cf-aig-step"), "0");
  EXPECT_EQ(answer.headers.Get("x-moltgate-model"), kFreeModel);
  EXPECT_EQ(answer.headers.Get("x-moltgate-attempts"), "1");
  EXPECT_TRUE(answer.headers.Has("x-ratelimit-remaining"));
  EXPECT_TRUE(answer.headers.Has("x-request-id"));
  const ReadStream read = ReadToEnd(*answer.body.stream());
  EXPECT_FALSE(read.error);
  EXPECT_THAT(read.bytes, HasSubstr("data: [DONE]"));
}

// Usage row, metrics and log line are owed when the body ends, not when the head goes.
TEST(ModelStreamRoute, SettlesAtTheEndOfTheBody) {
  StreamWorld w;
  {
    const Response answer = w.Stream();
    EXPECT_TRUE(w.RequestLines().empty());
    EXPECT_THAT(w.Metrics(), Not(HasSubstr("moltgate_model_calls_total{")));
    w.runtime.Advance(std::chrono::seconds(3));
    ReadToEnd(*answer.body.stream());
    EXPECT_EQ(w.RequestLines().size(), 1U);
  }
  ASSERT_EQ(w.RequestLines().size(), 1U);  // and once
  const auto line = w.RequestLines().front();
  EXPECT_EQ(line.Field("stream"), "answered");
  EXPECT_EQ(line.Field("status"), "200");
  EXPECT_GE(std::stoll(line.Field("duration_us")), 3'000'000);
  EXPECT_LT(std::stoll(line.Field("head_us")), 3'000'000);
  EXPECT_THAT(w.Metrics(), HasSubstr("moltgate_model_calls_total{model=\"" +
                                     std::string(kFreeModel) + "\",outcome=\"answered\"} 1"));
  EXPECT_THAT(w.Metrics(), HasSubstr("moltgate_model_streams_without_usage_total 0"));
  w.FlushUsage();
  const auto rows = w.Rows("SELECT tenant_id, model, latency_ms FROM usage");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].Text("tenant_id"), w.tenant.id);
  EXPECT_EQ(rows[0].Text("model"), kFreeModel);
  EXPECT_GE(rows[0].Int("latency_ms"), 3000);
}

// USG-5: every shape gives one row, with the counts of the same answer in one piece.
TEST(ModelStreamRoute, BillsEveryShapeOfAStreamOnceAndAlike) {
  using fake::StreamVariant;
  StreamWorld w;
  ASSERT_EQ(w.Chat("acme", w.key, "What is 17 + 25?").status, 200);
  const StreamVariant variants[] = {StreamVariant::kPlain,           StreamVariant::kUsageEach,
                                    StreamVariant::kZerosThenNative, StreamVariant::kNumeric,
                                    StreamVariant::kDoubleDone,      StreamVariant::kNoDone};
  for (const StreamVariant variant : variants) {
    w.Variant(variant);
    const Response answer = w.Stream();
    ASSERT_TRUE(answer.body.is_stream());
    EXPECT_FALSE(ReadToEnd(*answer.body.stream()).error);
  }
  w.FlushUsage();
  const auto rows = w.Rows("SELECT tokens_in, tokens_out FROM usage");
  ASSERT_EQ(rows.size(), 1 + std::size(variants));
  for (const auto& row : rows) {
    EXPECT_EQ(row.Int("tokens_in"), rows[0].Int("tokens_in"));
    EXPECT_EQ(row.Int("tokens_out"), rows[0].Int("tokens_out"));
  }
  for (const auto& line : w.RequestLines()) EXPECT_EQ(line.Field("cause"), "");
}

TEST(ModelStreamRoute, PassesAJsonAnswerToAStreamOn) {
  StreamWorld w;
  w.Variant(fake::StreamVariant::kJsonAnswer);
  const Response answer = w.Stream();
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.body.is_stream());
  EXPECT_EQ(answer.headers.Get("content-type"), "application/json");
  EXPECT_THAT(answer.body.bytes(), HasSubstr("choices"));
  w.FlushUsage();
  EXPECT_EQ(w.Rows("SELECT id FROM usage").size(), 1U);
}

TEST(ModelStreamRoute, SaysHowAStreamWentWrongAndBillsNothing) {
  const struct {
    Then then;
    const char* outcome;
  } cases[] = {{Then::kStall, "stalled"},
               {Then::kCut, "cut"},
               {Then::kEnd, "truncated"},
               {Then::kError, "failed"},
               {Then::kErrors, "failed"}};
  for (const auto& c : cases) {
    StreamWorld w;
    w.GoesWrong(2, c.then);
    const Response answer = w.Stream();
    ASSERT_TRUE(answer.body.is_stream()) << c.outcome;
    ReadToEnd(*answer.body.stream());
    ASSERT_EQ(w.RequestLines().size(), 1U) << c.outcome;
    EXPECT_EQ(w.RequestLines().front().Field("stream"), c.outcome);
    const auto broken = w.log.Events("model_stream_broken");
    ASSERT_EQ(broken.size(), 1U) << c.outcome;
    EXPECT_EQ(broken.front().Field("end"), c.outcome);
    EXPECT_EQ(broken.front().Field("sandbox_id"), w.tenant.sandbox_id);
    EXPECT_EQ(broken.front().Field("request_id"), w.RequestLines().front().Field("request_id"));
    EXPECT_THAT(w.Metrics(), HasSubstr(std::string("outcome=\"") + c.outcome + "\"} 1"));
    EXPECT_THAT(w.Metrics(), HasSubstr("moltgate_model_streams_without_usage_total 1"));
    w.FlushUsage();
    EXPECT_TRUE(w.Rows("SELECT id FROM usage").empty()) << c.outcome;
  }
}

TEST(ModelStreamRoute, SettlesWhenTheCallerDropsIt) {
  StreamWorld w;
  {
    const Response answer = w.Stream();
    ASSERT_TRUE(answer.body.stream()->Next(kNever));
    EXPECT_TRUE(w.RequestLines().empty());
  }
  ASSERT_EQ(w.RequestLines().size(), 1U);
  EXPECT_EQ(w.RequestLines().front().Field("stream"), "caller_gone");
  EXPECT_TRUE(w.log.Events("model_stream_broken").empty());
  EXPECT_THAT(w.Metrics(), HasSubstr("outcome=\"caller_gone\"} 1"));
  EXPECT_THAT(w.Metrics(), HasSubstr("moltgate_model_streams_without_usage_total 1"));
  w.FlushUsage();
  EXPECT_TRUE(w.Rows("SELECT id FROM usage").empty());
}

TEST(ModelStreamRoute, RefusesLikeAnyAnswerWhenNoStreamBegins) {
  StreamWorld w;
  Pull(w.faults, kFreeModel, {.status = 503});
  const Response answer = w.Stream();
  EXPECT_EQ(answer.status, 502);
  EXPECT_FALSE(answer.body.is_stream());
  EXPECT_EQ(answer.headers.Get("x-moltgate-attempts"), "3");
  ASSERT_EQ(w.RequestLines().size(), 1U);
  EXPECT_EQ(w.RequestLines().front().Field("stream"), "");
}

TEST(ModelStreamRoute, IsOpenToAgentsToo) {
  StreamWorld w;
  auto running = w.assembly.services().sandboxes.EnsureRunning(
      Tenant{w.tenant.id, "acme", "web", Tier::kFree, w.tenant.sandbox_id}, w.cancel);
  ASSERT_TRUE(running);
  const std::string token = w.agents.Environment(w.tenant.sandbox_id, "OPENAI_API_KEY");
  const Response answer =
      w.Internal(token, R"({"stream":true,"messages":[{"role":"user","content":"1+1"}]})");
  ASSERT_TRUE(answer.body.is_stream()) << answer.body.bytes();
  EXPECT_THAT(ReadToEnd(*answer.body.stream()).bytes, HasSubstr("[DONE]"));
}

// An agent's streamed answer is settled at its end as well, and the last byte of a known length is
// one: the client may be off before anybody asks for more.
TEST(ProxiedStream, SettlesWithTheLastByteOfItsLength) {
  World w;
  w.AddTenant("acme");
  w.AddMember("acme", "ann@example.com");
  class Agent final : public Handler {
   public:
    explicit Agent(Runtime& runtime) : runtime_(runtime) {}
    Response Handle(Request& request, const Peer&, CancelToken&) override {
      if (request.Path() == "/health") return JsonResponse(200, "{}");
      Response response;
      auto stream = std::make_shared<ScriptedStream>(
          runtime_, std::vector<StreamPiece>{{"ab"}, {"cd", std::chrono::seconds(1)}});
      response.body = Body(std::move(stream), 4);
      return response;
    }

   private:
    Runtime& runtime_;
  } agent(w.runtime);
  w.transport.Route(kAgentOrigin, agent);
  const Response answer =
      w.Get("acme", "/file", {{"cookie", w.Cookie("ann@example.com")}, {"accept", "*/*"}});
  ASSERT_EQ(answer.body.length(), 4U);
  EXPECT_EQ(*answer.body.stream()->Next(kNever), "ab");
  EXPECT_TRUE(w.log.Events("request").empty());
  EXPECT_EQ(*answer.body.stream()->Next(kNever), "cd");
  ASSERT_EQ(w.log.Events("request").size(), 1U);
  EXPECT_GE(std::stoll(w.log.Events("request").front().Field("duration_us")), 1'000'000);
}

}  // namespace
}  // namespace mg::test
