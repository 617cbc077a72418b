#include "core/services/models.h"

#include <gtest/gtest.h>

#include <deque>
#include <mutex>

#include "core/base/json.h"
#include "fakes/ai_gateway.h"
#include "tests/support/ai_wire.h"
#include "tests/support/fixed_random.h"
#include "tests/support/local_transport.h"
#include "tests/support/model_lever.h"
#include "tests/support/recording_log.h"
#include "tests/support/stepped_runtime.h"

namespace mg {
namespace {

using test::kFreeModel;
using test::kPremiumModel;
using Outcome = ModelAnswer::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kChat = R"({"messages":[{"role":"user","content":"What is 2+2?"}]})";

// The AI Gateway fake, with answers of the test's own in front of it while there are any.
class Service final : public Handler {
 public:
  explicit Service(fake::AiGateway& gateway) : gateway_(gateway) {}

  Response Handle(Request& request, const Peer&, CancelToken& caller_gone) override {
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
      if (!script.empty()) {
        Response next = std::move(script.front());
        script.pop_front();
        return next;
      }
    }
    fake::CallNote note;
    return gateway_.Handle(request, note, caller_gone);
  }

  std::vector<Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  // The models that the nth request (from 0) names.
  std::vector<std::string> ModelsOf(std::size_t n) const {
    std::vector<std::string> models;
    const auto body = ParseJson(requests().at(n).body.bytes());
    if (body->is_object()) return {StringAt(*body, "model")};
    for (const Json& step : *body) models.push_back(StringAt(step["query"], "model"));
    return models;
  }

  std::deque<Response> script;

 private:
  fake::AiGateway& gateway_;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
};

Response Failure(int status, std::int64_t code = 0, const char* retry_after = nullptr) {
  Response response = JsonResponse(
      status, code == 0 ? "" : R"({"error":[{"code":)" + std::to_string(code) + R"(}]})");
  if (retry_after != nullptr) response.headers.Set("retry-after", retry_after);
  return response;
}

class ModelRouting : public ::testing::Test {
 protected:
  ModelRouting() {
    settings.ai_gateway.base =
        std::string(test::kWireOrigin) + "/v1/" + test::kWireAccount + "/moltgate";
    settings.ai_gateway.api_key = "gateway-token";
    transport.Route(test::kWireOrigin, service);
    tenant.id = "123e4567-e89b-12d3-a456-426614174000";
    tenant.slug = "acme";
    tenant.sandbox_id = "sk-986c0dc956dc822b";
  }

  ModelAnswer Complete(const std::string& chat = kChat) {
    AiGatewayClient client(transport, settings.ai_gateway);
    Models models(settings, client, runtime, random, log);
    return models.Complete(tenant, "chat", chat, caller);
  }
  void Premium() { tenant.tier = Tier::kPremium; }
  Nanos Elapsed() const { return runtime.Now() - Instant{}; }
  // Every send carried the metadata (AIG-1).
  void ExpectMetadataOnEverySend() const {
    for (const Request& request : service.requests())
      EXPECT_EQ(request.headers.Get("cf-aig-metadata"), MetadataJson(tenant, "chat"));
    for (const auto& seen : gateway.seen())
      EXPECT_EQ(seen.metadata_json, MetadataJson(tenant, "chat"));
  }

  Settings settings;
  Tenant tenant;
  test::SteppedRuntime runtime;
  test::FixedRandom random;
  test::RecordingLog log;
  const fake::Credentials credentials = test::WireCredentials();
  fake::Faults faults{runtime, 1};
  fake::AiGateway gateway{credentials, "", runtime, random, faults};
  Service service{gateway};
  test::LocalTransport transport{runtime};
  CancelToken caller;
};

TEST_F(ModelRouting, AnswersAFreeTenantFromTheFreeModel) {
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kAnswered);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.model, kFreeModel);
  EXPECT_EQ(answer.step, 0);
  EXPECT_EQ(answer.attempts, 1);
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_NE(answer.body.find("2 + 2 = 4"), std::string::npos);
  ASSERT_TRUE(answer.usage);
  EXPECT_EQ(answer.usage->in, 6);
  EXPECT_EQ(answer.usage->out, 5);
  EXPECT_FALSE(answer.cache_hit);
  EXPECT_TRUE(log.lines().empty());
  EXPECT_EQ(service.ModelsOf(0), std::vector<std::string>{kFreeModel});
}

