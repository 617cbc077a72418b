// Every call between client, gateway, agent and fakes, in the order of their ends. Bounded: the
// oldest entries go first.
//
// Thread-safety: all members. Never holds secrets, bodies, values or message texts.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/ports/cancel.h"
#include "core/ports/runtime.h"
#include "fakes/service.h"

namespace mg::fake {

struct JournalEntry {
  std::uint64_t seq = 0;     // order of completion
  std::uint64_t call = 0;    // order of beginning: what timelines sort by
  std::uint64_t parent = 0;  // the call that caused it; 0: unknown, or a background task's
  std::int64_t at_ms = 0;    // wall time when it began
  std::string service;       // "gateway", "api", "s3", "access", "ai", "internal", "agent"
  std::string operation;     // "kv.get"; for the gateway its route
  std::string subject;
  std::string tenant;  // sandbox id; "" unknown
  std::string method;
  std::string path;     // no query; at most kJournalPathBytes
  int status = 0;       // 0: no answer
  std::string outcome;  // "ok", "refused" (4xx), "failed" (5xx), "dropped" (no answer), "cancelled"
  std::string fault;    // id of the rule that fired
  std::string model;
  int step = -1;    // of a universal request; -1: none
  int attempt = 0;  // tries that the fake made; 0: not a call that is tried
  std::int64_t duration_us = 0;
};

inline constexpr std::size_t kJournalPathBytes = 1024;

// On whose behalf the running task works.
struct Cause {
  std::uint64_t call = 0;
  std::string tenant;
};

// Who causes what, task by task. Only a simulation knows.
class CallTrail {
 public:
  virtual ~CallTrail() = default;
  virtual Cause Current() const = 0;
  virtual void Set(Cause cause) = 0;
};

class Journal {
 public:
  explicit Journal(std::size_t capacity = 10'000);

  std::uint64_t NextCall();                                  // from 1
  void Record(JournalEntry entry);                           // sets seq
  std::vector<JournalEntry> Since(std::uint64_t seq) const;  // entries with a greater seq
  void Reset();
  void Forget();  // all entries; numbers go on, for those who read with Since

  // Before the first call; `trail` outlives them all. Null (the default): no call has a parent.
  void Follow(CallTrail* trail) { trail_ = trail; }
  CallTrail* trail() const { return trail_; }

 private:
  std::size_t capacity_;
  CallTrail* trail_ = nullptr;
  mutable Mutex mutex_;
  std::uint64_t next_call_ = 1;
  std::uint64_t next_seq_ = 1;
  std::deque<JournalEntry> entries_;
};

// One call while it is being answered, and the cause of those that its task makes meanwhile. Begun
// with the request, recorded with the answer; one that ends without is recorded as "cancelled".
class OpenCall {
 public:
  OpenCall(Journal& journal, const Runtime& runtime, const Request& request, std::string service);
  ~OpenCall();
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

  CallNote note;  // its tenant is the cause's, until SetTenant
  std::string service;

  void SetTenant(std::string sandbox_id);  // calls caused from here on work for it too
  // `caller_gone`: nobody waited for this answer any more.
  void Record(const Response& response, bool caller_gone);
  // The same; for a stream once it has ended, broken off or been dropped unread, with its whole
  // time. `caller_gone` outlives the reading.
  void RecordAtEnd(Response& response, CancelToken& caller_gone);

 private:
  void Close(std::string outcome, int status);
  JournalEntry Finished();  // but for status, outcome and duration

  Journal& journal_;
  const Runtime& runtime_;
  const Instant began_;
  Cause parent_;
  JournalEntry entry_;
  bool open_ = true;
};

std::string JournalEntryJson(const JournalEntry& entry);  // one line; what is empty is left out

}  // namespace mg::fake
