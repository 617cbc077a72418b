#include "fakes/d1/databases.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "core/base/bytes.h"
#include "core/base/digest.h"
#include "core/base/ids.h"
#include "core/base/time_text.h"
#include "fakes/d1/limits.h"

namespace mg::fake::d1 {
namespace {

std::string Prepared(const std::string& folder) {
  if (folder.empty()) return "";
  std::filesystem::create_directories(folder + "/d1");
  return folder + "/d1";
}

constexpr std::size_t kUuidBytes = 16;

}  // namespace

std::optional<std::int64_t> ParseIsoTime(const std::string& text) {
  constexpr std::int64_t kSecondMs = 1000;
  if (const auto seconds = ParseInt(text)) {
    if (*seconds > kMaxTimestampSeconds) return std::nullopt;
    return *seconds * kSecondMs;
  }
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0;
  int used = 0;
  double second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%6lf%n", &year, &month, &day, &hour, &minute,
                  &second, &used) != 6) {
    return std::nullopt;
  }
  const std::string zone = text.substr(static_cast<std::size_t>(used));
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  const bool zulu = zone.empty() || zone == "Z" || zone == "+00:00";
  if (!zulu || !date.ok() || hour > 23 || minute > 59 || !(second >= 0 && second < 61)) {
    return std::nullopt;
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  const std::int64_t minutes =
      std::chrono::duration_cast<std::chrono::minutes>(days).count() + hour * 60 + minute;
  return minutes * 60 * kSecondMs + static_cast<std::int64_t>(second * kSecondMs);
}

Databases::Databases(const Credentials& credentials, const std::string& folder, Runtime& runtime)
    : credentials_(credentials),
      runtime_(runtime),
      folder_(Prepared(folder)),
      catalogue_(folder_.empty() ? "" : folder_ + "/catalogue.sqlite"),
      clock_(runtime) {
  AddConfigured();
  if (Open(credentials_.d1_database_id) == nullptr) {
    throw std::runtime_error("cannot open D1's database in " + folder);
  }
}

void Databases::AddConfigured() {
  if (catalogue_.Find(credentials_.d1_database_id)) return;
  DatabaseInfo info;
  info.uuid = credentials_.d1_database_id;
  info.name = kDatabaseName;
  info.created_at = IsoMillis(runtime_.Wall().ms);
  info.region = kRegion;
  catalogue_.Add(info);
}

std::string Databases::NewUuid() {
  const std::string seed = "d1/" + credentials_.account_id + "/" +
                           std::to_string(catalogue_.NextNumber()) + "/" +
                           std::to_string(runtime_.Wall().ms);
  return UuidFromBytes(Sha256(seed).substr(0, kUuidBytes));
}

std::string Databases::PathOf(const std::string& uuid) const {
  return folder_.empty() ? "" : folder_ + "/" + uuid + ".sqlite";
}

std::shared_ptr<SqlDatabase> Databases::Open(const std::string& uuid) {
  Lock lock(mutex_);
  const auto found = open_.find(uuid);
  if (found != open_.end()) return found->second;
  try {
    auto database = std::make_shared<SqlDatabase>(uuid, PathOf(uuid), clock_.name(),
                                                  catalogue_.NextNumber(), runtime_);
    const auto info = catalogue_.Find(uuid);
    database->Replicate(info && info->replication == kReplicated);
    open_.emplace(uuid, database);
    return database;
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

void Databases::Forget(const std::string& uuid) {
  Lock lock(mutex_);
  open_.erase(uuid);
  if (folder_.empty()) return;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;  // absent is fine; a file that stays fails the opening or is reused
    std::filesystem::remove(PathOf(uuid) + suffix, ignored);
  }
}

void Databases::Reset() {
  for (const DatabaseInfo& info : catalogue_.List()) Forget(info.uuid);
  catalogue_.Clear();
  AddConfigured();
  Open(credentials_.d1_database_id);
}

}  // namespace mg::fake::d1
