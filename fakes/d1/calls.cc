#include "fakes/d1/calls.h"

#include <chrono>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "fakes/d1/answers.h"
#include "fakes/d1/json.h"
#include "fakes/d1/limits.h"
#include "fakes/d1/subject.h"
#include "fakes/v4.h"

namespace mg::fake::d1 {
namespace {

std::string SubjectOfQueries(const std::vector<d1::Query>& queries) {
  std::vector<std::string_view> sqls;
  sqls.reserve(queries.size());
  for (const d1::Query& query : queries) sqls.push_back(query.sql);
  return SubjectOf(sqls);
}

// Of the binding's sessions: a bookmark, or where the first query may go.
constexpr const char* kSessionHeader = "x-cf-d1-session-commit-token";
constexpr std::string_view kFromPrimary = "first-primary";
constexpr std::string_view kFromAnywhere = "first-unconstrained";

bool IsBookmark(std::string_view text) {
  constexpr std::size_t kSize = 59;
  constexpr std::string_view kForm = "xxxxxxxx-xxxxxxxx-xxxxxxxx-";
  if (text.size() != kSize) return false;
  for (std::size_t i = 0; i < kSize; ++i) {
    const bool dash = i < kForm.size() && kForm[i] == '-';
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !hex) return false;
  }
  return true;
}

// What SubjectOf says of each statement: "select usage".
bool OnlySelects(std::string_view subject) {
  for (std::string_view part : Split(subject, ';')) {
    part = TrimSpace(part);
    if (part.substr(0, part.find(' ')) != "select") return false;
  }
  return true;
}

}  // namespace

Calls::Calls(const Credentials& credentials, const std::string& folder, Runtime& runtime)
    : credentials_(credentials), runtime_(runtime), databases_(credentials, folder, runtime) {}

void Calls::SetKnobs(const D1Knobs& knobs) {
  Lock lock(mutex_);
  knobs_ = knobs;
}

void Calls::Reset() {
  databases_.Reset();
  transfers_.Clear();
  Lock lock(mutex_);
  imports_.clear();
}

std::variant<std::shared_ptr<SqlDatabase>, Response> Calls::Found(const Call& call) {
  const std::string id = AsciiLower(call.id());
  if (!IsUuid(id)) return InvalidProperty("Invalid property: databaseId => Invalid uuid");
  if (!databases_.catalogue().Find(id)) return NotFound(call.id());
  auto database = databases_.Open(id);
  if (database == nullptr) return SqlError(kInternal);
  return database;
}

std::variant<std::string, Response> Calls::ReadBody(Request& request, std::size_t limit) {
  const Status read =
      request.body.Buffer(limit, runtime_.Now() + std::chrono::milliseconds(kBodyReadMs));
  if (read) return request.body.bytes();
  if (read.error().code == Code::kExhausted) {
    return V4Error(413, kMalformedCode, "The request is malformed: body too large");
  }
  return Malformed("The request is malformed: body cut short");
}

std::variant<Json, Response> Calls::ReadJson(Request& request) {
  auto body = ReadBody(request, kMaxRequestBytes);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  auto json = ParseJson(std::get<std::string>(body));
  if (!json || !json->is_object()) return Malformed("The request is malformed: Invalid JSON");
  return std::move(*json);
}

std::optional<Response> Calls::TakeTurn(const Call& call, SqlDatabase& database) {
  D1Knobs knobs;
  {
    Lock lock(mutex_);
    knobs = knobs_;
  }
  if (!knobs.waits() || call.note.probe) return std::nullopt;
  const auto entry = database.turns().Enter(knobs);
  if (entry != Turnstile::Entry::kIn) {
    const bool too_many = entry == Turnstile::Entry::kTooManyWait;
    return V4Error(429, kOverloadedCode, too_many ? kTooManyQueued : kQueuedTooLong);
  }
  SleepUnlessCancelled(runtime_, runtime_.Now() + knobs.query_time, call.caller_gone);
  database.turns().Leave();
  return std::nullopt;
}

Response Calls::Query(Call& call) {
  return Run(call, false);
}

Response Calls::Raw(Call& call) {
  return Run(call, true);
}

