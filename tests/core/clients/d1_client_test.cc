#include "core/clients/d1.h"

#include <gtest/gtest.h>

#include "fakes/cloud.h"
#include "tests/support/local_transport.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_replay.h"

namespace mg {
namespace {

constexpr const char* kOrigin = "http://127.0.0.1:8788";

class D1ClientTest : public testing::Test {
 protected:
  static D1Binding Binding() {
    const fake::Credentials credentials = test::FixtureCredentials();
    return D1Binding{std::string(kOrigin) + "/client/v4", credentials.account_id,
                     credentials.d1_database_id, credentials.api_token};
  }
  template <class Body>
  void Replay(const std::string& name, Body body) {
    test::WireReplay service(test::FindWireCase("d1/" + name));
    transport.Route(kOrigin, service);
    body();
  }
  Result<D1Answer> QueryOn(int status, const std::string& text) {
    test::FixedAnswer service(JsonResponse(status, text));
    transport.Route(kOrigin, service);
    return client.Query({"SELECT 1", {}}, cancel);
  }
  Code CodeOn(int status, const std::string& text) {
    const auto answer = QueryOn(status, text);
    EXPECT_FALSE(answer) << text;
    return answer ? Code::kInternal : answer.error().code;
  }
  static std::string SqlError(const std::string& message) {
    return R"({"result":[],"success":false,"errors":[{"code":7500,"message":")" + message +
           R"("}]})";
  }

  test::SteppedRuntime runtime;
  CancelToken cancel;
  test::LocalTransport transport{runtime};
  D1Client client{transport, runtime, Binding()};
};

TEST_F(D1ClientTest, SpeaksTheWireCases) {
  Replay("01_select", [&] {
    const auto answer =
        client.Query({"SELECT ?1 AS a, ?2 AS b", {std::string("x"), std::int64_t{1}}}, cancel);
    ASSERT_TRUE(answer) << answer.error().message;
    ASSERT_EQ(answer->rows.size(), 1u);
    EXPECT_EQ(answer->rows[0].Text("a"), "x");
    EXPECT_EQ(answer->rows[0].Int("b"), 1);
  });
  Replay("03_batch", [&] {
    const auto answers =
        client.Batch({{"INSERT INTO t(id, c) VALUES(?, ?)", {std::int64_t{1}, std::string("one")}},
                      {"SELECT id, c FROM t", {}}},
                     cancel);
    ASSERT_TRUE(answers) << answers.error().message;
    ASSERT_EQ(answers->size(), 2u);
    EXPECT_EQ((*answers)[0].changes, 1);
    EXPECT_EQ((*answers)[0].last_row_id, 1);
    EXPECT_EQ((*answers)[1].rows[0].Text("c"), "one");
  });
  Replay("04_unique", [&] {
    const auto answer = client.Query(
        {"INSERT INTO t(id, c) VALUES(?, ?)", {std::int64_t{2}, std::string("one")}}, cancel);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::kConflict);
    EXPECT_FALSE(answer.error().retryable);
    EXPECT_NE(answer.error().message.find("UNIQUE constraint failed: t.c"), std::string::npos);
  });
  Replay("09_syntax",
         [&] { EXPECT_EQ(client.Execute("selec 1", cancel).error().code, Code::kInvalid); });
}

TEST_F(D1ClientTest, SortsTheServicesRefusals) {
  EXPECT_EQ(CodeOn(400, SqlError("FOREIGN KEY constraint failed: SQLITE_CONSTRAINT")),
            Code::kConflict);
  EXPECT_EQ(CodeOn(400, SqlError("CHECK constraint failed: c > 0")), Code::kConflict);
  EXPECT_EQ(CodeOn(400, SqlError("no such table: users: SQLITE_ERROR")), Code::kInvalid);
  EXPECT_EQ(CodeOn(400, SqlError("Network connection lost.")), Code::kUnavailable);
  EXPECT_EQ(CodeOn(401, "{}"), Code::kUnauthenticated);
  EXPECT_EQ(CodeOn(403, R"({"errors":[{"code":7403,"message":"not valid"}]})"), Code::kDenied);
  EXPECT_EQ(CodeOn(404, "{}"), Code::kNotFound);
  EXPECT_EQ(CodeOn(429, R"({"errors":[{"code":7429,"message":"overloaded"}]})"), Code::kExhausted);
  EXPECT_EQ(CodeOn(500, "oops"), Code::kUnavailable);
}

TEST_F(D1ClientTest, TakesAnswersThatItCannotReadForCorrupt) {
  for (const char* text :
       {"", "{}", "nonsense", R"({"success":true})", R"({"success":true,"result":{}})",
        R"({"success":true,"result":[]})", R"({"success":true,"result":[1]})",
        R"({"success":true,"result":[{"results":[]}]})",
        R"({"success":true,"result":[{"results":[1],"meta":{}}]})",
        R"({"success":true,"result":[{"results":[{"a":{}}],"meta":{}}]})",
        R"({"success":true,"result":[{"results":[{"a":[256]}],"meta":{}}]})",
        R"({"success":true,"result":[{"results":[],"meta":{}},{"results":[],"meta":{}}]})"}) {
    EXPECT_EQ(CodeOn(200, text), Code::kCorrupt) << text;
  }
}

