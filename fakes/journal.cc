#include "fakes/journal.h"

#include <algorithm>

#include "core/base/json.h"

namespace mg::fake {

Journal::Journal(std::size_t capacity) : capacity_(capacity) {}

void Journal::Record(JournalEntry entry) {
  Lock lock(mutex_);
  entry.seq = next_seq_++;
  if (capacity_ == 0) return;
  if (entries_.size() == capacity_) entries_.pop_front();
  entries_.push_back(std::move(entry));
}

std::vector<JournalEntry> Journal::Since(std::uint64_t seq) const {
  Lock lock(mutex_);
  const auto first = std::partition_point(entries_.begin(), entries_.end(),
                                          [seq](const auto& entry) { return entry.seq <= seq; });
  return {first, entries_.end()};
}

void Journal::Reset() {
  Lock lock(mutex_);
  entries_.clear();
  next_seq_ = 1;
}

std::string JournalEntryJson(const JournalEntry& entry) {
  return DumpJson(Json{{"seq", entry.seq},
                       {"at_ms", entry.at_ms},
                       {"service", entry.service},
                       {"operation", entry.operation},
                       {"subject", entry.subject},
                       {"method", entry.method},
                       {"path", entry.path},
                       {"status", entry.status},
                       {"duration_us", entry.duration_us}});
}

}  // namespace mg::fake
