#include "core/services/registry_watch.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "tests/core/services/registry_world.h"

namespace mg {
namespace {

using test::RegistryWorld;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RegistryWatchTest : public ::testing::Test {
 protected:
  void Change(const std::string& host) {
    w.Sql("INSERT INTO registry_changes(kind, tenant_id, host, at) VALUES ('tenant', 't', ?1, ?2)",
          {host, w.runtime.Wall().ms});
  }
  // What has been heard since the last question.
  std::vector<std::string> Heard() {
    const std::lock_guard lock(mutex);
    return std::exchange(heard, {});
  }
  std::vector<std::string> Poll() {
    const Status polled = watch.PollOnce(w.cancel);
    EXPECT_TRUE(polled.ok()) << (polled ? "" : polled.error().message);
    return Heard();
  }
  void AwaitHeard(std::size_t count) {
    std::unique_lock lock(mutex);
    moved.wait(lock, [&] { return heard.size() >= count; });
  }

  RegistryWorld w;
  std::mutex mutex;
  std::condition_variable moved;
  std::vector<std::string> heard;
  RegistryWatch watch{w.settings, w.db, w.runtime, w.log, [this](const RegistryChange& change) {
                        const std::lock_guard lock(mutex);
                        heard.push_back(change.kind + " " + change.host);
                        moved.notify_all();
                      }};
};

TEST_F(RegistryWatchTest, HandsOnEachRowAsItWasWritten) {
  const TenantRecord acme = w.Add("acme");
  std::vector<RegistryChange> changes;
  RegistryWatch own(w.settings, w.db, w.runtime, w.log,
                    [&](const RegistryChange& change) { changes.push_back(change); });
  ASSERT_TRUE(own.PollOnce(w.cancel).ok());
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].seq, 1);
  EXPECT_EQ(changes[0].kind, "tenant");
  EXPECT_EQ(changes[0].tenant_id, acme.id);
  EXPECT_EQ(changes[0].host, SlugKey("acme"));
  EXPECT_EQ(changes[0].at_ms, w.runtime.Wall().ms);
  EXPECT_FALSE(changes[0].tenant_gone);
}

TEST_F(RegistryWatchTest, SaysOfEachChangeWhetherItsTenantIsGone) {
  w.Add("acme");
  w.Add("bolt");
  ASSERT_TRUE(w.registry.DeleteTenant("acme", "test", w.cancel).ok());
  std::vector<std::pair<std::string, bool>> gone;
  RegistryWatch own(w.settings, w.db, w.runtime, w.log, [&](const RegistryChange& change) {
    gone.emplace_back(change.host, change.tenant_gone);
  });
  w.Sql("INSERT INTO registry_changes(kind, tenant_id, host, at) VALUES ('tenant', NULL, 'x', ?1)",
        {w.runtime.Wall().ms});
  ASSERT_TRUE(own.PollOnce(w.cancel).ok());
  EXPECT_THAT(gone, ElementsAre(std::pair(SlugKey("acme"), true), std::pair(SlugKey("bolt"), false),
                                std::pair(SlugKey("acme"), true), std::pair("x", false)));
}

TEST_F(RegistryWatchTest, FollowsTenantsWhereTheModelMapsMigrationIsNotApplied) {
  w.Sql("ALTER TABLE model_map RENAME TO model_map_later");
  Change("acme");
  EXPECT_THAT(Poll(), ElementsAre("tenant acme"));
  Change("beta");
  EXPECT_THAT(Poll(), ElementsAre("tenant beta"));
  EXPECT_EQ(w.log.Events("model_map_missing").size(), 1u);
  w.Sql("ALTER TABLE model_map_later RENAME TO model_map");
  ASSERT_TRUE(w.registry.PutModelMap("{}", "test", w.cancel).ok());
  EXPECT_THAT(Poll(), ElementsAre(std::string(kModelMapChanged) + " "));
}

TEST_F(RegistryWatchTest, HandsOnTheModelMapWheneverItIsAnother) {
  std::vector<std::string> maps;
  RegistryWatch own(w.settings, w.db, w.runtime, w.log, [&](const RegistryChange& change) {
    if (change.kind == kModelMapChanged) maps.push_back(change.model_map);
  });
  ASSERT_TRUE(own.PollOnce(w.cancel).ok());
  ASSERT_TRUE(w.registry.PutModelMap("{}", "test", w.cancel).ok());
  ASSERT_TRUE(own.PollOnce(w.cancel).ok());
  ASSERT_TRUE(own.PollOnce(w.cancel).ok());
  EXPECT_THAT(maps, ElementsAre("{}"));
  ASSERT_TRUE(w.registry.PutModelMap("[]", "test", w.cancel).ok());
  ASSERT_TRUE(own.PollOnce(w.cancel).ok());
  w.Sql("DELETE FROM model_map");
  ASSERT_TRUE(own.PollOnce(w.cancel).ok());
  EXPECT_THAT(maps, ElementsAre("{}", "[]", ""));
}

