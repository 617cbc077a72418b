#include "fakes/journal.h"

#include <gtest/gtest.h>

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
}

}  // namespace
}  // namespace mg::fake
