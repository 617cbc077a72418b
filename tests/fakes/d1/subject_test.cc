#include "fakes/d1/subject.h"

#include <gtest/gtest.h>

#include "tests/support/fixed_random.h"

namespace mg::fake::d1 {
namespace {

TEST(D1Subject, SaysWhatAStatementDoes) {
  const struct {
    const char* sql;
    const char* subject;
  } cases[] = {
      {"SELECT * FROM tenants WHERE slug = ?", "select tenants"},
      {"select 1", "select"},
      {"SELECT 'private'", "select"},
      {"SELECT * FROM main.\"Tenants\"", "select tenants"},
      {"SELECT (SELECT 1 FROM a) FROM b", "select b"},
      {"SELECT * FROM (SELECT x FROM inner_table)", "select inner_table"},
      {"SELECT a IS NOT DISTINCT FROM b FROM t", "select t"},
      {"INSERT INTO usage(id) VALUES(?)", "insert usage"},
      {"INSERT OR IGNORE INTO usage SELECT * FROM other", "insert usage"},
      {"insert into [my table] values (1)", "insert my?table"},
      {"REPLACE INTO `t` VALUES(1)", "replace t"},
      {"UPDATE tenants SET a = 'x' WHERE id = 1", "update tenants"},
      {"UPDATE OR FAIL t SET a = 1", "update t"},
      {"DELETE FROM tenant_keys WHERE 1", "delete tenant_keys"},
      {"WITH a(x) AS (SELECT 1 FROM q), b AS (SELECT 2) INSERT INTO t SELECT x FROM a", "insert t"},
      {"WITH RECURSIVE c AS (VALUES(1)) SELECT * FROM c", "select c"},
      {"CREATE TABLE IF NOT EXISTS usage(id TEXT)", "create table usage"},
      {"CREATE UNIQUE INDEX i ON t(a)", "create index i"},
      {"DROP TABLE t", "drop table t"},
      {"ALTER TABLE t ADD COLUMN c", "alter table t"},
      {"CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE a SET x = CASE WHEN 1 THEN 2 END; "
       "DELETE FROM b; END; SELECT 1 FROM z",
       "create trigger g; select z"},
      {"PRAGMA table_info('usage')", "pragma table_info"},
      {"PRAGMA foreign_keys = on", "pragma foreign_keys"},
      {"-- INSERT INTO a\n/* DELETE FROM b */ SELECT /* x */ 1 FROM c -- d", "select c"},
      {"SELECT '; DELETE FROM x; ' FROM t; DELETE FROM u", "select t; delete u"},
      {"SELECT 'it''s; ' FROM t", "select t"},
      {"INSERT INTO t VALUES(1); INSERT INTO t VALUES(2);; INSERT INTO u VALUES(3)",
       "insert t; insert u"},
      {"BEGIN; COMMIT", "begin; commit"},
      {"EXPLAIN QUERY PLAN SELECT 1 FROM t", "explain"},
      {"mk_secret", "other"},
      {"'secret'", "other"},
      {"12345", "other"},
      {"WITH", "other"},
      {"WITH x; SELECT 1 FROM t", "other; select t"},
      {"INSERT INTO 'literal' VALUES(1)", "insert"},
      {"INSERT", "insert"},
      {"", ""},
      {" ;; -- nothing", ""},
      {"/* never closed", ""},
      {"SELECT 1 FROM \"never closed", "select never?closed"},
  };
  for (const auto& c : cases) EXPECT_EQ(SubjectOf({c.sql}), c.subject) << c.sql;
}

TEST(D1Subject, JoinsABatchAndEndsSomewhere) {
  EXPECT_EQ(SubjectOf({"INSERT INTO tenants VALUES(1)", "INSERT INTO registry_changes VALUES(2)"}),
            "insert tenants; insert registry_changes");
  EXPECT_EQ(SubjectOf({}), "");
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back("SELECT 1 FROM t" + std::to_string(i));
  const std::string subject = SubjectOf({many.begin(), many.end()});
  EXPECT_LE(subject.size(), 245U);
  EXPECT_EQ(subject.substr(subject.size() - 5), "; ...");
}

TEST(D1Subject, SurvivesAnyBytes) {
  test::FixedRandom random{3};
  const std::string pieces[] = {"select ", "from ", "(",  ")", ";", "'",     "\"",
                                "--",      "/*",    "*/", "[", "]", "with ", "create trigger ",
                                "begin ",  "end",   "\n", "."};
  for (int i = 0; i < 20'000; ++i) {
    std::string sql;
    for (std::uint64_t n = random.Below(12); n > 0; --n) {
      const std::uint64_t at = random.Below(std::size(pieces) + 1);
      sql += at < std::size(pieces) ? pieces[at] : random.Bytes(3);
    }
    for (const char c : SubjectOf({sql})) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << sql;
  }
}

}  // namespace
}  // namespace mg::fake::d1
