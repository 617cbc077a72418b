#include "fakes/journal.h"

#include <algorithm>
#include <chrono>
#include <utility>

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

OpenCall::OpenCall(Journal& journal, const Runtime& runtime, const Request& request)
    : journal_(journal), runtime_(runtime), began_(runtime.Now()) {
  entry_.at_ms = runtime.Wall().ms;
  entry_.method = request.method;
  entry_.path = std::string(request.Path().substr(0, kJournalPathBytes));
}

void OpenCall::Record(std::string service, CallNote note, int status) {
  const Nanos took = runtime_.Now() - began_;
  entry_.service = std::move(service);
  entry_.operation = std::move(note.operation);
  entry_.subject = std::move(note.subject);
  entry_.status = status;
  entry_.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  journal_.Record(std::move(entry_));
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
