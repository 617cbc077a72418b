// Imports, exports and Time Travel (wire/storage.md 3.6 to 3.8).
#include <gtest/gtest.h>

#include <set>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/json.h"
#include "fakes/d1/d1.h"
#include "tests/support/stepped_runtime.h"
#include "tests/support/wire_expect.h"

namespace mg::fake {
namespace {

class D1Transfers : public testing::Test {
 protected:
  struct Answer {
    int status = 0;
    Json json;
    std::string text;
    std::string etag;
  };
  Answer Send(const std::string& method, const std::string& target, std::string body) {
    Request request;
    request.method = method;
    request.target = target;
    request.headers = {{"host", "127.0.0.1:8788"}};
    request.body = std::move(body);
    CallNote note;
    CancelToken cancel;
    const bool of_file = request.target.rfind(std::string(D1FilesPrefix()), 0) == 0;
    const Response response =
        of_file ? d1.HandleFile(request, note) : d1.Handle(request, note, cancel);
    auto json = ParseJson(response.body.bytes());
    return {response.status, json ? *json : Json(), response.body.bytes(),
            std::string(response.headers.Get("etag"))};
  }
  Answer Call(const std::string& verb, const Json& body = Json::object(),
              const std::string& method = "POST") {
    return Send(method,
                "/client/v4/accounts/" + credentials.account_id + "/d1/database/" +
                    credentials.d1_database_id + "/" + verb,
                method == "GET" ? "" : DumpJson(body));
  }
  // Of a URL that the fake gave.
  Answer File(const std::string& method, const std::string& url, const std::string& body = "") {
    return Send(method, url.substr(url.find('/', url.find("://") + 3)), body);
  }
  std::string Error(const std::string& sql) {
    const Json json = Call("query", {{"sql", sql}}).json;
    return json["success"] == true ? "" : StringAt(json["errors"][0], "message");
  }
  std::int64_t Count(const std::string& table) {
    const Json json = Call("query", {{"sql", "SELECT count(*) AS n FROM " + table}}).json;
    return json["success"] == true ? IntAt(json["result"][0]["results"][0], "n", -1) : -1;
  }

  // The last answer of an import of these bytes, as wrangler makes it.
  Json Import(const std::string& sql) {
    const std::string etag = HexEncode(Md5(sql));
    const Json begun = Call("import", {{"action", "init"}, {"etag", etag}}).json["result"];
    Json progress = begun;
    if (begun.contains("upload_url")) {
      const Answer sent = File("PUT", StringAt(begun, "upload_url"), sql);
      EXPECT_EQ(sent.status, 200);
      EXPECT_EQ(sent.etag, "\"" + etag + "\"");
      progress =
          Call("import", {{"action", "ingest"}, {"filename", begun["filename"]}, {"etag", etag}})
              .json["result"];
    }
    return Call("import",
                {{"action", "poll"}, {"current_bookmark", StringAt(progress, "at_bookmark")}})
        .json["result"];
  }
  std::string Export(const Json& dump_options = Json::object()) {
    Json body{{"output_format", "polling"}, {"dump_options", dump_options}};
    const Json begun = Call("export", body).json["result"];
    EXPECT_EQ(begun["status"], "active");
    body["current_bookmark"] = begun["at_bookmark"];
    const Json done = Call("export", body).json["result"];
    EXPECT_EQ(done["status"], "complete");
    return File("GET", StringAt(done["result"], "signed_url")).text;
  }

