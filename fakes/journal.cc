#include "fakes/journal.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/base/json.h"
#include "fakes/body_end.h"

namespace mg::fake {
namespace {

const char* OutcomeOf(const Response& response, bool caller_gone) {
  if (caller_gone) return "cancelled";
  if (response.drop_connection) return "dropped";
  if (response.status >= 500) return "failed";
  return response.status >= 400 ? "refused" : "ok";
}

// Members whose 0 means that there is none; a duration of 0 is one.
bool IsCount(std::string_view member) {
  return member == "call" || member == "parent" || member == "attempt" || member == "status";
}

std::int64_t MicrosSince(Instant began, const Runtime& runtime) {
  return std::chrono::duration_cast<std::chrono::microseconds>(runtime.Now() - began).count();
}

}  // namespace

Journal::Journal(std::size_t capacity) : capacity_(capacity) {}

std::uint64_t Journal::NextCall() {
  Lock lock(mutex_);
  return next_call_++;
}

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
  next_call_ = 1;
  next_seq_ = 1;
}

void Journal::Forget() {
  Lock lock(mutex_);
  entries_.clear();
}

OpenCall::OpenCall(Journal& journal, const Runtime& runtime, const Request& request,
                   std::string service_name)
    : service(std::move(service_name)),
      journal_(journal),
      runtime_(runtime),
      began_(runtime.Now()) {
  entry_.call = journal.NextCall();
  entry_.at_ms = runtime.Wall().ms;
  entry_.method = request.method;
  entry_.path = std::string(request.Path().substr(0, kJournalPathBytes));
  CallTrail* trail = journal.trail();
  if (trail == nullptr) return;
  parent_ = trail->Current();
  entry_.parent = parent_.call;
  SetTenant(parent_.tenant);
}

OpenCall::~OpenCall() {
  if (open_) Close("cancelled", 0);
}

void OpenCall::SetTenant(std::string sandbox_id) {
  note.tenant = std::move(sandbox_id);
  if (CallTrail* trail = journal_.trail()) trail->Set({entry_.call, note.tenant});
}

void OpenCall::Record(const Response& response, bool caller_gone) {
  Close(OutcomeOf(response, caller_gone), response.drop_connection ? 0 : response.status);
}

void OpenCall::RecordAtEnd(Response& response, CancelToken& caller_gone) {
  if (!response.body.is_stream() || response.drop_connection)
    return Record(response, caller_gone.cancelled());
  JournalEntry entry = Finished();
  entry.status = response.status;
  const auto record = [entry = std::move(entry), ok = OutcomeOf(response, false), began = began_,
                       &journal = journal_, &runtime = runtime_,
                       &caller_gone](const BodyEnd& end) mutable {
    const bool broke = end.error && !caller_gone.cancelled();
    entry.outcome = end.whole ? ok : broke ? "dropped" : "cancelled";
    entry.duration_us = MicrosSince(began, runtime);
    journal.Record(std::move(entry));
  };
  WhenBodyEnds(response, 0, record);
}

void OpenCall::Close(std::string outcome, int status) {
  JournalEntry entry = Finished();
  entry.status = status;
  entry.outcome = std::move(outcome);
  entry.duration_us = MicrosSince(began_, runtime_);
  journal_.Record(std::move(entry));
}

JournalEntry OpenCall::Finished() {
  open_ = false;
  if (CallTrail* trail = journal_.trail()) trail->Set(std::move(parent_));
  entry_.service = std::move(service);
  entry_.operation = std::move(note.operation);
  entry_.subject = std::move(note.subject);
  entry_.tenant = std::move(note.tenant);
  entry_.model = std::move(note.model);
  entry_.fault = std::move(note.fault);
  entry_.step = note.step;
  entry_.attempt = note.attempt;
  return std::move(entry_);
}

std::string JournalEntryJson(const JournalEntry& entry) {
  Json json = {{"seq", entry.seq},
               {"at_ms", entry.at_ms},
               {"service", entry.service},
               {"operation", entry.operation},
               {"subject", entry.subject},
               {"method", entry.method},
               {"path", entry.path},
               {"status", entry.status},
               {"duration_us", entry.duration_us},
               {"call", entry.call},
               {"parent", entry.parent},
               {"tenant", entry.tenant},
               {"outcome", entry.outcome},
               {"fault", entry.fault},
               {"model", entry.model},
               {"attempt", entry.attempt}};
  if (entry.step >= 0) json["step"] = entry.step;
  for (auto member = json.begin(); member != json.end();) {
    const bool empty = *member == "" || (*member == 0 && IsCount(member.key()));
    member = empty ? json.erase(member) : std::next(member);
  }
  return DumpJson(json);
}

}  // namespace mg::fake
