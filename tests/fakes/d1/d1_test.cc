#include "fakes/d1/d1.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/json.h"
#include "fakes/d1/engine.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_expect.h"

namespace mg::fake {
namespace {

class D1Fake : public testing::Test {
 protected:
  Response Call(std::string method, const std::string& below, std::string body = "") {
    Request request;
    request.method = std::move(method);
    request.target = "/client/v4/accounts/" + credentials.account_id + "/d1/database" + below;
    request.body = std::move(body);
    return d1.Handle(request, note, cancel);
  }

  Json Post(const Json& body, const std::string& verb = "query") {
    const Response response =
        Call("POST", "/" + credentials.d1_database_id + "/" + verb, DumpJson(body));
    return ParseJson(response.body.bytes()).value();
  }
  Json Sql(const std::string& sql, Json params = Json::array()) {
    return Post({{"sql", sql}, {"params", std::move(params)}});
  }
  Json Rows(const std::string& sql, Json params = Json::array()) {
    return Sql(sql, std::move(params))["result"][0]["results"];
  }
  std::string Error(const std::string& sql, Json params = Json::array()) {
    const Json answer = Sql(sql, std::move(params));
    return answer["success"].get<bool>() ? "" : StringAt(answer["errors"][0], "message");
  }

  Credentials credentials = test::FixtureCredentials();
  test::SteppedRuntime runtime;
  CancelToken cancel;
  CallNote note;
  D1 d1{credentials, "", runtime};
};

TEST_F(D1Fake, AnswersEveryWireCaseInTurn) {
  const auto cases = test::ReadWireCases("d1");
  ASSERT_GT(cases.size(), 20u);
  for (const auto& wire_case : cases) {
    Request request = wire_case.request;
    test::ExpectAnswer(d1.Handle(request, note, cancel), wire_case);
  }
}

TEST_F(D1Fake, TakesBackAWholeRequestWhenOneStatementFails) {
  ASSERT_EQ(Error("CREATE TABLE t(a UNIQUE)"), "");
  EXPECT_NE(Error("INSERT INTO t VALUES(1); INSERT INTO t VALUES(2); INSERT INTO t VALUES(1)"), "");
  EXPECT_EQ(Rows("SELECT count(*) AS n FROM t"), (Json::array({{{"n", 0}}})));
  const Json batch = Json::array({{{"sql", "CREATE TABLE u(a)"}}, {{"sql", "bad"}}});
  EXPECT_FALSE(Post({{"batch", batch}})["success"].get<bool>());
  EXPECT_EQ(Error("SELECT * FROM u"), "no such table: u: SQLITE_ERROR");
  EXPECT_EQ(Error("INSERT INTO t VALUES(1)"), "");
}

TEST_F(D1Fake, TakesBackEverythingWhenTheCommitItselfFails) {
  ASSERT_EQ(Error("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id))"),
            "");
  EXPECT_EQ(Error("PRAGMA defer_foreign_keys=on; INSERT INTO c VALUES(9)"),
            "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT "
            "(extended: SQLITE_CONSTRAINT_FOREIGNKEY)");
  EXPECT_EQ(Rows("SELECT count(*) AS n FROM c"), (Json::array({{{"n", 0}}})));
  EXPECT_EQ(Error("PRAGMA foreign_keys=off; INSERT INTO c VALUES(9)"),
            "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT "
            "(extended: SQLITE_CONSTRAINT_FOREIGNKEY)");
  EXPECT_EQ(Error("PRAGMA defer_foreign_keys=on; INSERT INTO c VALUES(9); INSERT INTO p VALUES(9)"),
            "");
}

TEST_F(D1Fake, RunsOnAfterAStatementThatEndedTheTransactionByItself) {
  ASSERT_EQ(Error("CREATE TABLE t(a UNIQUE ON CONFLICT ROLLBACK); INSERT INTO t VALUES(1)"), "");
  EXPECT_NE(Error("INSERT INTO t VALUES(2); INSERT INTO t VALUES(1)"), "");
  EXPECT_EQ(Rows("SELECT a FROM t"), (Json::array({{{"a", 1}}})));
}

TEST_F(D1Fake, BindsNumbersAsRealsAndByteArraysAsBlobs) {
  const Json rows = Rows(
      "SELECT typeof(?1) AS n, typeof(?2) AS b, typeof(?3) AS t, ?3 AS v,"
      " typeof(?4) AS z, ?2 AS bytes",
      Json::array({1, Json::array({0, 255}), true, nullptr}));
  EXPECT_EQ(rows[0], (Json{{"n", "real"},
                           {"b", "blob"},
                           {"t", "integer"},
                           {"v", 1},
                           {"z", "null"},
                           {"bytes", Json::array({0, 255})}}));
  ASSERT_EQ(Error("CREATE TABLE t(i INTEGER, s TEXT)"), "");
  ASSERT_EQ(Error("INSERT INTO t VALUES(?, ?)", Json::array({1, 1})), "");
  EXPECT_EQ(Rows("SELECT typeof(i) AS i, s FROM t")[0], (Json{{"i", "integer"}, {"s", "1.0"}}));
}

TEST_F(D1Fake, WritesNumbersAsJavaScriptWould) {
  const Json rows = Rows(
      "SELECT 9223372036854775807 AS big, 1e999 AS inf, 1.0 AS whole, -0.0 AS z,"
      " 9007199254740991 AS safe, 0.1 AS tenth");
  EXPECT_EQ(rows[0]["big"], Json(9223372036854775807.0));
  EXPECT_EQ(rows[0]["inf"], Json());
  EXPECT_TRUE(rows[0]["whole"].is_number_integer());
  EXPECT_EQ(rows[0]["z"], Json(0));
  EXPECT_EQ(rows[0]["safe"], Json(9007199254740991));
  EXPECT_EQ(rows[0]["tenth"], Json(0.1));
}

TEST_F(D1Fake, KeepsZeroBytesInsideText) {
  EXPECT_EQ(Rows("SELECT ?1 AS t, length(CAST(?1 AS BLOB)) AS n",
                 Json::array({std::string("a\0b", 3)}))[0],
            (Json{{"t", std::string("a\0b", 3)}, {"n", 3}}));
  EXPECT_NE(Error(std::string("SELECT 1\0; garbage", 18)), "");
}

TEST_F(D1Fake, RefusesParamsThatCannotBeBound) {
  const Json answer = Post({{"sql", "SELECT ?"}, {"params", Json::array({Json::object()})}});
  EXPECT_EQ(answer["errors"][0]["code"], 7400);
  EXPECT_FALSE(answer.contains("result"));
  for (const Json& blob : {Json::array({256}), Json::array({-1}), Json::array({1.5})}) {
    EXPECT_FALSE(
        Post({{"sql", "SELECT ?"}, {"params", Json::array({blob})}})["success"].get<bool>());
  }
}

TEST_F(D1Fake, ReportsChangesWithTriggersAndAStickyRowId) {
  ASSERT_EQ(Error("CREATE TABLE t(a); CREATE TABLE log(a);"
                  "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES(new.a); END;"),
            "");
  const Json insert = Sql("INSERT INTO t VALUES(1), (2)")["result"][0]["meta"];
  EXPECT_EQ(insert["changes"], 4);
  EXPECT_EQ(insert["last_row_id"], 2);
  EXPECT_TRUE(insert["changed_db"].get<bool>());
  const Json select = Sql("SELECT * FROM t")["result"][0]["meta"];
  EXPECT_EQ(select["changes"], 0);
  EXPECT_EQ(select["last_row_id"], 2);
  EXPECT_EQ(select["rows_read"], 2);
  EXPECT_FALSE(select["changed_db"].get<bool>());
}

TEST_F(D1Fake, LetsSqlSeeTheWorldsCalendar) {
  EXPECT_EQ(Rows("SELECT datetime('now') AS d, CURRENT_TIMESTAMP AS c, unixepoch() AS u")[0],
            (Json{{"d", "2026-01-01 00:00:00"}, {"c", "2026-01-01 00:00:00"}, {"u", 1767225600}}));
  runtime.Advance(std::chrono::hours(24));
  EXPECT_EQ(Rows("SELECT date('now') AS d")[0], (Json{{"d", "2026-01-02"}}));
}

TEST_F(D1Fake, DrawsTheSameRandomValuesInTheSameWorld) {
  const std::string sql =
      "SELECT random() AS r, hex(randomblob(20)) AS b, hex(randomblob(0)) AS one";
  const Json first = Rows(sql);
  D1 twin(credentials, "", runtime);
  Request request;
  request.method = "POST";
  request.target = "/client/v4/accounts/" + credentials.account_id + "/d1/database/" +
                   credentials.d1_database_id + "/query";
  request.body = DumpJson(Json{{"sql", sql}});
  const Response other = twin.Handle(request, note, cancel);
  EXPECT_EQ(ParseJson(other.body.bytes()).value()["result"][0]["results"], first);
  EXPECT_EQ(StringAt(first[0], "b").size(), 40u);
  EXPECT_EQ(StringAt(first[0], "one").size(), 2u);
  EXPECT_NE(Rows(sql), first);
}

TEST_F(D1Fake, RefusesTransactionsInItsOwnWords) {
  for (const char* sql : {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "RELEASE s",
                          "INSERT INTO x VALUES(1); COMMIT"}) {
    if (std::string(sql).find("INSERT") == 0) Error("CREATE TABLE x(a)");
    EXPECT_EQ(Error(sql).find("To execute a transaction, please use"), 0u) << sql;
  }
  EXPECT_EQ(Rows("SELECT count(*) AS n FROM x")[0], (Json{{"n", 0}}));
}

TEST_F(D1Fake, RefusesWhatTheAuthorizerDoesNotAllow) {
  const std::string denied = "not authorized: SQLITE_AUTH";
  ASSERT_EQ(Error("CREATE TABLE t(a)"), "");
  for (const char* sql :
       {"ATTACH ':memory:' AS x", "CREATE TEMP TABLE x(a)", "CREATE TABLE _cf_x(a)",
        "CREATE INDEX _CF_i ON t(a)", "ALTER TABLE t RENAME TO _cf_t", "PRAGMA journal_mode=DELETE",
        "PRAGMA user_version", "PRAGMA function_list", "PRAGMA integrity_check",
        "PRAGMA foreign_keys=maybe", "PRAGMA data_version(1)", "PRAGMA table_info(_cf_KV)",
        "PRAGMA writable_schema=on", "CREATE VIRTUAL TABLE r USING rtree(id, a, b)"}) {
    EXPECT_EQ(Error(sql), denied) << sql;
  }
  EXPECT_EQ(Error("SELECT * FROM dbstat"), "no such table: dbstat: SQLITE_ERROR");
  EXPECT_EQ(Error("SELECT soundex('a')"),
            "not authorized to use function: soundex at offset 7: SQLITE_ERROR");
  EXPECT_NE(Error("DELETE FROM sqlite_master"), "");
  EXPECT_EQ(Rows("SELECT name FROM sqlite_master"), (Json::array({{{"name", "t"}}})));
}

TEST_F(D1Fake, AllowsTheListedPragmasAndModules) {
  ASSERT_EQ(Error("CREATE TABLE t(a, b)"), "");
  for (const char* sql :
       {"PRAGMA foreign_keys",
        "PRAGMA foreign_keys=ON",
        "PRAGMA recursive_triggers='true'",
        "PRAGMA table_info(t)",
        "PRAGMA table_list",
        "PRAGMA quick_check",
        "PRAGMA quick_check(10)",
        "PRAGMA optimize",
        "PRAGMA foreign_key_check",
        "PRAGMA index_list('t')",
        "SELECT * FROM pragma_table_info('t')",
        "ALTER TABLE t RENAME COLUMN a TO c",
        "ALTER TABLE t ADD COLUMN d DEFAULT 1",
        "ALTER TABLE t DROP COLUMN d",
        "ALTER TABLE t RENAME TO t2",
        "ANALYZE",
        "REINDEX",
        "CREATE VIRTUAL TABLE f USING fts5(body)",
        "INSERT INTO f VALUES('hello world')",
        "SELECT highlight(f, 0, '[', ']') FROM f WHERE f MATCH 'hello' ORDER BY bm25(f)",
        "DROP TABLE f",
        "SELECT value FROM json_each('[1,2]')",
        "SELECT '{\"a\":1}' ->> 'a'",
        "SELECT sqrt(4), pow(2, 3)",
        "UPDATE t2 SET b = 1 ORDER BY c LIMIT 1"}) {
    EXPECT_EQ(Error(sql), "") << sql;
  }
}

TEST_F(D1Fake, EnforcesD1sLimits) {
  const std::string too_long = "SELECT '" + std::string(100'000, 'x') + "'";
  EXPECT_EQ(Error(too_long), "statement too long: SQLITE_TOOBIG");
  std::string list;
  for (int i = 0; i < 3; ++i) list += "SELECT '" + std::string(60'000, 'x') + "';";
  EXPECT_EQ(Error(list), "");
  EXPECT_EQ(Error("SELECT ?", Json::array({std::string(2'000'001, 'x')})),
            "string or blob too big: SQLITE_TOOBIG");
  EXPECT_EQ(Error("SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5"), "");
  EXPECT_EQ(Error("SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5"
                  " UNION SELECT 6"),
            "too many terms in compound SELECT: SQLITE_ERROR");
  EXPECT_EQ(Error("SELECT 'a' LIKE '" + std::string(51, 'a') + "'"),
            "LIKE or GLOB pattern too complex: SQLITE_ERROR");
  std::string columns = "c0";
  for (int i = 1; i < 101; ++i) columns += ", c" + std::to_string(i);
  EXPECT_EQ(Error("CREATE TABLE c(" + columns + ")"), "too many columns on c: SQLITE_ERROR");
  std::string marks = "?";
  for (int i = 1; i < 101; ++i) marks += ", ?";
  EXPECT_EQ(Error("SELECT max(" + marks + ")").find("too many SQL variables"), 0u);
}

TEST_F(D1Fake, SurvivesBodiesThatMakeNoSense) {
  const std::string query = "/" + credentials.d1_database_id + "/query";
  for (const char* body :
       {"", "null", "[]", "{", "{\"sql\":1}", "{\"sql\":\"SELECT 1\",\"params\":{}}",
        "{\"batch\":{}}", "{\"batch\":[]}", "{\"batch\":[1]}", "{\"batch\":[{\"sql\":null}]}"}) {
    const Response response = Call("POST", query, body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_TRUE(ParseJson(response.body.bytes())) << body;
  }
  EXPECT_EQ(Call("POST", query, std::string(10 * 1024 * 1024 + 1, ' ')).status, 413);
  EXPECT_EQ(Call("GET", query).status, 405);
}

TEST_F(D1Fake, IsFoundByIdByNameAndInTheList) {
  ASSERT_EQ(Error("CREATE TABLE t(a)"), "");
  for (const std::string& name : {credentials.d1_database_id, std::string("moltgate")}) {
    const Response response = Call("GET", "/" + name);
    ASSERT_EQ(response.status, 200) << name;
    const Json result = ParseJson(response.body.bytes()).value()["result"];
    EXPECT_EQ(result["uuid"], credentials.d1_database_id);
    EXPECT_EQ(result["num_tables"], 1);
    EXPECT_EQ(result["created_at"], "2026-01-01T00:00:00.000Z");
  }
  EXPECT_EQ(ParseJson(Call("GET", "/moltgate?fields=uuid").body.bytes()).value()["result"],
            Json({{"uuid", credentials.d1_database_id}}));
  EXPECT_EQ(Call("GET", "/other").status, 404);
  const auto listed = [&](const std::string& query) {
    return ParseJson(Call("GET", query).body.bytes()).value()["result"].size();
  };
  EXPECT_EQ(listed("?page=1&per_page=10"), 1u);
  EXPECT_EQ(listed("?page=2&per_page=10"), 0u);
  EXPECT_EQ(listed("?name=moltgate"), 1u);
  EXPECT_EQ(listed("?name=other"), 0u);
}

TEST_F(D1Fake, KnowsNoOtherRoutes) {
  EXPECT_EQ(Call("POST", "/" + credentials.d1_database_id + "/nonsense", "{}").status, 404);
}

TEST_F(D1Fake, IsEmptyAfterReset) {
  ASSERT_EQ(Error("CREATE TABLE t(a)"), "");
  d1.Reset();
  EXPECT_EQ(Error("SELECT * FROM t"), "no such table: t: SQLITE_ERROR");
}

TEST_F(D1Fake, KeepsItsRowsInAFolderUntilReset) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "moltgate_d1_test";
  std::filesystem::remove_all(folder);
  const auto run = [&](D1& database, const std::string& sql) {
    Request request;
    request.method = "POST";
    request.target = "/client/v4/accounts/a/d1/database/" + credentials.d1_database_id + "/query";
    request.body = DumpJson(Json{{"sql", sql}});
    return database.Handle(request, note, cancel).status;
  };
  {
    D1 first(credentials, folder.string(), runtime);
    ASSERT_EQ(run(first, "CREATE TABLE t(a)"), 200);
  }
  D1 second(credentials, folder.string(), runtime);
  EXPECT_EQ(run(second, "SELECT * FROM t"), 200);
  second.Reset();
  EXPECT_EQ(run(second, "SELECT * FROM t"), 400);
  EXPECT_EQ(run(second, "CREATE TABLE t(a)"), 200);
  std::filesystem::remove_all(folder);
}

class D1Engine : public testing::Test {
 protected:
  std::string Failure(d1::Engine& engine, const std::string& sql) {
    const auto ran = engine.Run({d1::Query{sql, {}}});
    const auto* failure = std::get_if<d1::Failure>(&ran);
    return failure == nullptr ? "" : failure->message;
  }
  test::SteppedRuntime runtime;
};

TEST_F(D1Engine, StopsAQueryThatRunsTooLongAndRunsTheNextOne) {
  d1::Engine engine("", nullptr, {}, runtime, {100'000, d1::kMaxAnswerBytes});
  ASSERT_EQ(Failure(engine, "CREATE TABLE t(a)"), "");
  const std::string forever =
      "INSERT INTO t VALUES(1);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  EXPECT_EQ(Failure(engine, forever), d1::kTooLong);
  EXPECT_EQ(Failure(engine, "SELECT 1"), "");
  const auto counted = engine.Run({d1::Query{"SELECT count(*) FROM t", {}}});
  EXPECT_EQ(std::get<std::int64_t>(std::get<0>(counted)[0].rows[0][0]), 0);
}

TEST_F(D1Engine, StopsAnAnswerThatGrowsTooLarge) {
  d1::Engine engine("", nullptr, {}, runtime, {d1::kStepsPerRequest, 1'000'000});
  EXPECT_EQ(Failure(engine,
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                    " SELECT hex(randomblob(5000)) FROM n"),
            d1::kTooMuchMemory);
  EXPECT_EQ(Failure(engine, "SELECT 1"), "");
}

TEST(D1HasSql, SeesThroughSpaceCommentsAndSemicolons) {
  for (const char* empty : {"", " \n\t;", "-- x", "-- x\n;", "/* x */", "/* x", "/**/--", "/*/"}) {
    EXPECT_FALSE(d1::HasSql(empty)) << empty;
  }
  for (const char* sql : {"x", "; x", "-- x\ny", "/* x */ y", "-", "/", "-x"}) {
    EXPECT_TRUE(d1::HasSql(sql)) << sql;
  }
}

}  // namespace
}  // namespace mg::fake