TEST_F(ModelRouting, SendsPremiumAndEnterpriseThePremiumWay) {
  for (const Tier tier : {Tier::kPremium, Tier::kEnterprise}) {
    tenant.tier = tier;
    EXPECT_EQ(Complete().model, kPremiumModel);
  }
  EXPECT_EQ(service.ModelsOf(1), std::vector<std::string>{kPremiumModel});
}

TEST_F(ModelRouting, FailsOverAHangingPrimaryToTheFreeModel) {
  Premium();
  test::Pull(faults, kPremiumModel, {.hang = true});
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kAnswered);
  EXPECT_EQ(answer.step, 1);
  EXPECT_EQ(answer.model, kFreeModel);
  EXPECT_EQ(answer.attempts, 2);
  EXPECT_GE(Elapsed(), milliseconds(40'400));
  EXPECT_LE(Elapsed(), milliseconds(40'600));
  EXPECT_EQ(service.ModelsOf(0), std::vector<std::string>{kPremiumModel});
  EXPECT_EQ(service.ModelsOf(1), (std::vector<std::string>{kPremiumModel, kFreeModel}));
  ExpectMetadataOnEverySend();
  for (const Request& request : service.requests())
    EXPECT_EQ(request.body.bytes().find("maxAttempts"), std::string::npos);
  EXPECT_EQ(log.Events("model_attempt_failed").size(), 1U);
}

TEST_F(ModelRouting, GivesUpOnAHangingFreeModelAfterThreeAttempts) {
  test::Pull(faults, kFreeModel, {.hang = true});
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kTimedOut);
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.attempts, 3);
  EXPECT_EQ(answer.model, kFreeModel);
  EXPECT_GE(Elapsed(), milliseconds(25'200));
  EXPECT_LE(Elapsed(), milliseconds(25'800));
  ExpectMetadataOnEverySend();
}

TEST_F(ModelRouting, TimesOutWhenBothModelsOfTheLastSendHang) {
  Premium();
  test::Pull(faults, kPremiumModel, {.hang = true});
  test::Pull(faults, kFreeModel, {.hang = true});
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kTimedOut);
  EXPECT_EQ(answer.step, 1);
  EXPECT_LE(Elapsed(), milliseconds(48'600));
}

TEST_F(ModelRouting, RepeatsEveryRepeatableFailure) {
  const std::pair<int, std::int64_t> failures[] = {
      {408, 0}, {429, 0}, {429, 2003}, {429, 3021}, {429, 3040}, {500, 0}, {502, 0},   {503, 3050},
      {504, 0}, {520, 0}, {521, 0},    {522, 0},    {523, 0},    {524, 0}, {400, 2005}};
  for (const auto& failure : failures) {
    service.script = {Failure(failure.first, failure.second)};
    const ModelAnswer answer = Complete();
    EXPECT_EQ(answer.outcome, Outcome::kAnswered) << failure.first << " " << failure.second;
    EXPECT_EQ(answer.attempts, 2);
  }
  ExpectMetadataOnEverySend();
}

// Fail the first n sends for n = 0, 1, 2, ...: the answer comes as long as a send is left.
TEST_F(ModelRouting, SendsAgainUntilItSucceedsOrItsAttemptsAreUsedUp) {
  for (const Tier tier : {Tier::kFree, Tier::kPremium}) {
    tenant.tier = tier;
    const int attempts = tier == Tier::kFree ? 3 : 2;
    for (int fail = 0; fail <= attempts; ++fail) {
      for (int n = 0; n < fail; ++n) service.script.push_back(Failure(503));
      const ModelAnswer answer = Complete();
      EXPECT_EQ(answer.outcome, fail < attempts ? Outcome::kAnswered : Outcome::kFailed);
      EXPECT_EQ(answer.attempts, std::min(fail + 1, attempts));
      EXPECT_TRUE(service.script.empty());
      EXPECT_EQ(service.requests().back().headers.Get("cf-aig-metadata"),
                MetadataJson(tenant, "chat"));
    }
  }
}

TEST_F(ModelRouting, RepeatsTransportFailuresWhetherOrNotTheCallArrived) {
  for (int fail = 1; fail <= 3; ++fail) {
    for (const Code code : {Code::kUnavailable, Code::kUnknownOutcome, Code::kCorrupt}) {
      test::LocalTransport flaky(runtime);
      flaky.Route(test::kWireOrigin, service);
      auto& hook = code == Code::kUnavailable ? flaky.before : flaky.after;
      hook = [&](int number, const Request&) -> std::optional<Error> {
        if (number > fail) return std::nullopt;
        return Error{code, "connection lost", true};
      };
      AiGatewayClient client(flaky, settings.ai_gateway);
      Models models(settings, client, runtime, random, log);
      const ModelAnswer answer = models.Complete(tenant, "", kChat, caller);
      EXPECT_EQ(answer.outcome, fail < 3 ? Outcome::kAnswered : Outcome::kFailed);
      EXPECT_EQ(answer.status, fail < 3 ? 200 : 502);
      EXPECT_EQ(flaky.calls(), std::min(fail + 1, 3));
    }
  }
}

TEST_F(ModelRouting, GivesTheCallerItsOwnErrorsAndBudgetsAfterOneAttempt) {
  const std::pair<int, std::int64_t> failures[] = {
      {429, 2041}, {429, 2045}, {429, 3036}, {400, 5006}, {400, 0},
      {404, 3042}, {413, 3006}, {424, 2016}, {400, 5028}, {422, 0}};
  for (const auto& failure : failures) {
    service.script.push_back(Failure(failure.first, failure.second));
    const std::string body = service.script.front().body.bytes();
    const ModelAnswer answer = Complete();
    EXPECT_EQ(answer.outcome, Outcome::kCallerError) << failure.first << " " << failure.second;
    EXPECT_EQ(answer.status, failure.first);
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.attempts, 1);
    EXPECT_EQ(answer.usage, std::nullopt);
  }
}

TEST_F(ModelRouting, KeepsOurOwnFaultsFromTheCaller) {
  const std::pair<int, std::int64_t> failures[] = {
      {401, 2009}, {401, 10000}, {402, 2021}, {403, 5018}, {403, 0}, {400, 2001},
      {400, 2008}, {400, 2009},  {400, 2040}, {501, 0},    {302, 0}, {525, 0}};
  for (const auto& failure : failures) {
    service.script.push_back(Failure(failure.first, failure.second));
    const ModelAnswer answer = Complete();
    EXPECT_EQ(answer.outcome, Outcome::kFailed) << failure.first << " " << failure.second;
    EXPECT_EQ(answer.status, 502);
    EXPECT_TRUE(answer.body.empty());
    EXPECT_EQ(answer.attempts, 1);
    EXPECT_NE(answer.cause.find(std::to_string(failure.first)), std::string::npos);
  }
}

TEST_F(ModelRouting, ReportsTheKindOfTheLastFailure) {
  service.script = {Failure(500), Failure(500), Failure(429, 3040)};
  ModelAnswer answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kRateLimited);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.retry_after_seconds, 5);
  service.script = {Failure(500), Failure(500), Failure(429, 3040, "17")};
  EXPECT_EQ(Complete().retry_after_seconds, 17);
  service.script = {Failure(429), Failure(429), Failure(503)};
  answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kFailed);
  EXPECT_EQ(answer.status, 502);
  service.script = {Failure(500), Failure(500), Failure(504)};
  EXPECT_EQ(Complete().status, 504);
  service.script = {Failure(400, 2005), Failure(400, 2005), Failure(400, 2005)};
  EXPECT_EQ(Complete().status, 502);  // at once, so it was no time limit
}

TEST_F(ModelRouting, WaitsHalfASecondThenOneWithJitter) {
  std::vector<Nanos> waits;
  for (int round = 0; round < 6; ++round) {
    service.script = {Failure(500), Failure(500)};
    const Nanos before = Elapsed();
    EXPECT_EQ(Complete().attempts, 3);
    waits.push_back(Elapsed() - before);
    EXPECT_GE(waits.back(), milliseconds(1200));
    EXPECT_LE(waits.back(), milliseconds(1800));
  }
  EXPECT_NE(waits.front(), waits.back());
}

TEST_F(ModelRouting, HonoursARetryAfterOfUpToFiveSeconds) {
  const struct {
    const char* header;
    int least_ms;
    int most_ms;
  } cases[] = {{"3", 3000, 3000},
               {"5", 5000, 5000},
               {"0", 400, 600},
               {"6", 400, 600},
               {"-1", 400, 600},
               {"Sun, 22 Nov 2026 10:00:00 GMT", 400, 600},
               {"99999999999999999999", 400, 600}};
  for (const auto& c : cases) {
    service.script = {Failure(429, 0, c.header)};
    const Nanos before = Elapsed();
    EXPECT_EQ(Complete().attempts, 2);
    EXPECT_GE(Elapsed() - before, milliseconds(c.least_ms)) << c.header;
    EXPECT_LE(Elapsed() - before, milliseconds(c.most_ms)) << c.header;
  }
}

// Takes every request and says nothing until its deadline.
class SilentTransport final : public Transport {
 public:
  explicit SilentTransport(Runtime& runtime) : runtime_(runtime) {}
  Result<Response> Send(const Request&, const Deadlines& deadlines, CancelToken&) override {
    limits.push_back(deadlines.first_byte - runtime_.Now());
    runtime_.SleepUntil(std::min(deadlines.first_byte, deadlines.total));
    return Error{Code::kUnknownOutcome, "no answer", true};
  }
  Result<Upgraded> Upgrade(const Request&, const Deadlines&, CancelToken&) override {
    return Error{Code::kInternal, "not for this test", false};
  }
  std::vector<Nanos> limits;

 private:
  Runtime& runtime_;
};

TEST_F(ModelRouting, KeepsItsOwnTimersWhenAiGatewayItselfIsSilent) {
  SilentTransport silent(runtime);
  AiGatewayClient client(silent, settings.ai_gateway);
  Models models(settings, client, runtime, random, log);
  ModelAnswer answer = models.Complete(tenant, "", kChat, caller);
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.attempts, 3);
  EXPECT_EQ(silent.limits[0], seconds(9));
  EXPECT_EQ(silent.limits[1], seconds(9));
  EXPECT_LT(silent.limits[2], seconds(9));  // what the whole request has left
  EXPECT_EQ(Elapsed(), milliseconds(3 * 8000 + 600 + 1200 + 2000));

  Premium();
  silent.limits.clear();
  const Nanos before = Elapsed();
  answer = models.Complete(tenant, "", kChat, caller);
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(silent.limits[0], seconds(21));
  EXPECT_EQ(silent.limits[1], seconds(29));
  EXPECT_LE(Elapsed() - before, milliseconds(20'000 + 600 + 28'000 + 2000));
}

// Some bytes, then what the test says.
class BrokenBody final : public BodyStream {
 public:
  BrokenBody(Runtime& runtime, std::string first, bool stalls)
      : runtime_(runtime), first_(std::move(first)), stalls_(stalls) {}
  Result<std::string> Next(Instant deadline) override {
    if (!first_.empty()) return std::exchange(first_, "");
    if (stalls_) runtime_.SleepUntil(deadline);
    return Error{Code::kUnknownOutcome, "cut", true};
  }

 private:
  Runtime& runtime_;
  std::string first_;
  bool stalls_;
};

TEST_F(ModelRouting, RepeatsAnAnswerThatBreaksOffOrStalls) {
  Premium();
  for (const bool stalls : {false, true}) {
    Response broken;
    broken.body = Body(std::make_shared<BrokenBody>(runtime, R"({"choices":[)", stalls));
    service.script = {broken};
    const Nanos before = Elapsed();
    const ModelAnswer answer = Complete();
    EXPECT_EQ(answer.outcome, Outcome::kAnswered);
    EXPECT_EQ(answer.attempts, 2);
    EXPECT_GE(Elapsed() - before, stalls ? seconds(30) : seconds(0));
    EXPECT_LE(Elapsed() - before, stalls ? seconds(31) : seconds(1));
  }
  service.script = {JsonResponse(200, R"({"choices":[)"), JsonResponse(200, "<html>")};
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kFailed);
  EXPECT_EQ(answer.status, 502);
  EXPECT_TRUE(answer.body.empty());
}