TEST_F(RegistryWatchTest, StartsWithTheChangesOfTheSpanAlone) {
  Change("too old");
  w.Advance(1);
  Change("just within");
  w.Advance(300 + 60);
  Change("new");
  EXPECT_THAT(Poll(), ElementsAre("tenant just within", "tenant new"));
  EXPECT_THAT(Poll(), IsEmpty());
}

TEST_F(RegistryWatchTest, PassesOverAnOldTableAndHearsWhatFollows) {
  Change("too old");
  w.Advance(1000);
  EXPECT_THAT(Poll(), IsEmpty());
  Change("a");
  Change("b");
  EXPECT_THAT(Poll(), ElementsAre("tenant a", "tenant b"));
  Change("c");
  EXPECT_THAT(Poll(), ElementsAre("tenant c"));
}

TEST_F(RegistryWatchTest, FollowsByNumberNotByTheWritersClock) {
  Poll();
  w.Sql("INSERT INTO registry_changes(kind, host, at) VALUES ('tenant', 'from the past', 5)");
  EXPECT_THAT(Poll(), ElementsAre("tenant from the past"));
}

TEST_F(RegistryWatchTest, ReadsMoreThanOnePage) {
  const auto add = [&](int count) {
    w.Sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) "
        "INSERT INTO registry_changes(kind, host, at) SELECT 'tenant', i, ?2 FROM n",
        {std::int64_t{count}, w.runtime.Wall().ms});
  };
  add(2500);
  EXPECT_EQ(Poll().size(), 2500u);
  add(1000);
  EXPECT_EQ(Poll().size(), 1000u);
  EXPECT_THAT(Poll(), IsEmpty());
}

TEST_F(RegistryWatchTest, MissesNothingThroughAnOutage) {
  Poll();
  w.db_line.Down(true);
  EXPECT_FALSE(watch.PollOnce(w.cancel).ok());
  w.db_line.Down(false);
  Change("a");
  w.db_line.Down(true);
  EXPECT_FALSE(watch.PollOnce(w.cancel).ok());
  w.Advance(3600);
  w.db_line.Down(false);
  EXPECT_THAT(Poll(), ElementsAre("tenant a"));
}

TEST_F(RegistryWatchTest, StartsAgainWhenTheNumbersGoBack) {
  Change("a");
  Change("b");
  Poll();
  w.d1_fake.Reset();
  ASSERT_TRUE(ApplyMigrations(w.db, w.cancel).ok());
  EXPECT_THAT(Poll(), ElementsAre("reset "));
  EXPECT_THAT(Poll(), IsEmpty());
  Change("c");
  EXPECT_THAT(Poll(), ElementsAre("tenant c"));
  EXPECT_EQ(w.log.Events("registry_reset").size(), 1u);
}

TEST_F(RegistryWatchTest, NoticesAnotherDatabaseThatHasCaughtUp) {
  Change("a");
  Poll();
  w.d1_fake.Reset();
  ASSERT_TRUE(ApplyMigrations(w.db, w.cancel).ok());
  w.Advance(1);
  Change("x");
  Change("y");
  EXPECT_THAT(Poll(), ElementsAre("reset ", "tenant x", "tenant y"));
}

TEST_F(RegistryWatchTest, PollsEveryFourSecondsUntilItIsStopped) {
  const Instant began = w.runtime.Now();
  const int before = w.db_line.calls();
  watch.Start();
  w.db_line.AwaitCalls(before + 4);
  watch.Stop();
  const int polls = w.db_line.calls() - before;
  const auto passed = w.runtime.Now() - began;
  EXPECT_GE(passed, std::chrono::seconds(4 * 3));
  EXPECT_LE(passed, std::chrono::seconds(4 * polls));
  watch.Stop();
  EXPECT_EQ(w.db_line.calls(), before + polls);
}

TEST_F(RegistryWatchTest, LogsAnOutageOnceAndItsEndOnce) {
  const int before = w.db_line.calls();
  w.db_line.Down(true);
  watch.Start();
  w.db_line.AwaitCalls(before + 3);
  w.db_line.Down(false);
  Change("a");
  AwaitHeard(1);
  w.db_line.AwaitCalls(w.db_line.calls() + 1);  // so the poll that heard it has ended
  watch.Stop();
  EXPECT_EQ(w.log.Events("registry_watch_failed").size(), 1u);
  EXPECT_EQ(w.log.Events("registry_watch_recovered").size(), 1u);
}

TEST_F(RegistryWatchTest, StopsInTheMiddleOfAPoll) {
  const int before = w.db_line.calls();
  w.db_line.Hold(true);
  watch.Start();
  w.db_line.AwaitCalls(before + 1);
  std::thread release([&] { w.db_line.Hold(false); });
  watch.Stop();
  release.join();
  EXPECT_TRUE(w.log.Events("registry_watch_failed").empty());
}

}  // namespace
}  // namespace mg
