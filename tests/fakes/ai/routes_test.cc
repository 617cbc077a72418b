#include "fakes/ai/routes.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/check.h"
#include "core/base/json.h"
#include "fakes/ai/condition.h"
#include "fakes/ai/route_walk.h"
#include "tests/support/fixed_random.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

Json Parsed(const std::string& text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *json : Json();
}

TEST(AiCondition, ComparesAsMongoDoes) {
  const Json metadata{{"plan", "free"}, {"seats", 12}, {"beta", true}};
  const struct {
    const char* condition;
    bool holds;
  } cases[] = {
      {R"({"metadata.plan":{"$eq":"free"}})", true},
      {R"({"metadata.plan":"free"})", true},
      {R"({"metadata.plan":{"$ne":"free"}})", false},
      {R"({"metadata.none":{"$eq":"free"}})", false},
      {R"({"metadata.none":{"$ne":"free"}})", true},
      {R"({"metadata.seats":{"$gt":11,"$lte":12}})", true},
      {R"({"metadata.seats":{"$gte":12.0}})", true},
      {R"({"metadata.seats":{"$lt":12}})", false},
      {R"({"metadata.seats":{"$gt":"11"}})", false},
      {R"({"metadata.plan":{"$gt":"basic"}})", true},
      {R"({"metadata.beta":{"$eq":true}})", true},
      {R"({"metadata.plan":{"$in":["free","team"]}})", true},
      {R"({"metadata.plan":{"$nin":["team"]}})", true},
      {R"({"metadata.none":{"$in":["free"]}})", false},
      {R"({"$or":[{"metadata.plan":"team"},{"metadata.seats":12}]})", true},
      {R"({"$and":[{"metadata.plan":"free"},{"metadata.seats":13}]})", false},
      {R"({"metadata.plan":"free","metadata.seats":13})", false},
      {R"([{"metadata.plan":"free"},{"metadata.seats":12}])", true},
      {R"({})", true},
  };
  for (const auto& c : cases) {
    const Json condition = Parsed(c.condition);
    EXPECT_FALSE(CheckCondition(condition)) << c.condition;
    EXPECT_EQ(Holds(condition, metadata), c.holds) << c.condition;
  }
  EXPECT_FALSE(Holds(Parsed(R"({"metadata.plan":"free"})"), Json()));
}

TEST(AiCondition, RefusesWhatItCannotEvaluate) {
  std::string deep = R"({"metadata.a":1})";
  for (int i = 0; i < 20; ++i) deep = R"({"$and":[)" + deep + "]}";
  for (const std::string& condition :
       {std::string(R"("free")"), std::string(R"({"body.model":"x"})"),
        std::string(R"({"metadata.a":{"$regex":"x"}})"), std::string(R"({"$or":{}})"),
        std::string(R"({"metadata.a":{"$in":1}})"), std::string(R"({"metadata.a":{}})"),
        std::string(R"({"metadata.a":{"$eq":{}}})"), std::string(R"({"$not":[]})"), deep})
    EXPECT_TRUE(CheckCondition(Parsed(condition))) << condition;
}

const Json kEnd{{"id", "end"}, {"type", "end"}, {"outputs", Json::object()}};

Json To(const std::string& id) {
  return Json{{"elementId", id}};
}
Json Start(const std::string& next) {
  return Json{{"id", "start"}, {"type", "start"}, {"outputs", {{"next", To(next)}}}};
}
Json Model(const std::string& id, const std::string& success, const std::string& fallback,
           const Json& more = {{"timeout", 0}, {"retries", 1}}) {
  Json properties{{"provider", "workers-ai"}, {"model", "@cf/" + id}};
  properties.update(more);
  return Json{{"id", id},
              {"type", "model"},
              {"outputs", {{"success", To(success)}, {"fallback", To(fallback)}}},
              {"properties", properties}};
}
Json Node(const std::string& type, const Json& outputs, const Json& properties = Json::object()) {
  return Json{{"id", "n"}, {"type", type}, {"outputs", outputs}, {"properties", properties}};
}
// start -> n, and two models that "n" may lead to.
Json Leading(const Json& node) {
  return Json::array({Start("n"), node, Model("a", "end", "end"), Model("b", "end", "end"), kEnd});
}

std::vector<std::string> ProblemsOf(const Json& elements) {
  std::vector<AiFieldProblem> problems;
  EXPECT_EQ(ReadRouteGraph(elements, problems), nullptr) << DumpJson(elements);
  std::vector<std::string> texts;
  for (const AiFieldProblem& problem : problems) {
    std::string path;
    for (const std::string& part : problem.path) path += part + "/";
    texts.push_back(path + " " + problem.message);
  }
  return texts;
}

