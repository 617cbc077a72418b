// Read replication: a replica that lags by the clock, and sessions that read no older than they
// have seen.
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "fakes/d1/d1.h"
#include "fakes/d1/replica.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_expect.h"

namespace mg::fake {
namespace {

constexpr const char* kToken = "x-cf-d1-session-commit-token";

class D1Replica : public testing::Test {
 protected:
  struct Answer {
    int status = 0;
    Json json;
    std::string token;
    std::int64_t count() const {
      return status == 200 ? IntAt(json["result"][0]["results"][0], "n", -1) : -1;
    }
    bool by_primary() const { return json["result"][0]["meta"]["served_by_primary"] == true; }
  };
  Answer Call(const std::string& method, const std::string& below, const Json& body,
              const std::string& token) {
    Request request;
    request.method = method;
    request.target = "/client/v4/accounts/" + credentials.account_id + "/d1/database/" +
                     credentials.d1_database_id + below;
    if (!token.empty()) request.headers.Set(kToken, token);
    request.body = DumpJson(body);
    CallNote note;
    CancelToken cancel;
    const Response response = d1.Handle(request, note, cancel);
    auto json = ParseJson(response.body.bytes());
    return {response.status, json ? *json : Json(), std::string(response.headers.Get(kToken))};
  }
  Answer Sql(const std::string& sql, const std::string& token = "") {
    return Call("POST", "/query", {{"sql", sql}}, token);
  }
  void Replicate(const std::string& mode) {
    ASSERT_EQ(Call("PATCH", "", {{"read_replication", {{"mode", mode}}}}, "").status, 200);
  }
  void PassLag() { runtime.Advance(std::chrono::milliseconds(d1::kReplicaLagMs)); }

  static constexpr const char* kCount = "SELECT count(*) AS n FROM t";
  Credentials credentials = test::FixtureCredentials();
  test::SteppedRuntime runtime;
  D1 d1{credentials, "", runtime};
};

TEST_F(D1Replica, IsOffUntilItIsAskedFor) {
  ASSERT_EQ(Sql("CREATE TABLE t(a)").status, 200);
  const Answer read = Sql(kCount, "first-unconstrained");
  EXPECT_TRUE(read.by_primary());
  EXPECT_EQ(read.count(), 0);
  EXPECT_EQ(read.token.size(), 59u);
}

TEST_F(D1Replica, LagsBehindByTheClock) {
  ASSERT_EQ(Sql("CREATE TABLE t(a)").status, 200);
  Replicate("auto");
  PassLag();
  ASSERT_EQ(Sql("INSERT INTO t VALUES(1)").status, 200);
  Answer read = Sql(kCount, "first-unconstrained");
  EXPECT_FALSE(read.by_primary());
  EXPECT_EQ(read.count(), 0) << "the replica has not heard of it";
  EXPECT_EQ(Sql(kCount, "first-primary").count(), 1);
  EXPECT_TRUE(Sql(kCount, "first-primary").by_primary());
  EXPECT_EQ(Sql(kCount).count(), 1) << "without a session reads are the primary's";
  PassLag();
  read = Sql(kCount, "first-unconstrained");
  EXPECT_FALSE(read.by_primary());
  EXPECT_EQ(read.count(), 1);
  EXPECT_EQ(read.json["result"][0]["meta"]["served_by_region"], "ENAM");
}

TEST_F(D1Replica, ReadsNoOlderThanItsSessionHasSeen) {
  ASSERT_EQ(Sql("CREATE TABLE t(a)").status, 200);
  Replicate("auto");
  PassLag();
  const std::string before = Sql(kCount, "first-unconstrained").token;
  const Answer written = Sql("INSERT INTO t VALUES(1)", before);
  EXPECT_TRUE(written.by_primary());
  EXPECT_GT(written.token, before);
  EXPECT_EQ(Sql(kCount, before).count(), 0) << "an older bookmark is content with less";
  PassLag();
  const Answer read = Sql(kCount, written.token);
  EXPECT_FALSE(read.by_primary());
  EXPECT_EQ(read.count(), 1);
  EXPECT_EQ(read.token, written.token);
  EXPECT_EQ(Sql(kCount, "ffffffff-ffffffff-ffffffff-ffffffffffffffffffffffffffffffff").count(), 1)
      << "of a state that no replica knows the primary answers";
  EXPECT_EQ(Sql(kCount, "yesterday").status, 400);
}

TEST_F(D1Replica, TakesNoWrite) {
  ASSERT_EQ(Sql("CREATE TABLE t(a)").status, 200);
  Replicate("auto");
  PassLag();
  for (const char* sql : {"INSERT INTO t VALUES(1) RETURNING a",
                          "WITH x(a) AS (SELECT 1) INSERT INTO t SELECT a FROM x",
                          "SELECT 1; INSERT INTO t VALUES(1)", "UPDATE t SET a = 2"}) {
    const Answer answer = Sql(sql, "first-unconstrained");
    EXPECT_EQ(answer.status, 200) << sql;
    EXPECT_TRUE(answer.by_primary()) << sql;
  }
  EXPECT_EQ(Sql(kCount).count(), 3);
}

TEST_F(D1Replica, FollowsTheWayBackInTime) {
  ASSERT_EQ(Sql("CREATE TABLE t(a); INSERT INTO t VALUES(1)").status, 200);
  Replicate("auto");
  const std::string one =
      StringAt(Call("GET", "/time_travel/bookmark", {}, "").json["result"], "bookmark");
  ASSERT_EQ(Sql("INSERT INTO t VALUES(2)").status, 200);
  PassLag();
  EXPECT_EQ(Sql(kCount, "first-unconstrained").count(), 2);
  ASSERT_EQ(Call("POST", "/time_travel/restore?bookmark=" + one, {}, "").status, 200);
  EXPECT_EQ(Sql(kCount, "first-unconstrained").count(), 2);
  PassLag();
  EXPECT_EQ(Sql(kCount, "first-unconstrained").count(), 1);
  Replicate("disabled");
  EXPECT_TRUE(Sql(kCount, "first-unconstrained").by_primary());
}

}  // namespace
}  // namespace mg::fake
