#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "tests/support/model_lever.h"
#include "tests/support/model_routing.h"
#include "tests/support/scripted_stream.h"

namespace mg {
namespace {

using Outcome = ModelAnswer::Outcome;
using std::chrono::milliseconds;
using test::kFreeModel;
using test::kPremiumModel;

constexpr const char* kRoute = "tiers";

// A route as an operator would deploy it: by metadata.tier to the premium model and from there to
// the free one, or to the free one at once. Says by header which model served.
class DeployedRoute final : public Handler {
 public:
  explicit DeployedRoute(Handler& universal) : universal_(universal) {}

  Response Handle(Request& request, const Peer& peer, CancelToken& caller_gone) override {
    constexpr std::string_view kPath = "/compat/chat/completions";
    const std::string_view path = request.Path();
    if (path.size() < kPath.size() || path.substr(path.size() - kPath.size()) != kPath)
      return universal_.Handle(request, peer, caller_gone);
    Json query = *ParseJson(request.body.bytes());
    EXPECT_EQ(query["model"], std::string("dynamic/") + kRoute);
    const bool premium = (*ParseJson(request.headers.Get("cf-aig-metadata")))["tier"] == "premium";
    Json steps = Json::array();
    if (premium) steps.push_back(Step(request, query, kPremiumModel, 20'000));
    steps.push_back(Step(request, query, kFreeModel, 8'000));
    Request universal = request;
    universal.target = std::string(path.substr(0, path.size() - kPath.size()));
    universal.headers.Remove("authorization");
    universal.body = Body(DumpJson(steps));
    Response response = universal_.Handle(universal, peer, caller_gone);
    const auto step = ParseUint(response.headers.Get("cf-aig-step")).value_or(0);
    if (step < steps.size())
      response.headers.Set("cf-aig-model", StringAt(steps[step]["query"], "model"));
    response.headers.Remove("cf-aig-step");
    return response;
  }

 private:
  static Json Step(const Request& request, Json query, const std::string& model, int limit_ms) {
    query["model"] = model;
    return {{"provider", "workers-ai"},
            {"endpoint", "v1/chat/completions"},
            {"headers", {{"Authorization", request.headers.Get("authorization")}}},
            {"config", {{"requestTimeout", limit_ms}}},
            {"query", query}};
  }

  Handler& universal_;
};

constexpr AiStrategy kStrategies[] = {AiStrategy::kUniversal, AiStrategy::kDirect,
                                      AiStrategy::kDynamic};

class Strategies : public test::ModelRouting {
 protected:
  Strategies() {
    transport.Route(test::kWireOrigin, route);
    settings.ai_gateway.dynamic_route = kRoute;
  }

  DeployedRoute route{service};
};

struct Trouble {
  const char* what;
  test::ModelLever premium;
  test::ModelLever free;
  Outcome outcome;
  int status;
  const char* model;  // that answered, or was asked last
  int step;
};

constexpr test::ModelLever kHangs{.hang = true};

// One policy: who answers, with what, after how much trouble. (Attempts differ: a deployed route
// falls back by itself.)
TEST_F(Strategies, GiveThePremiumCallerTheSameAnswer) {
  const Trouble troubles[] = {
      {"none", {}, {}, Outcome::kAnswered, 200, kPremiumModel, 0},
      {"a hanging primary", kHangs, {}, Outcome::kAnswered, 200, kFreeModel, 1},
      {"a failing primary", {.status = 500}, {}, Outcome::kAnswered, 200, kFreeModel, 1},
      {"a primary over capacity",
       {.status = 429, .code = 3040},
       {},
       Outcome::kAnswered,
       200,
       kFreeModel,
       1},
      {"both hanging", kHangs, kHangs, Outcome::kTimedOut, 504, kFreeModel, 1},
      {"both failing", {.status = 500}, {.status = 503}, Outcome::kFailed, 502, kFreeModel, 1},
      {"both over capacity",
       {.status = 429, .code = 3040},
       {.status = 429, .code = 3040},
       Outcome::kRateLimited,
       429,
       kFreeModel,
       1},
      {"both refusing",
       {.status = 400, .code = 5006},
       {.status = 400, .code = 5006},
       Outcome::kCallerError,
       400,
       nullptr,
       0},
  };
  Premium();
  for (const Trouble& trouble : troubles) {
    for (const AiStrategy strategy : kStrategies) {
      for (const char* chat : {test::kChat, test::kStreamedChat}) {
        settings.ai_gateway.strategy = strategy;
        faults.Remove("lever of " + std::string(kPremiumModel));
        faults.Remove("lever of " + std::string(kFreeModel));
        if (trouble.premium.hang || trouble.premium.status != 0)
          test::Pull(faults, kPremiumModel, trouble.premium);
        if (trouble.free.hang || trouble.free.status != 0)
          test::Pull(faults, kFreeModel, trouble.free);
        const std::string where =
            std::string(trouble.what) + " " + AiStrategyName(strategy) + " " + chat;
        const ModelAnswer answer = Complete(chat);
        EXPECT_EQ(answer.outcome, trouble.outcome) << where;
        EXPECT_EQ(answer.status, trouble.status) << where;
        if (trouble.model == nullptr) continue;
        // A deployed route names no model with a failure.
        const bool named = strategy != AiStrategy::kDynamic || trouble.status == 200;
        if (named) {
          EXPECT_EQ(answer.model, trouble.model) << where;
          EXPECT_EQ(answer.step, trouble.step) << where;
        }
        EXPECT_EQ(answer.stream != nullptr, trouble.status == 200 && chat == test::kStreamedChat)
            << where;
      }
    }
  }
  ExpectMetadataOnEverySend();
}

TEST_F(Strategies, TryTheFreeModelThreeTimes) {
  for (const AiStrategy strategy : kStrategies) {
    settings.ai_gateway.strategy = strategy;
    for (int fail = 0; fail <= 3; ++fail) {
      for (int n = 0; n < fail; ++n) service.script.push_back(test::ModelFailure(503));
      const ModelAnswer answer = Complete();
      EXPECT_EQ(answer.outcome, fail < 3 ? Outcome::kAnswered : Outcome::kFailed);
      EXPECT_EQ(answer.attempts, std::min(fail + 1, 3));
      if (fail < 3) {
        EXPECT_EQ(answer.model, kFreeModel);
      }
      EXPECT_TRUE(service.script.empty());
    }
  }
}

TEST_F(Strategies, SpeakToProviderEndpointsDirectlyOneAttemptEach) {
  settings.ai_gateway.strategy = AiStrategy::kDirect;
  Premium();
  test::Pull(faults, kPremiumModel, kHangs);
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.attempts, 3);
  EXPECT_LE(Elapsed(), milliseconds(40'600));
  EXPECT_EQ(service.requests()[0].headers.Get("cf-aig-request-timeout"), "20000");
  EXPECT_EQ(service.requests()[2].headers.Get("cf-aig-request-timeout"), "8000");
  EXPECT_EQ(service.ModelsOf(2), std::vector<std::string>{kFreeModel});
}

TEST_F(Strategies, LetADeployedRouteFallBackByItself) {
  settings.ai_gateway.strategy = AiStrategy::kDynamic;
  Premium();
  test::Pull(faults, kPremiumModel, kHangs);
  const ModelAnswer answer = Complete();
  EXPECT_EQ(answer.attempts, 1);
  EXPECT_EQ(answer.step, 1);
  EXPECT_EQ(Elapsed(), milliseconds(20'000));
}

// The row names the model that served (USG-2), whatever the route is like.
TEST_F(Strategies, BelieveADeployedRouteAboutItsModel) {
  settings.ai_gateway.strategy = AiStrategy::kDynamic;
  Premium();
  const struct {
    const char* header;
    const char* model;
    int step;
  } cases[] = {{"workers-ai/@cf/meta/llama-3.3-70b-instruct-fp8-fast", kPremiumModel, 0},
               {"@cf/openai/gpt-oss-20b", "@cf/openai/gpt-oss-20b", 2},
               {"", kPremiumModel, 0},
               {"two words\"", kPremiumModel, 0}};
  for (const auto& c : cases) {
    service.script = {JsonResponse(200, "{}")};
    test::LocalTransport plain(runtime);
    plain.Route(test::kWireOrigin, service);
    service.script.front().headers.Set("cf-aig-model", c.header);
    AiGatewayClient client(plain, settings.ai_gateway);
    Models models(settings, client, runtime, random, log);
    const ModelAnswer answer = models.Complete(tenant, "", test::kChat, caller);
    EXPECT_EQ(answer.model, c.model) << c.header;
    EXPECT_EQ(answer.step, c.step) << c.header;
  }
  EXPECT_EQ(log.Events("model_not_of_route").size(), 3U);
}

}  // namespace
}  // namespace mg