TEST_F(ModelRouting, ReadsNoAnswerBeyondEightMebibytes) {
  service.script = {JsonResponse(200, std::string((std::size_t{8} << 20) + 1, ' '))};
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kFailed);
  EXPECT_EQ(answer.attempts, 1);
}

TEST_F(ModelRouting, ReadsUsageAndCacheHitsFromTheAnswer) {
  const struct {
    const char* body;
    std::optional<std::int64_t> in;
  } cases[] = {
      {R"({"usage":{"prompt_tokens":7,"completion_tokens":0}})", 7},
      {R"({"result":{"usage":{"prompt_tokens":8,"completion_tokens":1}}})", 8},
      {R"({"usage":{"prompt_tokens":7}})", std::nullopt},
      {R"({"usage":{"prompt_tokens":-7,"completion_tokens":1}})", std::nullopt},
      {R"({"usage":null})", std::nullopt},
      {R"({"usage":{"prompt_tokens":"7","completion_tokens":1}})", std::nullopt},
      {R"({})", std::nullopt},
  };
  for (const auto& c : cases) {
    service.script = {JsonResponse(200, c.body)};
    const ModelAnswer answer = Complete();
    EXPECT_EQ(answer.outcome, Outcome::kAnswered);
    EXPECT_EQ(answer.usage.has_value(), c.in.has_value()) << c.body;
    if (answer.usage && c.in) {
      EXPECT_EQ(answer.usage->in, *c.in);
    }
  }
  service.script = {JsonResponse(200, "{}")};
  service.script.front().headers.Set("cf-aig-cache-status", "HIT");
  EXPECT_TRUE(Complete().cache_hit);
  service.script = {JsonResponse(200, "{}")};
  service.script.front().headers.Set("cf-aig-cache-status", "MISS");
  EXPECT_FALSE(Complete().cache_hit);
}

