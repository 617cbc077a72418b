#include "core/services/members.h"

#include <gtest/gtest.h>

#include "tests/core/services/registry_world.h"

namespace mg {
namespace {

using test::kAdmin;
using test::RegistryWorld;

class MembersTest : public ::testing::Test {
 protected:
  MembersTest() : acme(w.Add("acme").id), bolt(w.Add("bolt").id) {
    EXPECT_TRUE(w.registry.PutMember("acme", "ann@x.test", kAdmin, w.cancel).ok());
    EXPECT_TRUE(w.registry.PutMember("acme", "0a1b.access", kAdmin, w.cancel).ok());
    w.ForgetCalls();
  }
  Membership Check(const std::string& tenant_id, const std::string& subject) {
    return members.Check(tenant_id, subject, w.cancel);
  }

  RegistryWorld w;
  std::string acme;
  std::string bolt;
  Members members{&w.db, w.runtime, w.log};
};

TEST_F(MembersTest, KnowsPeopleAndServiceTokensOfTheTenantAlone) {
  EXPECT_EQ(Check(acme, "ann@x.test"), Membership::kMember);
  EXPECT_EQ(Check(acme, "Ann@X.test"), Membership::kMember);
  EXPECT_EQ(Check(acme, "0a1b.access"), Membership::kMember);
  EXPECT_EQ(Check(acme, "bob@x.test"), Membership::kStranger);
  EXPECT_EQ(Check(acme, ""), Membership::kStranger);
  EXPECT_EQ(Check(bolt, "ann@x.test"), Membership::kStranger);
}

TEST_F(MembersTest, AsksD1OnceAMinuteForMembersAndStrangers) {
  Check(acme, "ann@x.test");
  EXPECT_EQ(w.db_line.Fresh(), 1);
  Check(acme, "bob@x.test");
  w.Advance(59);
  Check(acme, "ann@x.test");
  EXPECT_EQ(w.db_line.Fresh(), 0);
  w.Advance(1);
  Check(acme, "ann@x.test");
  EXPECT_EQ(w.db_line.Fresh(), 1);
}

TEST_F(MembersTest, ForgetsAMemberWhenTheSetIsDropped) {
  EXPECT_EQ(Check(acme, "ann@x.test"), Membership::kMember);
  ASSERT_TRUE(w.registry.DeleteMember("acme", "ann@x.test", kAdmin, w.cancel).ok());
  members.Drop(acme);
  EXPECT_EQ(Check(acme, "ann@x.test"), Membership::kStranger);
}

TEST_F(MembersTest, IsUnavailableRatherThanAStrangerWhenD1Fails) {
  w.db_line.Down(true);
  EXPECT_EQ(Check(acme, "ann@x.test"), Membership::kUnavailable);
  EXPECT_EQ(w.log.Events("members_read_failed").size(), 1u);
  Members none(nullptr, w.runtime, w.log);
  EXPECT_EQ(none.Check(acme, "ann@x.test", w.cancel), Membership::kUnavailable);
}

TEST_F(MembersTest, ServesAnExpiredSetWhileD1Fails) {
  Check(acme, "ann@x.test");
  w.db_line.Down(true);
  w.Advance(3599);
  EXPECT_EQ(Check(acme, "ann@x.test"), Membership::kMember);
  EXPECT_EQ(Check(acme, "bob@x.test"), Membership::kStranger);
  w.Advance(1);
  EXPECT_EQ(Check(acme, "ann@x.test"), Membership::kUnavailable);
}

TEST_F(MembersTest, IsUnavailableToACallerWhoHasGone) {
  CancelToken gone;
  gone.Cancel();
  EXPECT_EQ(members.Check(acme, "ann@x.test", gone), Membership::kUnavailable);
  EXPECT_EQ(Check(acme, "ann@x.test"), Membership::kMember);
}

}  // namespace
}  // namespace mg
