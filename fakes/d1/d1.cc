#include "fakes/d1/d1.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/json.h"
#include "fakes/d1/clock.h"
#include "fakes/d1/engine.h"
#include "fakes/d1/json.h"
#include "fakes/d1/limits.h"
#include "fakes/d1/subject.h"
#include "fakes/d1/turnstile.h"
#include "fakes/v4.h"

namespace mg::fake {
namespace {

// client / v4 / accounts / {a} / d1 / database / {db} / {verb}
constexpr std::size_t kDatabaseSegment = 6;
constexpr std::int64_t kDefaultPerPage = 100;
constexpr std::int64_t kMaxPerPage = 10'000;

// A schema's refusal has neither `result` nor `messages`.
Response Invalid(std::string_view message) {
  return JsonResponse(
      400, DumpJson(Json{
               {"success", false},
               {"errors", Json::array({{{"code", d1::kMalformedCode}, {"message", message}}})}}));
}

// SQL's refusals have an empty array for a result.
Response SqlError(std::string_view message) {
  return JsonResponse(
      400,
      DumpJson(Json{{"result", Json::array()},
                    {"success", false},
                    {"messages", Json::array()},
                    {"errors", Json::array({{{"code", d1::kSqlCode}, {"message", message}}})}}));
}

std::string IsoTime(WallTime at) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(at.ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::string SubjectOf(const std::vector<d1::Query>& queries) {
  std::vector<std::string_view> sqls;
  sqls.reserve(queries.size());
  for (const d1::Query& query : queries) sqls.push_back(query.sql);
  return d1::SubjectOf(sqls);
}

std::uint64_t Fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace

class D1::Impl {
 public:
  Impl(const Credentials& credentials, const std::string& folder, Runtime& runtime);

  Response Handle(Request& request, CallNote& note, CancelToken& caller_gone);
  void Reset();
  void SetKnobs(const D1Knobs& knobs) {
    Lock lock(mutex_);
    knobs_ = knobs;
  }

 private:
  struct Info {
    std::int64_t size_bytes = 0;
    std::int64_t tables = 0;
  };

  Response Databases(const Request& request, CallNote& note);
  Response DatabaseItself(const Request& request, CallNote& note, const std::string& name);
  Response Run(Request& request, CallNote& note, CancelToken& caller_gone, const std::string& id,
               bool raw);
  void OpenEngine();
  // Keeps the database busy for as long as a call takes; a Response is a refusal.
  std::optional<Response> TakeTurn(const CallNote& note, CancelToken& caller_gone);
  std::variant<std::vector<d1::Outcome>, d1::Failure> RunLocked(
      const std::vector<d1::Query>& queries);
  Info ReadInfo();
  Json Describe() const;

  const std::string id_;
  Runtime& runtime_;
  std::string path_;  // empty: in memory
  std::string created_at_;
  d1::ClockVfs clock_;
  d1::Turnstile turns_;
  Mutex mutex_;
  D1Knobs knobs_;
  std::unique_ptr<d1::Engine> engine_;  // null only after a Reset that could not open it again
};

D1::Impl::Impl(const Credentials& credentials, const std::string& folder, Runtime& runtime)
    : id_(credentials.d1_database_id),
      runtime_(runtime),
      created_at_(IsoTime(runtime.Wall())),
      clock_(runtime),
      turns_(runtime) {
  if (!folder.empty()) {
    std::filesystem::create_directories(folder + "/d1");
    path_ = folder + "/d1/" + id_ + ".sqlite";
  }
  OpenEngine();
}

void D1::Impl::OpenEngine() {
  // The time of opening keeps a restarted emulator from handing out the same "random" keys again;
  // in virtual time it is as fixed as the id.
  const d1::RandomSource random{Fnv1a(id_) ^ static_cast<std::uint64_t>(runtime_.Wall().ms)};
  engine_ = std::make_unique<d1::Engine>(path_, clock_.name(), random, runtime_);
}

void D1::Impl::Reset() {
  Lock lock(mutex_);
  engine_.reset();
  if (!path_.empty()) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;  // absent is fine; a file that stays fails the opening or is reused
      std::filesystem::remove(path_ + suffix, ignored);
    }
  }
  OpenEngine();
}

Response D1::Impl::Handle(Request& request, CallNote& note, CancelToken& caller_gone) {
  const std::string path(request.Path());
  const auto segments = PathSegments(path);
  if (!segments || segments->size() < kDatabaseSegment) return V4NoRoute(path);
  const auto& at = *segments;
  if (at.size() == kDatabaseSegment) return Databases(request, note);
  const std::string& name = at[kDatabaseSegment];
  note.subject = name.substr(0, 64);
  if (at.size() == kDatabaseSegment + 1) return DatabaseItself(request, note, name);
  const std::string& verb = at[kDatabaseSegment + 1];
  if (at.size() == kDatabaseSegment + 2 && (verb == "query" || verb == "raw")) {
    return Run(request, note, caller_gone, name, verb == "raw");
  }
  if (verb == "import" || verb == "export" || verb == "time_travel") {
    note.operation = "d1." + verb;
    return V4Gap(note.operation, "this emulator does not do D1 " + verb);
  }
  return V4NoRoute(path);
}

D1::Impl::Info D1::Impl::ReadInfo() {
  Lock lock(mutex_);
  return engine_ == nullptr ? Info{} : Info{engine_->SizeBytes(), engine_->TableCount()};
}

Json D1::Impl::Describe() const {
  return Json{{"uuid", id_},
              {"name", d1::kDatabaseName},
              {"created_at", created_at_},
              {"version", "production"},
              {"jurisdiction", nullptr}};
}

Response D1::Impl::Databases(const Request& request, CallNote& note) {
  if (request.method != "GET") {
    note.operation = "d1.create";
    return V4Gap(note.operation, "this emulator has one D1 database and makes no others");
  }
  note.operation = "d1.list";
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const auto number = [&](std::string_view name, std::int64_t fallback) {
    const auto text = QueryValue(request.Query(), name);
    return std::max<std::int64_t>(text ? ParseInt(*text).value_or(fallback) : fallback, 1);
  };
  const std::int64_t page = number("page", 1);
  const std::int64_t per_page = std::min(number("per_page", kDefaultPerPage), kMaxPerPage);
  const auto name = QueryValue(request.Query(), "name");
  const bool matches = !name || name->empty() || *name == d1::kDatabaseName;
  Json result = Json::array();
  if (matches && page == 1) {
    const Info info = ReadInfo();
    Json item = Describe();
    item["num_tables"] = info.tables;
    item["file_size"] = info.size_bytes;
    result.push_back(std::move(item));
  }
  const std::size_t count = result.size();
  return JsonResponse(200, DumpJson(Json{{"result", std::move(result)},
                                         {"success", true},
                                         {"errors", Json::array()},
                                         {"messages", Json::array()},
                                         {"result_info",
                                          {{"count", count},
                                           {"page", page},
                                           {"per_page", per_page},
                                           {"total_count", matches ? 1 : 0}}}}));
}

Response D1::Impl::DatabaseItself(const Request& request, CallNote& note, const std::string& name) {
  if (request.method != "GET") {
    note.operation = request.method == "DELETE" ? "d1.delete" : "d1.update";
    return V4Gap(note.operation, "this emulator does not change its D1 database's settings");
  }
  note.operation = "d1.get";
  if (AsciiLower(name) != id_ && name != d1::kDatabaseName) {
    return V4Error(404, d1::kNotFoundCode, "The database " + name + " could not be found");
  }
  if (auto faulted = note.Begin()) return std::move(*faulted);
  const Info info = ReadInfo();
  Json result = Describe();
  result["num_tables"] = info.tables;
  result["file_size"] = info.size_bytes;
  result["running_in_region"] = d1::kRegion;
  result["read_replication"] = {{"mode", "disabled"}};
  return V4Result(DumpJson(result));
}

std::variant<std::vector<d1::Outcome>, d1::Failure> D1::Impl::RunLocked(
    const std::vector<d1::Query>& queries) {
  Lock lock(mutex_);
  if (engine_ == nullptr) return d1::Failure{false, d1::kInternal};
  return engine_->Run(queries);
}

std::optional<Response> D1::Impl::TakeTurn(const CallNote& note, CancelToken& caller_gone) {
  D1Knobs knobs;
  {
    Lock lock(mutex_);
    knobs = knobs_;
  }
  if (!knobs.waits() || note.probe) return std::nullopt;
  const auto entry = turns_.Enter(knobs);
  if (entry != d1::Turnstile::Entry::kIn) {
    const bool too_many = entry == d1::Turnstile::Entry::kTooManyWait;
    return V4Error(429, d1::kOverloadedCode, too_many ? d1::kTooManyQueued : d1::kQueuedTooLong);
  }
  SleepUnlessCancelled(runtime_, runtime_.Now() + knobs.query_time, caller_gone);
  turns_.Leave();
  return std::nullopt;
}

Response D1::Impl::Run(Request& request, CallNote& note, CancelToken& caller_gone,
                       const std::string& id, bool raw) {
  if (request.method != "POST") return V4Error(405, d1::kMethodCode, "Method not allowed");
  note.operation = raw ? "d1.raw" : "d1.query";
  const std::string lower_id = AsciiLower(id);
  if (!IsUuid(lower_id)) return Invalid("Invalid property: databaseId => Invalid uuid");
  if (lower_id != id_) {
    return V4Error(404, d1::kNotFoundCode, "The database " + id + " could not be found");
  }
  const Instant deadline = runtime_.Now() + std::chrono::milliseconds(d1::kBodyReadMs);
  const Status read = request.body.Buffer(d1::kMaxRequestBytes, deadline);
  if (!read && read.error().code == Code::kExhausted) {
    return V4Error(413, d1::kMalformedCode, "The request is malformed: body too large");
  }
  if (!read) return V4Error(400, d1::kMalformedCode, "The request is malformed: body cut short");
  auto queries = d1::ReadQueries(request.body.bytes());
  if (auto* invalid = std::get_if<d1::Invalid>(&queries)) return Invalid(invalid->message);
  note.subject = SubjectOf(std::get<0>(queries));
  if (auto faulted = note.Begin()) return std::move(*faulted);
  if (auto refusal = TakeTurn(note, caller_gone)) return std::move(*refusal);
  const auto ran = RunLocked(std::get<0>(queries));
  if (const auto* failure = std::get_if<d1::Failure>(&ran)) {
    if (failure->malformed) return V4Error(400, d1::kMalformedCode, failure->message);
    return SqlError(failure->message);
  }
  return V4Result(d1::ResultJson(std::get<0>(ran), raw));
}

D1::D1(const Credentials& credentials, const std::string& folder, Runtime& runtime)
    : impl_(std::make_unique<Impl>(credentials, folder, runtime)) {}

D1::~D1() = default;

Response D1::Handle(Request& request, CallNote& note, CancelToken& caller_gone) {
  return impl_->Handle(request, note, caller_gone);
}

void D1::SetKnobs(const D1Knobs& knobs) {
  impl_->SetKnobs(knobs);
}

void D1::Reset() {
  impl_->Reset();
}

FakeOperations D1Operations() {
  return {"D1",
          "/client/v4/accounts/{}/d1/database",
          {{"POST", "", "d1.create", "one database, made at the start"},
           {"PUT", "{}", "d1.update", "settings"},
           {"DELETE", "{}", "d1.delete", "the database stays"},
           {"POST", "{}/import", "d1.import", "no import"},
           {"POST", "{}/export", "d1.export", "no export"},
           {"GET", "{}/time_travel/bookmark", "d1.time_travel", "no Time Travel"}},
          {"d1.create", "d1.update", "d1.delete", "d1.import", "d1.export", "d1.time_travel"}};
}

}  // namespace mg::fake
