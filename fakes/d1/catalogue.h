// Which databases an account has, and their settings, on SQLite.
//
// Thread-safety: all members.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ports/runtime.h"
#include "fakes/sqlite.h"

namespace mg::fake::d1 {

struct DatabaseInfo {
  std::string uuid, name;
  std::string created_at;
  std::string region;        // "WEUR"
  std::string jurisdiction;  // "": none
  std::string replication = "disabled";
};

class Catalogue {
 public:
  enum class Change { kDone, kNameTaken, kFull, kNotFound, kFailed };

  explicit Catalogue(const std::string& path);  // throws std::runtime_error

  Change Add(const DatabaseInfo& info);
  Change SetReplication(const std::string& uuid, const std::string& mode);
  Change Remove(const std::string& uuid);
  std::optional<DatabaseInfo> Find(const std::string& uuid_or_name);
  std::vector<DatabaseInfo> List();  // in the order of making
  // 1, 2, ...; never twice, restarts included: makes ids, and orders the lives of a database.
  std::int64_t NextNumber();
  void Clear();

 private:
  struct Schema {
    explicit Schema(Database& db);
  };

  Mutex mutex_;
  Database db_;
  Schema schema_;
  Statement find_;
};

}  // namespace mg::fake::d1