TEST_F(ModelRouting, DoesNotBelieveAStepThatItDidNotSend) {
  for (const char* step : {"1", "7", "-1", "x", "99999999999999999999"}) {
    service.script = {JsonResponse(200, "{}")};
    service.script.front().headers.Set("cf-aig-step", step);
    const ModelAnswer answer = Complete();
    EXPECT_EQ(answer.step, 0);
    EXPECT_EQ(answer.model, kFreeModel);
  }
  EXPECT_EQ(log.Events("model_step_out_of_range").size(), 5U);
}

TEST_F(ModelRouting, RunsTheSamePolicyOverProviderEndpoints) {
  settings.ai_gateway.strategy = AiStrategy::kDirect;
  Premium();
  test::Pull(faults, kPremiumModel, {.hang = true});
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kAnswered);
  EXPECT_EQ(answer.step, 1);
  EXPECT_EQ(answer.model, kFreeModel);
  EXPECT_EQ(answer.attempts, 3);
  EXPECT_LE(Elapsed(), milliseconds(40'600));
  EXPECT_EQ(service.requests()[0].headers.Get("cf-aig-request-timeout"), "20000");
  EXPECT_EQ(service.requests()[2].headers.Get("cf-aig-request-timeout"), "8000");
  EXPECT_EQ(service.ModelsOf(2), std::vector<std::string>{kFreeModel});
  ExpectMetadataOnEverySend();

  service.script = {Failure(400, 5006)};
  EXPECT_EQ(Complete().attempts, 1);
}

TEST_F(ModelRouting, LetsTheCallerNameOnlyModelsOfItsRoute) {
  Premium();
  const auto outcome = [&](const std::string& model_json) {
    return Complete(R"({"model":)" + model_json + R"(,"messages":[{"role":"user","content":"1"}]})")
        .outcome;
  };
  for (const std::string& model :
       {std::string("auto"), std::string(kPremiumModel), std::string(kFreeModel),
        std::string("workers-ai/") + kFreeModel})
    EXPECT_EQ(outcome("\"" + model + "\""), Outcome::kAnswered) << model;
  EXPECT_EQ(outcome("null"), Outcome::kAnswered);
  // Naming the fallback changes no routing.
  EXPECT_EQ(service.ModelsOf(2), std::vector<std::string>{kPremiumModel});
  const std::size_t sends = service.requests().size();
  for (const char* model : {R"("gpt-4")", R"("")", R"("workers-ai/")", R"("AUTO")", "1", "{}",
                            R"("workers-ai/auto")", R"("@cf/openai/gpt-oss-20b")"})
    EXPECT_EQ(outcome(model), Outcome::kModelNotFound) << model;
  tenant.tier = Tier::kFree;
  EXPECT_EQ(outcome("\"" + std::string(kPremiumModel) + "\""), Outcome::kModelNotFound);
  EXPECT_EQ(service.requests().size(), sends);
}

TEST_F(ModelRouting, OverridesThePrimaryAndWarnsOnce) {
  settings.models.override_primary = "@cf/openai/gpt-oss-20b";
  AiGatewayClient client(transport, settings.ai_gateway);
  Models models(settings, client, runtime, random, log);
  EXPECT_EQ(models.Complete(tenant, "", kChat, caller).model, "@cf/openai/gpt-oss-20b");
  EXPECT_EQ(models.Names(tenant), std::vector<std::string>{"@cf/openai/gpt-oss-20b"});
  Premium();
  EXPECT_EQ(models.Names(tenant), (std::vector<std::string>{"@cf/openai/gpt-oss-20b", kFreeModel}));
  test::Pull(faults, "@cf/openai/gpt-oss-20b", {.status = 500});
  EXPECT_EQ(models.Complete(tenant, "", kChat, caller).model, kFreeModel);
  EXPECT_EQ(log.Events("model_override").size(), 1U);

  settings.models.override_primary = kFreeModel;  // the fallback itself: one model is left
  Models same(settings, client, runtime, random, log);
  EXPECT_EQ(same.Names(tenant), std::vector<std::string>{kFreeModel});
}

TEST_F(ModelRouting, ShowsAnOperatorWhatATenantGets) {
  Premium();
  tenant.platform = "telegram";
  AiGatewayClient client(transport, settings.ai_gateway);
  Models models(settings, client, runtime, random, log);
  const RoutingView view = models.Routing(tenant);
  EXPECT_EQ(view.route.primary, kPremiumModel);
  EXPECT_EQ(view.route.fallback, kFreeModel);
  EXPECT_EQ(view.route.first_byte_ms, 20'000);
  EXPECT_EQ(view.route.fallback_first_byte_ms, 8'000);
  EXPECT_EQ(view.route.attempts, 2);
  EXPECT_EQ(view.strategy, "universal");
  EXPECT_EQ(
      view.metadata_json,
      R"({"platform":"telegram","sandbox_id":"sk-986c0dc956dc822b","tier":"premium","workload":"chat"})");
}

TEST_F(ModelRouting, StopsWhenTheCallerHasGone) {
  caller.Cancel();
  EXPECT_EQ(Complete().outcome, Outcome::kCancelled);
  EXPECT_TRUE(service.requests().empty());
}

TEST_F(ModelRouting, StopsInTheMiddleOfAWaitWhenTheCallerGoes) {
  service.script = {Failure(500)};
  transport.after = [&](int, const Request&) -> std::optional<Error> {
    caller.Cancel();
    return Error{Code::kUnavailable, "lost", true};
  };
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.outcome, Outcome::kCancelled);
  EXPECT_EQ(answer.attempts, 1);
  EXPECT_EQ(Elapsed(), Nanos{0});
  EXPECT_TRUE(log.Events("model_attempt_failed").empty());
}

TEST_F(ModelRouting, LogsEachFailedAttemptWithoutTextsOrSecrets) {
  settings.ai_gateway.workers_ai_token = "workers-token";
  Premium();
  test::Pull(faults, kPremiumModel, {.status = 500});
  test::Pull(faults, kFreeModel, {.status = 503});
  const ModelAnswer answer = Complete(R"({"messages":[{"role":"user","content":"privateword"}]})");
  EXPECT_EQ(answer.status, 502);
  const auto lines = log.Events("model_attempt_failed");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].Field("sandbox_id"), "sk-986c0dc956dc822b");
  EXPECT_EQ(lines[0].Field("model"), kPremiumModel);
  EXPECT_EQ(lines[0].Field("attempt"), "1");
  EXPECT_EQ(lines[0].Field("cause"), "status 500 code 3043");
  EXPECT_EQ(lines[1].Field("model"), kFreeModel);
  EXPECT_EQ(lines[1].Field("attempt"), "2");
  for (const char* secret : {"privateword", "gateway-token", "workers-token"})
    EXPECT_EQ((log.AllText() + answer.cause).find(secret), std::string::npos) << secret;
}

