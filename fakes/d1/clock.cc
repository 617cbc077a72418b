#include "fakes/d1/clock.h"

#include <sqlite3.h>

#include <atomic>
#include <stdexcept>

namespace mg::fake::d1 {
namespace {

constexpr std::int64_t kUnixEpochInJulianMs = 210'866'760'000'000;
constexpr double kDayMs = 86'400'000.0;

}  // namespace

// SQLite hands the sqlite3_vfs back to its functions: as the first base, it leads to the rest.
// The default VFS's own functions work on this copy as on the original.
struct ClockVfs::Vfs : sqlite3_vfs {
  Vfs(const sqlite3_vfs& base, Runtime& clock, std::string unique_name)
      : sqlite3_vfs(base), runtime(clock), name(std::move(unique_name)) {
    zName = name.c_str();
    pNext = nullptr;
    xCurrentTime = &CurrentTime;
    xCurrentTimeInt64 = &CurrentTimeInt64;
  }

  static int CurrentTimeInt64(sqlite3_vfs* vfs, sqlite3_int64* julian_ms) {
    *julian_ms = static_cast<Vfs*>(vfs)->runtime.Wall().ms + kUnixEpochInJulianMs;
    return SQLITE_OK;
  }

  static int CurrentTime(sqlite3_vfs* vfs, double* julian_days) {
    sqlite3_int64 ms = 0;
    CurrentTimeInt64(vfs, &ms);
    *julian_days = static_cast<double>(ms) / kDayMs;
    return SQLITE_OK;
  }

  Runtime& runtime;
  const std::string name;
};

ClockVfs::ClockVfs(Runtime& runtime) {
  static std::atomic<unsigned> made{0};  // names are global to the process
  const sqlite3_vfs* base = sqlite3_vfs_find(nullptr);
  if (base == nullptr) throw std::runtime_error("SQLite has no default VFS");
  vfs_ = std::make_unique<Vfs>(*base, runtime, "moltgate-clock-" + std::to_string(++made));
  if (sqlite3_vfs_register(vfs_.get(), /*makeDflt=*/0) != SQLITE_OK) {
    throw std::runtime_error("cannot register a SQLite VFS");
  }
}

ClockVfs::~ClockVfs() {
  sqlite3_vfs_unregister(vfs_.get());
}

const char* ClockVfs::name() const {
  return vfs_->zName;
}

}  // namespace mg::fake::d1
