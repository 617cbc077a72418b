#include "core/base/ids.h"

#include <gtest/gtest.h>

#include "core/base/check.h"

namespace mg {
namespace {

TEST(SandboxId, IsDerivedFromTheTenantsUuidAsLowerCaseText) {
  EXPECT_EQ(DeriveSandboxId("123e4567-e89b-12d3-a456-426614174000"), "sk-986c0dc956dc822b");
  EXPECT_EQ(DeriveSandboxId("123E4567-E89B-12D3-A456-426614174000"), "sk-986c0dc956dc822b");
  EXPECT_TRUE(IsSandboxId(DeriveSandboxId("another tenant")));
}

TEST(SandboxId, IsNineteenCharactersOfOneForm) {
  EXPECT_TRUE(IsSandboxId("sk-0123456789abcdef"));
  for (const char* text : {"", "sk-", "sk-0123456789abcde", "sk-0123456789abcdef0",
                           "sk-0123456789ABCDEF", "SK-0123456789abcdef", "sk-0123456789abcdeg",
                           "sk_0123456789abcdef", " sk-0123456789abcde"}) {
    EXPECT_FALSE(IsSandboxId(text)) << text;
  }
}

TEST(Slug, IsOneLowerCaseLabel) {
  for (const std::string& text : {std::string("a"), std::string("0"), std::string("acme-2"),
                                  std::string("a--b"), std::string(63, 'x')}) {
    EXPECT_TRUE(IsSlug(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string("-a"), std::string("a-"), std::string("-"), std::string("A"),
        std::string("a.b"), std::string("a_b"), std::string("\xc3\xa4"), std::string(64, 'x'),
        std::string("a\n"), std::string("a\0", 2)}) {
    EXPECT_FALSE(IsSlug(text)) << text;
  }
}

TEST(Uuid, IsMadeOfSixteenBytesAsVersionFour) {
  EXPECT_EQ(UuidFromBytes(std::string(16, '\0')), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(UuidFromBytes(std::string(16, '\xff')), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  EXPECT_TRUE(IsUuid(UuidFromBytes("0123456789abcdef")));
  EXPECT_THROW(UuidFromBytes("too short"), CheckFailed);
}

TEST(Uuid, IsLowerCaseWithDashesInTheirPlaces) {
  EXPECT_TRUE(IsUuid("123e4567-e89b-12d3-a456-426614174000"));
  for (const char* text :
       {"", "123e4567-e89b-12d3-a456-42661417400", "123e4567-e89b-12d3-a456-4266141740000",
        "123E4567-e89b-12d3-a456-426614174000", "123e4567ae89b-12d3-a456-426614174000",
        "123e4567-e89b-12d3-a456-42661417400g", "-123e456-e89b-12d3-a456-426614174000"}) {
    EXPECT_FALSE(IsUuid(text)) << text;
  }
}

TEST(Token, IsAPrefixAndUrlSafeText) {
  EXPECT_EQ(TokenFromBytes("mk_", std::string(32, '\xff')), "mk_" + std::string(42, '_') + "8");
  EXPECT_EQ(TokenFromBytes("st_", ""), "st_");
}

}  // namespace
}  // namespace mg
