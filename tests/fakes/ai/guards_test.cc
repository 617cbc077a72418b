#include "fakes/ai/guards.h"

#include <gtest/gtest.h>

namespace mg::fake {
namespace {

AiGatewayConfig Guarded() {
  AiGatewayConfig gateway;
  gateway.guardrails.prompt = {{"S1", true}, {"S10", false}};
  gateway.guardrails.response = {{"S2", true}};
  gateway.dlp = {{"cards", true, true, false, {"pci"}}, {"names", false, true, true, {"pii"}}};
  return gateway;
}

TEST(AiGuards, BlockWhatACategoryForbidsAndLetTheFlaggedPass) {
  const AiGatewayConfig gateway = Guarded();
  const struct {
    AiGuarded side;
    const char* text;
    std::int64_t code;  // 0: passes
  } cases[] = {
      {AiGuarded::kRequest, "hello", 0},
      {AiGuarded::kRequest, "say moltgate-violates-S1", 2016},
      {AiGuarded::kRequest, "say moltgate-violates-S1.", 2016},
      {AiGuarded::kRequest, "say moltgate-violates-S10", 0},  // flagged; and it is not S1
      {AiGuarded::kRequest, "say moltgate-violates-S2", 0},   // of the response alone
      {AiGuarded::kRequest, R"({"messages":[{"role":"system","content":"moltgate-violates-S1"}]})",
       2016},
      {AiGuarded::kResponse, "moltgate-violates-S2", 2017},
      {AiGuarded::kResponse, "moltgate-violates-S1", 0},
  };
  for (const auto& c : cases) {
    const auto refused = RefuseByGuardrails(gateway, c.side, c.text, true);
    EXPECT_EQ(refused ? refused->code : 0, c.code) << c.text;
    EXPECT_EQ(refused ? refused->status : 424, 424);
  }
}

TEST(AiGuards, AnUnreachableEvaluatorBlocksWhereSomethingBlocks) {
  AiGatewayConfig gateway = Guarded();
  EXPECT_TRUE(RefuseByGuardrails(gateway, AiGuarded::kRequest, "hello", false));
  gateway.guardrails.prompt = {{"S1", false}};
  EXPECT_FALSE(RefuseByGuardrails(gateway, AiGuarded::kRequest, "hello", false));
  EXPECT_TRUE(IsGuarded(gateway, AiGuarded::kRequest));
  EXPECT_FALSE(IsGuarded(AiGatewayConfig{}, AiGuarded::kRequest));
}

TEST(AiGuards, LeaksAreFlaggedOrBlockedWithTheirFindings) {
  const AiGatewayConfig gateway = Guarded();
  EXPECT_EQ(ScanForLeaks(gateway, AiGuarded::kRequest, "hello").header_json, "");
  const auto flagged = ScanForLeaks(gateway, AiGuarded::kResponse, "moltgate-leaks-pii");
  EXPECT_EQ(flagged.action, "FLAG");
  EXPECT_FALSE(flagged.error);
  EXPECT_EQ(flagged.header_json,
            R"({"action":"FLAG","findings":[{"check":"RESPONSE","policy_ids":["names"],"profile":)"
            R"({"context":{},"entry_ids":["pii"],"profile_id":"pii"}}]})");
  const auto blocked =
      ScanForLeaks(gateway, AiGuarded::kRequest, "moltgate-leaks-pii moltgate-leaks-pci");
  EXPECT_EQ(blocked.action, "BLOCK");
  ASSERT_TRUE(blocked.error);
  EXPECT_EQ(blocked.error->code, 2029);
  EXPECT_FALSE(ScanForLeaks(gateway, AiGuarded::kResponse, "moltgate-leaks-pci").error);
}

}  // namespace
}  // namespace mg::fake
