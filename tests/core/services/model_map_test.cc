#include "core/services/model_map.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/core/services/registry_world.h"
#include "tests/support/model_routing.h"

namespace mg {
namespace {

constexpr const char* kMap = R"({"free":{"primary":"@cf/a"},"premium":{"primary":"@cf/b"}})";

Json MapWith(const std::string& tier, const std::string& member, const Json& value) {
  Json map = *ParseJson(kMap);
  map[tier][member] = value;
  return map;
}

TEST(ModelMapReading, FillsInWhatIsNotSaid) {
  ModelMap map;
  ASSERT_FALSE(ReadModelMap(*ParseJson(kMap), map));
  EXPECT_EQ(map.free.primary, "@cf/a");
  EXPECT_EQ(map.free.first_byte_ms, 8000);
  EXPECT_EQ(map.free.attempts, 3);
  EXPECT_EQ(map.premium.primary, "@cf/b");
  EXPECT_EQ(map.premium.fallback, "");  // absent is none, whatever is built in
  EXPECT_EQ(map.premium.fallback_first_byte_ms, 0);
  EXPECT_EQ(map.premium.attempts, 2);
}

TEST(ModelMapReading, ReadsWhatIsShown) {
  for (const ModelMap& map :
       {ModelMap(), ModelMap{{"@cf/a", "", 1, 0, 1}, {"@cf/b", "@cf/c", 2, 3, 4}}}) {
    Json shown = ModelMapToJson(map);
    shown["override"] = "@cf/x";
    shown["source"] = "operators";
    ModelMap read;
    ASSERT_FALSE(ReadModelMap(shown, read));
    EXPECT_EQ(ModelMapToJson(read), ModelMapToJson(map));
  }
}

TEST(ModelMapReading, NamesWhatIsWrong) {
  const struct {
    Json map;
    const char* param;
    const char* part;
  } cases[] = {
      {Json::array(), "", "object"},
      {Json::object(), "free", "object"},
      {*ParseJson(R"({"free":{"primary":"a"}})"), "premium", "object"},
      {*ParseJson(R"({"free":{},"premium":{"primary":"b"}})"), "free.primary", "not set"},
      {*ParseJson(R"({"fre":{}})"), "fre", "did you mean \"free\""},
      {MapWith("free", "primary", 7), "free.primary", "string"},
      {MapWith("free", "primary", "two words"), "free.primary", "name of a model"},
      {MapWith("free", "first_byte", 7), "free.first_byte", "did you mean \"first_byte_ms\""},
      {MapWith("free", "first_byte_ms", "8s"), "free.first_byte_ms", "whole number"},
      {MapWith("free", "first_byte_ms", 0), "free.first_byte_ms", "at least 1"},
      {MapWith("free", "first_byte_ms", 1e30), "free.first_byte_ms", "whole number"},
      {MapWith("free", "attempts", 0), "free.attempts", "at least 1"},
      {MapWith("free", "attempts", -1), "free.attempts", "at least 1"},
      {MapWith("free", "attempts", 11), "free.attempts", "at most 10"},
      {MapWith("free", "attempts", UINT64_MAX), "free.attempts", "at most 10"},
      {*ParseJson(R"({"free":{"primary":"a"},
                      "premium":{"primary":"b","fallback":"c","attempts":1}})"),
       "premium.attempts", "at least 2"},
  };
  for (const auto& c : cases) {
    ModelMap map;
    const auto problem = ReadModelMap(c.map, map);
    ASSERT_TRUE(problem) << c.map;
    EXPECT_EQ(problem->param, c.param) << c.map;
    EXPECT_NE(problem->message.find(c.part), std::string::npos) << problem->message;
    EXPECT_EQ(ModelMapToJson(map), ModelMapToJson(ModelMap()));
  }
}

class HotModelMap : public test::ModelRouting {
 protected:
  AiGatewayClient client{transport, settings.ai_gateway};
};

TEST_F(HotModelMap, CountsFromTheNextRequestOn) {
  Models models(settings, client, runtime, random, log);
  EXPECT_FALSE(models.Map().of_operators);
  ModelMap map;
  map.free.primary = test::kPremiumModel;
  const std::string json = DumpJson(ModelMapToJson(map));
  models.UseMap(json);
  models.UseMap(json);
  EXPECT_EQ(log.Events("model_map_changed").size(), 1U);
  EXPECT_TRUE(models.Map().of_operators);
  EXPECT_EQ(models.Complete(tenant, "", test::kChat, caller).model, test::kPremiumModel);
  EXPECT_EQ(models.Names(tenant), std::vector<std::string>{test::kPremiumModel});
  EXPECT_EQ(models.Routing(tenant).route.primary, test::kPremiumModel);
  models.UseMap("");
  EXPECT_EQ(models.Complete(tenant, "", test::kChat, caller).model, test::kFreeModel);
  EXPECT_FALSE(models.Map().of_operators);
}

TEST_F(HotModelMap, KeepsTheOneItHasWhenAnotherCannotBeRead) {
  Models models(settings, client, runtime, random, log);
  for (const char* bad : {"{", "[]", R"({"free":{}})", kMap + 1}) models.UseMap(bad);
  EXPECT_EQ(log.Events("model_map_refused").size(), 4U);
  EXPECT_FALSE(models.Map().of_operators);
  EXPECT_EQ(models.Routing(tenant).route.primary, test::kFreeModel);
}

TEST_F(HotModelMap, StandsUnderTheOverride) {
  settings.models.override_primary = "@cf/openai/gpt-oss-20b";
  Models models(settings, client, runtime, random, log);
  models.UseMap(kMap);
  EXPECT_EQ(models.Routing(tenant).route.primary, "@cf/openai/gpt-oss-20b");
  EXPECT_EQ(models.Map().map.free.primary, "@cf/a");
}

TEST(StoredModelMap, IsAuditedOnceForEachChange) {
  test::RegistryWorld w;
  const auto put = [&](const char* map) { return w.registry.PutModelMap(map, "root@x", w.cancel); };
  ASSERT_TRUE(put("{\"a\":1}"));
  ASSERT_TRUE(put("{\"a\":1}"));
  w.Advance(1);
  ASSERT_TRUE(put("{\"a\":2}"));
  const auto audit = w.registry.ListAudit(10, w.cancel);
  ASSERT_TRUE(audit);
  ASSERT_EQ(audit->size(), 2U);
  EXPECT_EQ((*audit)[0].action, "models.put");
  EXPECT_EQ((*audit)[0].actor, "root@x");
  EXPECT_EQ((*audit)[0].before, "{\"a\":1}");
  EXPECT_EQ((*audit)[0].after, "{\"a\":2}");
  EXPECT_EQ((*audit)[1].before, "");
}

}  // namespace
}  // namespace mg
