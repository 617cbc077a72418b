// Every call between client, gateway, agent and fakes, in order. Bounded: the oldest entries go
// first.
//
// Thread-safety: all members. Never holds secrets, bodies or message texts.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/ports/runtime.h"
#include "fakes/service.h"

namespace mg::fake {

struct JournalEntry {
  std::uint64_t seq = 0;
  std::int64_t at_ms = 0;  // wall time when it began
  std::string service;     // "gateway", "api", "s3", "access", "ai", "internal"
  std::string operation;   // "kv.get"; for the gateway its route
  std::string subject;
  std::string method;
  std::string path;  // no query; at most kJournalPathBytes
  int status = 0;
  std::int64_t duration_us = 0;
};

inline constexpr std::size_t kJournalPathBytes = 1024;

class Journal {
 public:
  explicit Journal(std::size_t capacity = 10'000);
  void Record(JournalEntry entry);                           // sets seq
  std::vector<JournalEntry> Since(std::uint64_t seq) const;  // entries with a greater seq
  void Reset();

 private:
  std::size_t capacity_;
  mutable Mutex mutex_;
  std::uint64_t next_seq_ = 1;
  std::deque<JournalEntry> entries_;
};

// One call while it is being answered: begun with the request, recorded with the answer.
class OpenCall {
 public:
  OpenCall(Journal& journal, const Runtime& runtime, const Request& request);
  void Record(std::string service, CallNote note, int status);

 private:
  Journal& journal_;
  const Runtime& runtime_;
  const Instant began_;
  JournalEntry entry_;
};

std::string JournalEntryJson(const JournalEntry& entry);  // one line, no newline

}  // namespace mg::fake