TEST(AiRouteGraph, SaysWhatIsWrongAndWhere) {
  const Json no_model = Model("a", "end", "end", {{"timeout", "1s"}, {"retries", 9}});
  const struct {
    Json elements;
    const char* problem;
  } cases[] = {
      {Json::object(), "elements/ Expected an array of 1 to 100 elements"},
      {Json::array({kEnd}), "elements/ A route needs a start"},
      {Json::array({Start("nowhere")}),
       "elements/0/outputs/next/ elementId names no element of this route"},
      {Json::array({Start("end"), kEnd, kEnd}), "elements/2/id/ Two elements have this id"},
      {Json::array({Start("a"), Model("a", "end", "a"), kEnd}),
       "elements/ The route runs in a circle"},
      {Leading(Node("switch", Json::object())),
       "elements/1/type/ Invalid enum value. Expected 'start' | 'conditional' | 'percentage' | "
       "'rate' | 'rate_limit' | 'model' | 'end', received 'switch'"},
      {Leading(Node("percentage", {{"half", To("a")}, {"else", To("b")}})),
       "elements/1/outputs/ \"half\" is no share such as \"10%\""},
      {Leading(Node("percentage", {{"60%", To("a")}, {"50%", To("b")}})),
       "elements/1/outputs/ The shares are more than 100%"},
      {Leading(Node("percentage", {{"60%", To("a")}})),
       "elements/1/outputs/ The shares are less than 100% and there is no else"},
      {Leading(Node("conditional", {{"true", To("a")}, {"false", To("b")}})),
       "elements/1/properties/condition/ Required"},
      {Leading(Node("rate", {{"success", To("a")}},
                    {{"key", "body.user"}, {"limit", 1}, {"limitType", "count"}, {"window", 60}})),
       "elements/1/properties/key/ \"body.user\" is no field of metadata.*"},
      {Json::array({Start("a"), no_model, kEnd}),
       "elements/1/properties/timeout/ Expected number, received string"},
  };
  for (const auto& c : cases) {
    const auto problems = ProblemsOf(c.elements);
    ASSERT_FALSE(problems.empty()) << DumpJson(c.elements);
    EXPECT_EQ(problems.front(), c.problem);
  }
}

class Walk : public ::testing::Test {
 protected:
  void Graph(const Json& elements) {
    std::vector<AiFieldProblem> problems;
    graph = ReadRouteGraph(elements, problems);
    MG_CHECK(graph != nullptr, problems.front().message);
  }
  AiRouteWalk Begin(const Json& metadata) {
    return AiRouteWalk(graph, "route", std::make_shared<const Json>(metadata), windows, runtime,
                       random);
  }
  std::string FirstModel(const Json& metadata) {
    AiRouteWalk walk = Begin(metadata);
    const AiRouteNode* node = walk.Next();
    return node == nullptr ? "" : node->model;
  }

  test::SteppedRuntime runtime;
  test::FixedRandom random;
  AiWindows windows;
  std::shared_ptr<const AiRouteGraph> graph;
};