TEST(ModelMetadata, HasFourStringsAndFallsBackToItsDefaults) {
  Tenant tenant;
  tenant.sandbox_id = "sk-986c0dc956dc822b";
  const auto of = [&](std::string_view workload) {
    return *ParseJson(MetadataJson(tenant, workload));
  };
  EXPECT_EQ(of(""), (Json{{"platform", "web"},
                          {"tier", "free"},
                          {"workload", "chat"},
                          {"sandbox_id", "sk-986c0dc956dc822b"}}));
  for (const char* workload : {"chat", "summarization", "analysis"})
    EXPECT_EQ(of(workload)["workload"], workload);
  for (const char* workload : {"Chat", "other", "chat\r\nx: y"})
    EXPECT_EQ(of(workload)["workload"], "chat");
  tenant.tier = Tier::kPremium;
  EXPECT_EQ(of("")["tier"], "premium");
  tenant.tier = Tier::kEnterprise;
  EXPECT_EQ(of("")["tier"], "premium");
}

TEST(ModelMetadata, CutsLongValuesAndStaysPrintableAscii) {
  Tenant tenant;
  for (int i = 0; i < 70; ++i) tenant.platform += "\xc3\xa9";
  const std::string text = MetadataJson(tenant, "");
  for (const char c : text) EXPECT_TRUE(c >= ' ' && c < 0x7f);
  const std::string platform = (*ParseJson(text))["platform"];
  EXPECT_EQ(platform.size(), 128U);  // 64 characters of two bytes
  tenant.platform = "line\nbreak\x7f";
  for (const char c : MetadataJson(tenant, "")) EXPECT_TRUE(c >= ' ' && c < 0x7f);
  tenant.platform = "\xff\xfe";
  EXPECT_EQ((*ParseJson(MetadataJson(tenant, "")))["platform"], "web");
}

}  // namespace
}  // namespace mg
