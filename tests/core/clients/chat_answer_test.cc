#include "core/clients/chat_answer.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/ai_wire.h"

namespace mg {
namespace {

std::optional<std::int64_t> CodeIn(std::string_view body) {
  const auto failure = AiFailureIn(body);
  return failure ? failure->code : std::nullopt;
}

TEST(AiFailures, AreReadFromEveryEnvelope) {
  const struct {
    const char* name;
    std::int64_t code;
  } cases[] = {
      {"error_unauthorized", 2009},     {"error_workers_ai_unauthorized", 10000},
      {"error_no_gateway", 2001},       {"error_time_limit", 2005},
      {"error_spend_limit", 2041},      {"error_capacity", 3040},
      {"error_deprecated_model", 5028}, {"error_no_such_model", 5007},
      {"error_invalid_provider", 2008}, {"error_not_routed", 7003},
      {"error_binding", 3021},
  };
  for (const auto& c : cases)
    EXPECT_EQ(CodeIn(test::WireResponse(c.name).body.bytes()), c.code) << c.name;
  EXPECT_EQ(CodeIn(R"({"error":{"message":"m","code":3040}})"), 3040);
  EXPECT_EQ(CodeIn(R"({"error":{"message":"m","code":"3040"}})"), 3040);
}

TEST(AiFailures, AreAbsentWhereNoneIsReported) {
  for (const char* body : {"", "error code: 522", "<html>1101</html>", "{}", "[]", "null",
                           R"({"error":[]})", R"({"error":null,"errors":[]})", R"({"error":""})"})
    EXPECT_FALSE(AiFailureIn(body)) << body;
  EXPECT_FALSE(AiFailureIn(test::WireResponse("error_edge").body.bytes()));
}

TEST(AiFailures, MayLackACode) {
  for (const char* body :
       {R"({"error":[1]})", R"({"errors":[{"message":"x"}]})", R"({"errors":[{"code":1.5}]})",
        R"({"internalCode":-1})", R"({"error":{"code":"rate_limit_exceeded"}})",
        R"({"error":"a text"})", R"({"error":{"code":"99999999999999999999"}})"}) {
    ASSERT_TRUE(AiFailureIn(body)) << body;
    EXPECT_EQ(CodeIn(body), std::nullopt) << body;
  }
}

TEST(AiFailures, PreferTheGatewaysArrayThenTheInternalCode) {
  EXPECT_EQ(CodeIn(R"({"errors":[{"code":3}],"internalCode":2,"error":[{"code":1}]})"), 1);
  EXPECT_EQ(CodeIn(R"({"errors":[{"code":3}],"internalCode":2,"error":[]})"), 2);
  EXPECT_EQ(CodeIn(R"({"errors":[{"code":3}]})"), 3);
}

TEST(AiFailures, SayTheirSentenceWithoutWorkersAisPrefix) {
  const auto message = [](const char* body) { return AiFailureIn(body)->message; };
  EXPECT_EQ(message(R"-({"errors":[{"code":3040,"message":"AiError: AiError: Full. (1a2b)"}]})-"),
            "Full. (1a2b)");
  EXPECT_EQ(message(R"({"internalCode":3021,"description":"Too many"})"), "Too many");
  EXPECT_EQ(message(R"({"error":"plain"})"), "plain");
  EXPECT_EQ(message(R"({"error":[{"code":1}]})"), "");
  std::string text = R"({"errors":[{"message":"x)";
  for (int i = 0; i < 1000; ++i) text += "\xc3\xa9";
  EXPECT_EQ(message((text + R"("}]})").c_str()).size(), 999U);  // between two characters
}

TEST(UsageReading, KnowsBothDialectsAndOtherProvidersNames) {
  const struct {
    const char* answer;
    std::optional<std::int64_t> in;
  } cases[] = {
      {R"({"usage":{"prompt_tokens":7,"completion_tokens":2}})", 7},
      {R"({"result":{"usage":{"prompt_tokens":8,"completion_tokens":2}}})", 8},
      {R"({"usage":{"input_tokens":9,"output_tokens":2}})", 9},
      {R"({"response":{"usage":{"input_tokens":10,"output_tokens":2}}})", 10},
      {R"({"response":"text","usage":{"prompt_tokens":11,"completion_tokens":2}})", 11},
      {R"({"usage":null,"result":{"usage":{"prompt_tokens":12,"completion_tokens":2}}})", 12},
      {R"({"usage":{"prompt_tokens":7}})", std::nullopt},
      {R"({"usage":{"prompt_tokens":"7","completion_tokens":2}})", std::nullopt},
      {R"({"usage":{"prompt_tokens":-7,"completion_tokens":2}})", std::nullopt},
      {R"({"usage":[7,2]})", std::nullopt},
      {R"({"response":7})", std::nullopt},
      {"[]", std::nullopt},
  };
  for (const auto& c : cases) {
    const auto usage = UsageOf(*ParseJson(c.answer));
    ASSERT_EQ(usage.has_value(), c.in.has_value()) << c.answer;
    if (!usage) continue;
    EXPECT_EQ(usage->in, *c.in) << c.answer;
    EXPECT_EQ(usage->out, 2) << c.answer;
  }
}

}  // namespace
}  // namespace mg