TEST_F(Walk, FallsBackFromModelToModelAndEnds) {
  Graph(Json::array({Start("a"), Model("a", "end", "b", {{"timeout", 60000}, {"retries", 2}}),
                     Model("b", "end", "end"), kEnd}));
  AiRouteWalk walk = Begin(Json());
  const AiRouteNode* node = walk.Next();
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(node->model, "@cf/a");
  EXPECT_EQ(node->timeout_ms, 60'000);
  EXPECT_EQ(node->tries, 3);
  walk.Report(false);
  node = walk.Next();
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(node->model, "@cf/b");
  walk.Report(true);
  EXPECT_EQ(walk.Next(), nullptr);
}

TEST_F(Walk, BranchesOnMetadataInBothSchemas) {
  for (const char* word : {"condition", "conditions"}) {
    Json properties = Json::object();
    properties[word] = {{"metadata.tier", {{"$eq", "premium"}}}};
    Graph(Leading(Node("conditional", {{"true", To("a")}, {"false", To("b")}}, properties)));
    EXPECT_EQ(FirstModel(Json{{"tier", "premium"}}), "@cf/a");
    EXPECT_EQ(FirstModel(Json{{"tier", "free"}}), "@cf/b");
    EXPECT_EQ(FirstModel(Json()), "@cf/b");
  }
}

TEST_F(Walk, SharesAreDrawn) {
  Graph(Leading(Node("percentage", {{"10%", To("a")}, {"else", To("b")}})));
  int tenth = 0;
  for (int i = 0; i < 2000; ++i) tenth += FirstModel(Json()) == "@cf/a" ? 1 : 0;
  EXPECT_GT(tenth, 150);
  EXPECT_LT(tenth, 250);
}

TEST_F(Walk, RatesAreCountedByKeyInBothSchemas) {
  const Json counts{{"key", "metadata.user"}, {"limit", 2}, {"limitType", "count"}};
  Json of_api = counts, of_docs = counts;
  of_api["window"] = 60;
  of_docs["interval"] = 60;
  of_docs["technique"] = "fixed";
  const Json outputs{{"success", To("a")}, {"fallback", To("b")}};
  for (const auto& [type, properties] :
       {std::pair<std::string, Json>{"rate", of_api}, {"rate_limit", of_docs}}) {
    windows.Forget("");
    Graph(Leading(Node(type, outputs, properties)));
    const Json user{{"user", "u1"}};
    EXPECT_EQ(FirstModel(user), "@cf/a");
    EXPECT_EQ(FirstModel(user), "@cf/a");
    EXPECT_EQ(FirstModel(user), "@cf/b");
    EXPECT_EQ(FirstModel(Json{{"user", "u2"}}), "@cf/a");
    EXPECT_EQ(FirstModel(Json()), "@cf/a");  // without the key nothing is counted
    runtime.Advance(std::chrono::seconds(60));
    EXPECT_EQ(FirstModel(user), "@cf/a");
  }
}

TEST_F(Walk, ARateWithoutAFallbackEndsTheRoute) {
  Graph(Leading(
      Node("rate_limit", {{"success", To("a")}},
           {{"key", "metadata.user"}, {"limit", 0}, {"limitType", "count"}, {"interval", 60}})));
  EXPECT_EQ(FirstModel(Json{{"user", "u1"}}), "");
}

TEST_F(Walk, BudgetsFillWithWhatAnswersCost) {
  Graph(Leading(
      Node("rate", {{"success", To("a")}, {"fallback", To("b")}},
           {{"key", "metadata.user"}, {"limit", 0.01}, {"limitType", "cost"}, {"window", 60}})));
  const Json user{{"user", "u1"}};
  AiRouteWalk walk = Begin(user);
  ASSERT_EQ(walk.Next()->model, "@cf/a");
  walk.Report(true);
  walk.Book(PicodollarsOf(0.01), {});
  EXPECT_EQ(FirstModel(user), "@cf/a");  // not booked yet
  runtime.Advance(std::chrono::seconds(2));
  EXPECT_EQ(FirstModel(user), "@cf/b");
}

TEST(AiRoutes, AreKeptWithTheirVersionsAndDeploymentsAndSurviveARestart) {
  const std::string folder = ::testing::TempDir() + "ai_routes_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  test::SteppedRuntime runtime;
  test::FixedRandom random;
  const Json one = Json::array({Start("a"), Model("a", "end", "end"), kEnd});
  const Json two = Json::array({Start("b"), Model("b", "end", "end"), kEnd});
  std::string id;
  {
    AiDocuments documents(folder + "/ai.sqlite");
    AiRoutes routes(documents, runtime, random);
    AiRoutes::Route route;
    ASSERT_EQ(routes.Create("g", "support", one, route), AiKept::kYes);
    id = route->id;
    EXPECT_EQ(routes.Create("g", "support", one, route), AiKept::kExists);
    ASSERT_EQ(routes.Create("other", "support", one, route), AiKept::kYes);
    ASSERT_EQ(routes.AddVersion("g", id, two, route), AiKept::kYes);
    EXPECT_EQ(*routes.FindByName("g", "support")->Deployed().elements, one);
    EXPECT_EQ(routes.Deploy("g", id, "nothing", route), AiKept::kMissing);
    ASSERT_EQ(routes.Deploy("g", id, route->versions.back().id, route), AiKept::kYes);
    ASSERT_EQ(routes.Rename("g", id, "help", route), AiKept::kYes);
    EXPECT_EQ(routes.FindByName("g", "support"), nullptr);
  }
  AiDocuments documents(folder + "/ai.sqlite");
  AiRoutes routes(documents, runtime, random);
  AiRoutes::Route route = routes.FindByName("g", "help");
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->id, id);
  EXPECT_EQ(route->versions.size(), 2U);
  EXPECT_EQ(route->deployments.size(), 2U);
  EXPECT_EQ(*route->Deployed().elements, two);
  EXPECT_EQ(route->graph->nodes.size(), 3U);
  EXPECT_EQ(routes.Delete("g", id, route), AiKept::kYes);
  EXPECT_EQ(routes.Delete("g", id, route), AiKept::kMissing);
  EXPECT_EQ(routes.List("g").size(), 0U);
  EXPECT_EQ(routes.List("other").size(), 1U);
}

}  // namespace
}  // namespace mg::fake
