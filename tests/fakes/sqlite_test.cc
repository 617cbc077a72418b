#include "fakes/sqlite.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>

namespace mg::fake {
namespace {

TEST(Sqlite, RefusesAPathThatCannotBeOpenedAndNamesIt) {
  try {
    Database db("/nonexistent/folder/x.sqlite");
    FAIL() << "opened";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("/nonexistent/folder/x.sqlite"), std::string::npos);
  }
}

TEST(Sqlite, KeepsZeroBytesInTextAndBlobs) {
  Database db("");
  Statement echo(db, "SELECT ?1, ?2");
  const std::string bytes("a\0b", 3);
  echo.BindText(1, bytes);
  echo.BindBlob(2, bytes);
  ASSERT_EQ(echo.Step(), SQLITE_ROW);
  EXPECT_EQ(echo.Text(0), bytes);
  EXPECT_EQ(echo.Text(1), bytes);
}

TEST(Sqlite, BindsAnEmptyViewAsEmptyNotAsNull) {
  Database db("");
  Statement echo(db, "SELECT ?1, ?2, ?3");
  echo.BindText(1, {});
  echo.BindBlob(2, {});
  echo.BindNull(3);
  ASSERT_EQ(echo.Step(), SQLITE_ROW);
  EXPECT_FALSE(echo.IsNull(0));
  EXPECT_FALSE(echo.IsNull(1));
  EXPECT_TRUE(echo.IsNull(2));
}

TEST(Sqlite, ForgetsBindingsOnReset) {
  Database db("");
  Statement echo(db, "SELECT ?1");
  echo.BindInt(1, 7);
  ASSERT_EQ(echo.Step(), SQLITE_ROW);
  EXPECT_EQ(echo.Int(0), 7);
  echo.Reset();
  ASSERT_EQ(echo.Step(), SQLITE_ROW);
  EXPECT_TRUE(echo.IsNull(0));
}

TEST(Sqlite, ReportsAValueThatIsTooBigAtTheNextStep) {
  Database db("");
  sqlite3_limit(db.handle(), SQLITE_LIMIT_LENGTH, 100);
  Statement echo(db, "SELECT ?1");
  echo.BindText(1, std::string(101, 'x'));
  EXPECT_EQ(echo.Step(), SQLITE_TOOBIG);
  echo.Reset();
  EXPECT_EQ(echo.Step(), SQLITE_ROW);
}

TEST(Sqlite, ThrowsOnAStatementThatIsWrong) {
  Database db("");
  EXPECT_THROW(Statement(db, "SELEC 1"), std::runtime_error);
  EXPECT_THROW(Statement(db, ""), std::runtime_error);
}

TEST(Sqlite, WritesAheadWithFullSynchronisation) {
  const auto path = std::filesystem::path(testing::TempDir()) / "moltgate_sqlite_test.sqlite";
  std::filesystem::remove(path);
  {
    Database db(path.string());
    Statement mode(db, "PRAGMA journal_mode");
    ASSERT_EQ(mode.Step(), SQLITE_ROW);
    EXPECT_EQ(mode.Text(0), "wal");
    Statement synchronous(db, "PRAGMA synchronous");
    ASSERT_EQ(synchronous.Step(), SQLITE_ROW);
    EXPECT_EQ(synchronous.Int(0), 2);
  }
  std::filesystem::remove(path);
}

TEST(Sqlite, ReturnsTheCodeAndKeepsTheTextOfAFailure) {
  Database db("");
  ASSERT_EQ(db.Execute("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)"), SQLITE_OK);
  EXPECT_EQ(db.Execute("INSERT INTO t VALUES(1)"), SQLITE_CONSTRAINT_UNIQUE);
  EXPECT_EQ(db.Message(), "UNIQUE constraint failed: t.a");
}

}  // namespace
}  // namespace mg::fake
