#include "fakes/credentials.h"

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "tests/support/fixed_random.h"

namespace mg::fake {
namespace {

TEST(Credentials, HaveTheShapesThatClientsCheck) {
  test::FixedRandom random;
  const Credentials made = MakeCredentials(random);
  EXPECT_EQ(made.account_id.size(), 32u);
  EXPECT_TRUE(HexDecode(made.account_id));
  EXPECT_EQ(made.kv_namespace_id.size(), 32u);
  EXPECT_TRUE(IsUuid(made.d1_database_id));
  EXPECT_EQ(made.api_token.size(), 40u);
  EXPECT_EQ(made.s3_access_key_id.size(), 32u);
  EXPECT_EQ(made.s3_secret_access_key.size(), 64u);
  EXPECT_EQ(made.access_aud.size(), 64u);
  EXPECT_EQ(made.access_client_id.size(), 32u + 7u);
  EXPECT_EQ(made.access_client_id.substr(32), ".access");
  EXPECT_EQ(made.demo_tenant_key.substr(0, 3), "mk_");
  EXPECT_EQ(made.demo_tenant_key.size(), 3u + 43u);
}

TEST(Credentials, SurviveAWriteAndARead) {
  test::FixedRandom random;
  const Credentials made = MakeCredentials(random);
  const auto read = CredentialsFromJson(CredentialsToJson(made));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(CredentialsToJson(*read), CredentialsToJson(made));
  EXPECT_EQ(read->d1_database_id, made.d1_database_id);
  EXPECT_EQ(read->management_token, made.management_token);
}

TEST(Credentials, AreUnlikeEachOtherAndUnlikeTheNextOnes) {
  test::FixedRandom random;
  const Credentials first = MakeCredentials(random);
  const Credentials second = MakeCredentials(random);
  EXPECT_NE(first.api_token, second.api_token);
  EXPECT_NE(first.api_token, first.ai_gateway_token);
  EXPECT_NE(first.gateway_token, first.management_token);
}

TEST(Credentials, AreRefusedWhenDamagedWithoutSayingWhatTheyAre) {
  test::FixedRandom random;
  for (const char* text : {"", "[]", "{", "null", "{}"}) {
    const auto read = CredentialsFromJson(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::kCorrupt);
  }
  Credentials made = MakeCredentials(random);
  made.api_token.clear();
  const auto read = CredentialsFromJson(CredentialsToJson(made));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "the credentials lack api_token");
}

}  // namespace
}  // namespace mg::fake
