#include "fakes/journal.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/support/stepped_runtime.h"

namespace mg::fake {
namespace {

JournalEntry Entry(const std::string& operation) {
  JournalEntry entry;
  entry.operation = operation;
  return entry;
}

TEST(Journal, NumbersEntriesFromOneInOrder) {
  Journal journal;
  journal.Record(Entry("kv.get"));
  journal.Record(Entry("kv.put"));
  const auto entries = journal.Since(0);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].seq, 1u);
  EXPECT_EQ(entries[1].seq, 2u);
  EXPECT_EQ(entries[1].operation, "kv.put");
}

TEST(Journal, DropsTheOldestWhenFullButKeepsCounting) {
  Journal journal(2);
  for (const char* operation : {"a", "b", "c"}) journal.Record(Entry(operation));
  const auto entries = journal.Since(0);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].operation, "b");
  EXPECT_EQ(entries[1].seq, 3u);
}

TEST(Journal, GivesOnlyWhatCameAfterTheNamedEntry) {
  Journal journal(2);
  for (const char* operation : {"a", "b", "c"}) journal.Record(Entry(operation));
  ASSERT_EQ(journal.Since(2).size(), 1u);
  EXPECT_EQ(journal.Since(2)[0].operation, "c");
  EXPECT_TRUE(journal.Since(3).empty());
  EXPECT_TRUE(journal.Since(1'000'000).empty());
}

TEST(Journal, StartsAgainAfterReset) {
  Journal journal;
  journal.Record(Entry("a"));
  journal.Reset();
  EXPECT_TRUE(journal.Since(0).empty());
  journal.Record(Entry("b"));
  EXPECT_EQ(journal.Since(0)[0].seq, 1u);
}

TEST(Journal, HoldsNothingWithoutCapacity) {
  Journal journal(0);
  journal.Record(Entry("a"));
  EXPECT_TRUE(journal.Since(0).empty());
}

TEST(Journal, WritesAnEntryAsOneLineOfJson) {
  JournalEntry entry = Entry("kv.get");
  entry.subject = "line\nbreak \xff";
  const std::string line = JournalEntryJson(entry);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find(R"("operation":"kv.get")"), std::string::npos);
  EXPECT_NE(line.find(R"(line\nbreak)"), std::string::npos);
  for (const char* empty : {"fault", "model", "step", "attempt", "parent", "tenant"})
    EXPECT_EQ(line.find("\"" + std::string(empty) + "\""), std::string::npos) << empty;
  entry.step = 0;
  entry.parent = 3;
  const Json full = ParseJson(JournalEntryJson(entry)).value();
  EXPECT_EQ(full["step"], 0);
  EXPECT_EQ(full["parent"], 3);
}

class OneTask final : public CallTrail {
 public:
  Cause Current() const override { return cause; }
  void Set(Cause next) override { cause = std::move(next); }
  Cause cause;
};

class JournaledCalls : public testing::Test {
 protected:
  Response Status(int status) {
    Response response;
    response.status = status;
    return response;
  }

  test::SteppedRuntime runtime;
  Journal journal;
  OneTask trail;
  Request request;
};

TEST_F(JournaledCalls, KnowTheirParentAndTenant) {
  journal.Follow(&trail);
  {
    OpenCall outer(journal, runtime, request, "gateway");
    {
      OpenCall lookup(journal, runtime, request, "api");
      lookup.Record(Status(200), false);
    }
    outer.SetTenant("sk-1");
    {
      OpenCall inner(journal, runtime, request, "api");
      EXPECT_EQ(inner.note.tenant, "sk-1");
      OpenCall deepest(journal, runtime, request, "s3");
      deepest.Record(Status(200), false);
      inner.Record(Status(200), false);
    }
    EXPECT_EQ(trail.cause.call, 1U);
    outer.Record(Status(200), false);
    EXPECT_EQ(trail.cause.call, 0U);
    EXPECT_EQ(trail.cause.tenant, "");
  }
  const auto entries = journal.Since(0);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].call, 2U);
  EXPECT_EQ(entries[0].parent, 1U);
  EXPECT_EQ(entries[0].tenant, "");
  EXPECT_EQ(entries[1].call, 4U);
  EXPECT_EQ(entries[1].parent, 3U);
  EXPECT_EQ(entries[1].tenant, "sk-1");
  EXPECT_EQ(entries[2].parent, 1U);
  EXPECT_EQ(entries[3].call, 1U);
  EXPECT_EQ(entries[3].parent, 0U);
  EXPECT_EQ(entries[3].tenant, "sk-1");
}

TEST_F(JournaledCalls, SayHowTheyEnded) {
  for (const int status : {200, 302, 404, 503}) {
    OpenCall(journal, runtime, request, "api").Record(Status(status), false);
  }
  OpenCall(journal, runtime, request, "api").Record(Status(200), true);
  Response dropped;
  dropped.drop_connection = true;
  OpenCall(journal, runtime, request, "api").Record(dropped, false);
  std::vector<std::string> outcomes;
  for (const auto& entry : journal.Since(0)) outcomes.push_back(entry.outcome);
  EXPECT_EQ(outcomes,
            (std::vector<std::string>{"ok", "ok", "refused", "failed", "cancelled", "dropped"}));
  EXPECT_EQ(journal.Since(5)[0].status, 0);
}

TEST_F(JournaledCalls, ThatEndByAnExceptionAreCancelledAndGiveTheirPlaceBack) {
  journal.Follow(&trail);
  trail.cause = {9, "sk-9"};
  try {
    OpenCall open(journal, runtime, request, "api");
    open.note.operation = "kv.get";
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(trail.cause.call, 9U);
  EXPECT_EQ(trail.cause.tenant, "sk-9");
  ASSERT_EQ(journal.Since(0).size(), 1U);
  EXPECT_EQ(journal.Since(0)[0].outcome, "cancelled");
  EXPECT_EQ(journal.Since(0)[0].operation, "kv.get");
  EXPECT_EQ(journal.Since(0)[0].parent, 9U);
}

}  // namespace
}  // namespace mg::fake