Response Calls::Run(Call& call, bool raw) {
  auto found = Found(call);
  if (auto* refusal = std::get_if<Response>(&found)) return std::move(*refusal);
  SqlDatabase& database = *std::get<0>(found);
  auto body = ReadBody(call.request, kMaxRequestBytes);
  if (auto* refusal = std::get_if<Response>(&body)) return std::move(*refusal);
  auto queries = ReadQueries(std::get<std::string>(body));
  if (auto* invalid = std::get_if<Invalid>(&queries)) return InvalidProperty(invalid->message);
  call.note.subject = SubjectOfQueries(std::get<0>(queries));
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  if (auto refusal = TakeTurn(call, database)) return std::move(*refusal);
  if (call.request.headers.Has(kSessionHeader))
    return RunInSession(call, database, std::get<0>(queries), raw);
  const Ran ran = database.Run(std::get<0>(queries));
  if (const auto* failure = std::get_if<Failure>(&ran)) {
    return FailureAnswer(*failure, call.note.operation);
  }
  return V4Result(ResultJson(std::get<0>(ran), raw));
}

Response Calls::RunInSession(Call& call, SqlDatabase& database,
                             const std::vector<d1::Query>& queries, bool raw) {
  const std::string token(call.request.headers.Get(kSessionHeader));
  const bool is_bookmark = token != kFromPrimary && token != kFromAnywhere;
  if (is_bookmark && !IsBookmark(token)) return Malformed(kBadSession);
  const bool reads = token != kFromPrimary && OnlySelects(call.note.subject);
  if (reads && is_bookmark) {
    const std::int64_t left_ms = database.ReplicaHasAtMs(token) - runtime_.Wall().ms;
    if (left_ms > 0)
      SleepUnlessCancelled(runtime_, runtime_.Now() + std::chrono::milliseconds(left_ms),
                           call.caller_gone);
  }
  const SqlDatabase::Served served =
      database.RunInSession(queries, reads, is_bookmark ? token : "");
  const auto* failure = std::get_if<Failure>(&served.ran);
  Response response = failure != nullptr
                          ? FailureAnswer(*failure, call.note.operation)
                          : V4Result(ResultJson(std::get<0>(served.ran), raw, served.by_primary));
  response.headers.Set(kSessionHeader, served.bookmark);
  return response;
}

Response Calls::Bookmark(Call& call) {
  auto found = Found(call);
  if (auto* refusal = std::get_if<Response>(&found)) return std::move(*refusal);
  SqlDatabase& database = *std::get<0>(found);
  const auto text = QueryValue(call.request.Query(), "timestamp");
  const auto at_ms = text ? ParseIsoTime(*text) : std::nullopt;
  if (text && !at_ms) return InvalidProperty(kBadTimestamp);
  if (at_ms && *at_ms > runtime_.Wall().ms) return Malformed(kTimestampOutOfRange);
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto bookmark = at_ms ? database.BookmarkAt(*at_ms) : database.Bookmark();
  if (!bookmark) return SqlError(kNoHistory);
  return V4Result(DumpJson(Json{{"bookmark", *bookmark}}));
}

Response Calls::Restore(Call& call) {
  auto found = Found(call);
  if (auto* refusal = std::get_if<Response>(&found)) return std::move(*refusal);
  SqlDatabase& database = *std::get<0>(found);
  auto bookmark = QueryValue(call.request.Query(), "bookmark");
  if (const auto text = QueryValue(call.request.Query(), "timestamp"); text && !bookmark) {
    const auto at_ms = ParseIsoTime(*text);
    if (!at_ms) return InvalidProperty(kBadTimestamp);
    if (*at_ms > runtime_.Wall().ms) return Malformed(kTimestampOutOfRange);
    bookmark = database.BookmarkAt(*at_ms);
    if (!bookmark) return SqlError(kNoHistory);
  }
  if (!bookmark) return InvalidProperty("Invalid property: bookmark => Required");
  if (auto faulted = call.note.Begin()) return std::move(*faulted);
  const auto previous = database.Restore(*bookmark);
  if (!previous) {
    return SqlError(previous.error().code == Code::kNotFound ? kNoHistory : kInternal);
  }
  return V4Result(DumpJson(Json{{"bookmark", *bookmark},
                                {"previous_bookmark", *previous},
                                {"message", "Database has been restored to " + *bookmark}}));
}

}  // namespace mg::fake::d1
