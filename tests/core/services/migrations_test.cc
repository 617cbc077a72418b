#include "core/services/migrations.h"

#include <gtest/gtest.h>

#include "tests/core/services/registry_world.h"

namespace mg {
namespace {

using test::RegistryWorld;

// wire/storage.md 3.9: what wrangler sends, byte for byte.
constexpr const char* kWranglerCreate =
    "CREATE TABLE IF NOT EXISTS \"d1_migrations\"(\n"
    "\t\tid         INTEGER PRIMARY KEY AUTOINCREMENT,\n"
    "\t\tname       TEXT UNIQUE,\n"
    "\t\tapplied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL\n);";

std::vector<std::string> AllNames() {
  std::vector<std::string> names;
  for (const Migration& migration : EmbeddedMigrations()) names.emplace_back(migration.name);
  return names;
}

TEST(Migrations, AreEmbeddedInTheOrderOfTheirNumbers) {
  const std::vector<std::string> names = AllNames();
  ASSERT_GE(names.size(), 2u);
  EXPECT_EQ(names[0], "0001_registry.sql");
  EXPECT_EQ(names[1], "0002_usage.sql");
  EXPECT_NE(EmbeddedMigrations()[0].sql.find("CREATE TABLE tenants"), std::string_view::npos);
}

TEST(Migrations, AreAppliedOnceEachAndRecorded) {
  RegistryWorld w(false);
  const auto first = ApplyMigrations(w.db, w.cancel);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(*first, AllNames());
  const auto again = ApplyMigrations(w.db, w.cancel);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->empty());
  const auto rows = w.Sql("SELECT id, name, applied_at FROM d1_migrations ORDER BY id");
  ASSERT_EQ(rows.size(), AllNames().size());
  EXPECT_EQ(rows[0].Text("name"), "0001_registry.sql");
  EXPECT_EQ(rows[0].Text("applied_at"), "2026-01-01 00:00:00");
}

TEST(Migrations, GoOnWhereWranglerStopped) {
  RegistryWorld w(false);
  const Migration& first = EmbeddedMigrations()[0];
  ASSERT_TRUE(w.db.Execute(kWranglerCreate, w.cancel).ok());
  ASSERT_TRUE(w.db.Execute(std::string(first.sql) +
                               "\nINSERT INTO \"d1_migrations\" (name)\nvalues ('" +
                               std::string(first.name) + "');",
                           w.cancel)
                  .ok());
  const auto applied = ApplyMigrations(w.db, w.cancel);
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_EQ(applied->size(), AllNames().size() - 1);
  EXPECT_EQ(applied->front(), "0002_usage.sql");
}

TEST(Migrations, AreListedWithWhatIsPending) {
  RegistryWorld w(false);
  auto states = ListMigrations(w.db, w.cancel);
  ASSERT_TRUE(states.ok());
  EXPECT_FALSE(states->front().applied);
  // As wrangler does, listing makes the table.
  const auto table = w.Sql("SELECT sql FROM sqlite_master WHERE name = 'd1_migrations'");
  ASSERT_EQ(table.size(), 1u);
  EXPECT_NE(table[0].Text("sql").find("applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL"),
            std::string::npos);
  ASSERT_TRUE(ApplyMigrations(w.db, w.cancel).ok());
  states = ListMigrations(w.db, w.cancel);
  ASSERT_TRUE(states.ok());
  for (const MigrationState& state : *states) EXPECT_TRUE(state.applied) << state.name;
}

TEST(Migrations, ThatFailNameTheFileAndTheCauseAndChangeNothing) {
  RegistryWorld w(false);
  // The last statement of 0001 collides: what came before it must not stay.
  w.Sql("CREATE TABLE audit_log(x)");
  const auto applied = ApplyMigrations(w.db, w.cancel);
  ASSERT_FALSE(applied.ok());
  EXPECT_NE(applied.error().message.find("0001_registry.sql"), std::string::npos);
  EXPECT_NE(applied.error().message.find("audit_log already exists"), std::string::npos);
  EXPECT_TRUE(w.Sql("SELECT 1 FROM sqlite_master WHERE name = 'tenants'").empty());
  EXPECT_EQ(w.Count("d1_migrations"), 0);

  w.Sql("DROP TABLE audit_log");
  EXPECT_TRUE(ApplyMigrations(w.db, w.cancel).ok());
}

TEST(Migrations, SayThatD1CannotBeReached) {
  RegistryWorld w(false);
  w.db_line.Down(true);
  const auto applied = ApplyMigrations(w.db, w.cancel);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, Code::kUnavailable);
  EXPECT_FALSE(ListMigrations(w.db, w.cancel).ok());
}

}  // namespace
}  // namespace mg