TEST_F(D1ClientTest, ReadsEveryKindOfValue) {
  const auto answer = QueryOn(200,
                              R"({"success":true,"result":[{"results":[{"n":null,"i":-7,"t":"x",
       "r":1.5,"b":[0,255],"y":true,"big":9223372036854776000,"huge":1e300}],"meta":{}}]})");
  ASSERT_TRUE(answer) << answer.error().message;
  const D1Row& row = answer->rows[0];
  EXPECT_TRUE(row.IsNull("n"));
  EXPECT_TRUE(row.IsNull("absent"));
  EXPECT_FALSE(row.IsNull("i"));
  EXPECT_EQ(row.Int("i"), -7);
  EXPECT_EQ(row.Int("t", 5), 5);
  EXPECT_EQ(row.Int("absent", 6), 6);
  EXPECT_EQ(row.Int("y"), 1);
  EXPECT_EQ(row.Int("huge", 8), 8);
  EXPECT_EQ(row.Int("big", 9), 9);
  EXPECT_EQ(row.Text("i"), "");
  EXPECT_EQ(row.Text("b"), std::string("\0\xff", 2));
  EXPECT_EQ(row.columns().size(), 8u);
}

TEST_F(D1ClientTest, SendsNothingForAnEmptyBatch) {
  const auto answers = client.Batch({}, cancel);
  ASSERT_TRUE(answers);
  EXPECT_TRUE(answers->empty());
  EXPECT_EQ(transport.calls(), 0);
}

TEST_F(D1ClientTest, PassesTheTransportsErrorsOnWithTheCallsName) {
  const auto answer = client.Query({"SELECT 1", {}}, cancel);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_EQ(answer.error().message.find("D1 query: "), 0u);
}

class D1ClientOnFake : public D1ClientTest {
 protected:
  D1ClientOnFake() { transport.Route(kOrigin, cloud); }

  fake::Credentials credentials = test::FixtureCredentials();
  fake::D1 d1{credentials, "", runtime};
  fake::Journal journal;
  fake::Faults faults{runtime, 1};
  fake::CloudApi cloud{credentials, fake::CloudFakes{nullptr, &d1, nullptr, nullptr, nullptr},
                       runtime, journal, faults};
};

TEST_F(D1ClientOnFake, RunsSeveralStatementsOrNone) {
  ASSERT_TRUE(client.Execute(
      "CREATE TABLE t(a INTEGER UNIQUE, s TEXT); INSERT INTO t VALUES(1, 'x')", cancel));
  EXPECT_EQ(client.Execute("INSERT INTO t VALUES(2, 'y'); INSERT INTO t VALUES(1, 'z')", cancel)
                .error()
                .code,
            Code::kConflict);
  const auto batch = client.Batch({{"INSERT INTO t VALUES(?, ?)", {std::int64_t{3}, nullptr}},
                                   {"INSERT INTO t VALUES(?, ?)", {std::int64_t{1}, nullptr}}},
                                  cancel);
  EXPECT_EQ(batch.error().code, Code::kConflict);
  const auto rows = client.Query({"SELECT a, s FROM t", {}}, cancel);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->rows.size(), 1u);
  EXPECT_EQ(rows->rows[0].Int("a"), 1);
}

TEST_F(D1ClientOnFake, WritesManyRowsThroughOneJsonParameter) {
  ASSERT_TRUE(client.Execute("CREATE TABLE t(id TEXT PRIMARY KEY, n INTEGER)", cancel));
  const D1Statement insert{
      "INSERT INTO t(id, n) SELECT value ->> 'id', value ->> 'n' FROM json_each(?1)"
      " WHERE true ON CONFLICT(id) DO NOTHING",
      {std::string(R"([{"id":"a","n":1},{"id":"b","n":2}])")}};
  EXPECT_EQ(client.Query(insert, cancel)->changes, 2);
  EXPECT_EQ(client.Query(insert, cancel)->changes, 0);
}

TEST_F(D1ClientOnFake, ReportsALostAnswerAsUnknownAlthoughTheRowIsThere) {
  ASSERT_TRUE(client.Execute("CREATE TABLE t(a UNIQUE)", cancel));
  transport.after = [](int number, const Request&) -> std::optional<Error> {
    if (number != 2) return std::nullopt;
    return Error{Code::kUnknownOutcome, "reset", true};
  };
  const D1Statement insert{"INSERT INTO t VALUES('x')", {}};
  EXPECT_EQ(client.Query(insert, cancel).error().code, Code::kUnknownOutcome);
  EXPECT_EQ(client.Query(insert, cancel).error().code, Code::kConflict);
}

TEST_F(D1ClientOnFake, IsRefusedWithAWrongToken) {
  D1Binding binding = Binding();
  binding.api_token = "not-the-token";
  D1Client stranger(transport, runtime, binding);
  const auto answer = stranger.Query({"SELECT 1", {}}, cancel);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnauthenticated);
  EXPECT_EQ(answer.error().message.find("not-the-token"), std::string::npos);
}

TEST_F(D1ClientOnFake, AppliesTheProjectsOwnMigrations) {
  const std::filesystem::path folder = test::SourceFolder() + "/core/migrations";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".sql") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  ASSERT_FALSE(files.empty());
  for (const auto& file : files) {
    std::ifstream stream(file);
    const std::string sql((std::istreambuf_iterator<char>(stream)),
                          std::istreambuf_iterator<char>());
    const auto applied = client.Execute(sql, cancel);
    EXPECT_TRUE(applied) << file << ": " << applied.error().message;
  }
}

}  // namespace
}  // namespace mg
