// The surprises of AI Gateway that have no better place (wire/ai-gateway.md 8, by number).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/ai_gateway_fixture.h"
#include "tests/support/model_lever.h"

namespace mg::fake {
namespace {

using test::kFreeModel;
using ::testing::HasSubstr;

using AiSurprises = test::AiGatewayFixture;

struct Scripted {
  const char* surprise;
  int status;
  std::int64_t code;
  const char* key;  // of the list that holds the code
  const char* message;
};

TEST_F(AiSurprises, ComeAsScriptedFailuresInTheirOwnShapes) {
  const Scripted cases[] = {
      {"1: a provider's failure is 400", 400, 2005, "error", "Failed to get response"},
      {"5: 429 of the gateway", 429, 2003, "error", "Rate limited"},
      {"15: throttling that says Unauthorized", 401, 2009, "error", "Unauthorized"},
      {"16: a token that was refused for weeks", 401, 10000, "errors", "Authentication error"},
      {"17: a rate limit that no document has", 429, 3021, "errors", "rate limiting"},
      {"18: a shared model without room", 429, 3040, "errors", "Capacity temporarily exceeded"},
      {"19: the documented sample model is gone", 400, 5028, "errors", "deprecated"},
      {"31: the system prompt is blocked", 424, 2016, "error", "Prompt blocked"},
      {"34: no credit", 402, 2021, "error", "Insufficient balance"},
  };
  for (const Scripted& c : cases) {
    SCOPED_TRACE(c.surprise);
    test::Pull(faults, kFreeModel, {.status = c.status, .code = c.code, .times = 1});
    const Response response = Chat(Question(kFreeModel));
    EXPECT_EQ(response.status, c.status);
    const Json entry = Parsed(response)[c.key][0];
    EXPECT_EQ(entry["code"], c.code);
    EXPECT_THAT(entry["message"].get<std::string>(), HasSubstr(c.message));
    EXPECT_FALSE(response.headers.Has("retry-after")) << "none of them says when";
    EXPECT_TRUE(response.headers.Has("cf-aig-step"));
  }
}

TEST_F(AiSurprises, TwentySix_AContentTypeWithItsCharset) {
  FaultRule rule;
  rule.operation = "ai.run";
  rule.content_type = "application/json; charset=utf-8";
  faults.Add(rule);
  const Response response = Chat(Question(kFreeModel));
  EXPECT_EQ(response.headers.Get("content-type"), "application/json; charset=utf-8");
  EXPECT_EQ(Parsed(response)["choices"][0]["message"]["content"], "2 + 2 = 4");
  EXPECT_EQ(Chat(Question(kFreeModel)).headers.Get("content-type"), "application/json");
}

TEST_F(AiSurprises, TwentyEight_ABareModelOnCompatAndAVersionTwice) {
  EXPECT_EQ(CodeOf(Post(base + "/compat/chat/completions", Question(kFreeModel))), 2008);
  EXPECT_EQ(CodeOf(Post(base + "/workers-ai/v1/v1/chat/completions", Question(kFreeModel))), 7003);
}

}  // namespace
}  // namespace mg::fake