  Credentials credentials = test::FixtureCredentials();
  test::SteppedRuntime runtime;
  D1 d1{credentials, "", runtime};
};

TEST_F(D1Transfers, ImportsAFileInItsSteps) {
  const Json done = Import("CREATE TABLE t(a); INSERT INTO t VALUES(1); INSERT INTO t VALUES(2);");
  EXPECT_EQ(done["status"], "complete");
  EXPECT_EQ(done["type"], "import");
  EXPECT_EQ(done["result"]["num_queries"], 3);
  EXPECT_EQ(done["result"]["meta"]["changes"], 2);
  for (const char* number : {"duration", "size_after", "rows_read", "rows_written"})
    EXPECT_TRUE(done["result"]["meta"][number].is_number()) << number;
  EXPECT_LT(done["at_bookmark"], done["result"]["final_bookmark"]);
  EXPECT_EQ(Count("t"), 2);
}

TEST_F(D1Transfers, ImportsAKnownFileWithoutItsBytes) {
  const std::string sql = "CREATE TABLE IF NOT EXISTS t(a); INSERT INTO t VALUES(1);";
  Import(sql);
  const Json again =
      Call("import", {{"action", "init"}, {"etag", HexEncode(Md5(sql))}}).json["result"];
  EXPECT_FALSE(again.contains("upload_url"));
  EXPECT_EQ(again["status"], "active");
  EXPECT_EQ(Count("t"), 2);
}

TEST_F(D1Transfers, ImportsAllOrNothing) {
  const Json failed =
      Import("CREATE TABLE t(a); INSERT INTO t VALUES(1); INSERT INTO none VALUES(1);");
  EXPECT_EQ(failed["status"], "error");
  EXPECT_NE(StringAt(failed, "error").find("no such table: none"), std::string::npos);
  EXPECT_EQ(failed["errors"].size(), 1u);
  EXPECT_EQ(Count("t"), -1);
  const Json nested = Import("BEGIN; CREATE TABLE t(a); COMMIT;");
  EXPECT_NE(StringAt(nested, "error").find("cannot start a transaction within a transaction"),
            std::string::npos);
  EXPECT_EQ(Count("t"), -1);
}

TEST_F(D1Transfers, TakesOnlyTheFileThatWasAnnounced) {
  const Json begun =
      Call("import", {{"action", "init"}, {"etag", HexEncode(Md5("SELECT 1"))}}).json["result"];
  const Answer other = File("PUT", StringAt(begun, "upload_url"), "DROP TABLE x");
  EXPECT_EQ(other.etag, "\"" + HexEncode(Md5("DROP TABLE x")) + "\"") << "an honest answer";
  const Answer ingested = Call("import", {{"action", "ingest"},
                                          {"filename", begun["filename"]},
                                          {"etag", HexEncode(Md5("SELECT 1"))}});
  EXPECT_EQ(ingested.status, 200);
  EXPECT_EQ(ingested.json["result"]["success"], false);
  EXPECT_EQ(File("PUT", std::string("http://x") + std::string(D1FilesPrefix()) + "none.sql").status,
            404);
  EXPECT_EQ(
      Call("import", {{"action", "poll"}, {"current_bookmark", "none"}}).json["result"]["error"],
      "Not currently importing anything.");
  EXPECT_EQ(Call("import", {{"action", "guess"}}).status, 400);
  EXPECT_EQ(Call("import", {{"action", "init"}}).status, 400);
}

TEST_F(D1Transfers, ForgetsAFileAfterAnHour) {
  const std::string sql = "SELECT 1";
  const std::string etag = HexEncode(Md5(sql));
  const Json begun = Call("import", {{"action", "init"}, {"etag", etag}}).json["result"];
  runtime.Advance(std::chrono::hours(1) + std::chrono::seconds(1));
  EXPECT_EQ(File("PUT", StringAt(begun, "upload_url"), sql).status, 404);
}

TEST_F(D1Transfers, ExportsWhatMakesTheSameDatabase) {
  ASSERT_EQ(Error("CREATE TABLE \"O'Brien\"(id INTEGER PRIMARY KEY AUTOINCREMENT, v,"
                  " twice AS (v || v));"
                  "CREATE INDEX by_v ON \"O'Brien\"(v);"
                  "CREATE TRIGGER bump AFTER INSERT ON \"O'Brien\" BEGIN SELECT 1; END;"
                  "INSERT INTO \"O'Brien\"(v) VALUES('it''s'),(NULL),(x'00ff'),(1.5),(7);"
                  "DELETE FROM \"O'Brien\" WHERE v = 7"),
            "");
  const std::string dump = Export();
  EXPECT_EQ(dump.rfind("PRAGMA defer_foreign_keys=TRUE;\n", 0), 0u);
  ASSERT_EQ(Error("DROP TABLE \"O'Brien\""), "");
  const Json done = Import(dump);
  EXPECT_EQ(done["status"], "complete") << DumpJson(done) << dump;
  EXPECT_EQ(Export(), dump);
  ASSERT_EQ(Error("INSERT INTO \"O'Brien\"(v) VALUES(8)"), "");
  const Json last = Call("query", {{"sql", "SELECT max(id) AS n FROM \"O'Brien\""}}).json;
  EXPECT_EQ(last["result"][0]["results"][0]["n"], 6) << "the counter of AUTOINCREMENT too";
}

TEST_F(D1Transfers, ExportsWhatIsAskedFor) {
  ASSERT_EQ(Error("CREATE TABLE a(v); CREATE TABLE b(v); INSERT INTO a VALUES(1);"
                  "INSERT INTO b VALUES(2)"),
            "");
  EXPECT_EQ(Export({{"no_schema", true}}).find("CREATE"), std::string::npos);
  EXPECT_EQ(Export({{"no_data", true}}).find("INSERT"), std::string::npos);
  const std::string one = Export({{"tables", {"b"}}});
  EXPECT_EQ(one.find("\"a\""), std::string::npos);
  EXPECT_NE(one.find("INSERT INTO \"b\""), std::string::npos);
  EXPECT_EQ(Call("export", {{"output_format", "polling"}, {"current_bookmark", "x"}})
                .json["result"]["error"],
            "Not currently exporting anything.");
  ASSERT_EQ(Error("CREATE VIRTUAL TABLE f USING fts5(x)"), "");
  const Json refused = Call("export", {{"output_format", "polling"}}).json["result"];
  EXPECT_EQ(refused["success"], false);
}

using D1TimeTravel = D1Transfers;

TEST_F(D1TimeTravel, GivesBookmarksThatOrderAsTime) {
  std::set<std::string> seen;
  std::string last;
  ASSERT_EQ(Error("CREATE TABLE t(a)"), "");
  for (int i = 0; i < 5; ++i) {
    const std::string bookmark =
        StringAt(Call("time_travel/bookmark", {}, "GET").json["result"], "bookmark");
    EXPECT_EQ(bookmark.size(), 59u);
    EXPECT_GT(bookmark, last);
    EXPECT_EQ(StringAt(Call("time_travel/bookmark", {}, "GET").json["result"], "bookmark"),
              bookmark)
        << "of the same state";
    last = bookmark;
    ASSERT_EQ(Error("INSERT INTO t VALUES(1)"), "");
  }
}

TEST_F(D1TimeTravel, GoesBackToAMomentAndForwardAgain) {
  ASSERT_EQ(Error("CREATE TABLE t(a); INSERT INTO t VALUES(1)"), "");
  const std::string one =
      StringAt(Call("time_travel/bookmark", {}, "GET").json["result"], "bookmark");
  ASSERT_EQ(Error("INSERT INTO t VALUES(2); CREATE TABLE u(a)"), "");
  const Json restored = Call("time_travel/restore?bookmark=" + one).json["result"];
  EXPECT_EQ(restored["bookmark"], one);
  EXPECT_EQ(Count("t"), 1);
  EXPECT_EQ(Count("u"), -1);
  ASSERT_EQ(Error("INSERT INTO t VALUES(3)"), "");
  Call("time_travel/restore?bookmark=" + StringAt(restored, "previous_bookmark"));
  EXPECT_EQ(Count("t"), 2);
  EXPECT_EQ(Count("u"), 0);
}

TEST_F(D1TimeTravel, FindsTheMomentOfATime) {
  ASSERT_EQ(Error("CREATE TABLE t(a)"), "");
  const std::int64_t then_s = runtime.Wall().seconds();
  runtime.Advance(std::chrono::minutes(2));
  ASSERT_EQ(Error("INSERT INTO t VALUES(1)"), "");
  runtime.Advance(std::chrono::minutes(2));
  ASSERT_EQ(Error("INSERT INTO t VALUES(2)"), "");
  ASSERT_EQ(Call("time_travel/restore?timestamp=" + std::to_string(then_s + 180)).status, 200);
  EXPECT_EQ(Count("t"), 1);
  EXPECT_EQ(Call("time_travel/restore?timestamp=" + std::to_string(then_s - 86'400)).status, 400);
  EXPECT_EQ(
      Call("time_travel/bookmark?timestamp=" + std::to_string(then_s + 86'400), {}, "GET").status,
      400);
  EXPECT_EQ(Call("time_travel/restore").status, 400);
}

}  // namespace
}  // namespace mg::fake
